// Commands beside PostgreSQL and Redis: what they find there, what they leave to the database's own tools, and that no password is shown.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPostgres, type PostgresServer, startPostgres } from '../servers/postgres.js';
import { type RedisServer, redisOrSkip, startRedis } from '../servers/redis.js';
import { installation, latchkey } from './command.js';

const there = findPostgres() !== null && redisOrSkip() !== null;
const PASSWORD = 'correct-horse-battery';

describe.skipIf(!there)('beside PostgreSQL and Redis', () => {
  const place = installation('shared');
  let postgres: PostgresServer;
  let redis: RedisServer;
  let env: Record<string, string>;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([
      startPostgres(),
      startRedis({ args: ['--requirepass', PASSWORD, '--maxmemory-policy', 'allkeys-lru'] }),
    ]);
    const database = new URL(await postgres.database());
    // A server that trusts this machine asks for none, and is not bothered by one.
    if (database.password === '') database.password = PASSWORD;
    const counters = new URL(redis.url);
    counters.password = PASSWORD;
    env = { ...place.env, DATABASE_URL: database.href, REDIS_URL: counters.href };
  });
  afterAll(async () => {
    await redis?.stop();
    await postgres?.stop();
  });

  const run = async (...args: string[]) => {
    const ended = await latchkey(args, { env, cwd: place.dir });
    expect(ended.out + ended.err).not.toContain(PASSWORD);
    return ended;
  };

  it('the tables are made, and doctor says what is served and what is wrong', async () => {
    expect(await run('migrate')).toMatchObject({ code: 0, out: expect.stringMatching(/^postgres.* is up to date/) });
    const server = await place.serve({ env });
    await server.stop();
    const { code, json } = await run('doctor', '--json');
    const findings = Object.fromEntries(
      json.findings.map(({ check, good, detail }: { check: string; good: boolean; detail: string }) => [
        check,
        { good, detail },
      ]),
    );
    expect(code).toBe(1);
    expect(findings.database).toEqual({ good: true, detail: 'whole' });
    expect(findings['audit log']).toMatchObject({ good: true });
    expect(findings.redis).toMatchObject({ good: false, detail: expect.stringMatching(/allkeys-lru.*noeviction/) });
  });

  it('copies are left to pg_dump and pg_restore', async () => {
    for (const command of [
      ['backup', 'copy'],
      ['restore', place.pepperFile],
    ]) {
      const { code, err } = await run(...command);
      expect(code).toBe(1);
      expect(err).toMatch(/`pg_dump .*`pg_restore /);
    }
  });

  it('a start whose Redis refuses it says so, and one whose database does, too', async () => {
    const login = { ...env, LATCHKEY_PEPPER: '', LATCHKEY_MASTER_KEY: '' };
    const wrong = new URL(env.REDIS_URL as string);
    wrong.password = `${PASSWORD}-not`;
    const refused = await latchkey(['serve', '--port', '0', '--gateway-port', '0'], {
      env: { ...login, REDIS_URL: wrong.href },
      cwd: place.dir,
    });
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/configuration_invalid: Redis at .* refuses/),
    });
    const nowhere = new URL(env.DATABASE_URL as string);
    nowhere.pathname = '/not_there';
    const lost = await latchkey(['serve', '--port', '0', '--gateway-port', '0'], {
      env: { ...login, DATABASE_URL: nowhere.href },
      cwd: place.dir,
    });
    expect(lost).toMatchObject({ code: 1, err: expect.stringMatching(/PostgreSQL refuses DATABASE_URL: .*not_there/) });
    for (const { out, err } of [refused, lost]) expect(out + err).not.toContain(PASSWORD);
  });
});
