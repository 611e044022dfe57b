// The search itself: a secret planted in any encoding, anywhere in a database, its WAL or a log, is found.

import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../packages/server/src/store/open-store.js';
import { coreOf, ENCODINGS, finderOf, needlesOf, type Secret, searchDirectory } from './encodings.js';
import { SECRET_FILES, secretsIn, testDir } from './test-root.js';
import { judgeRun } from './whole-run.js';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const secretOf = (prefix: string): string =>
  prefix + [...randomBytes(40)].map((byte) => BASE62[byte % 62] as string).join('');
const found = (secret: Secret, haystack: Buffer | string): string[] =>
  finderOf(needlesOf([secret]))(Buffer.from(haystack as string)).map(({ encoding }) => encoding);

describe('a secret is found', () => {
  it.each(Object.keys(ENCODINGS))('in a text as %s', (encoding) => {
    const secret = `${secretOf('sk_live_').slice(0, 30)}/+${secretOf('')}`;
    const encode = ENCODINGS[encoding] as (core: Buffer) => Buffer;
    const planted = Buffer.concat([randomBytes(5000), encode(coreOf(secret)), randomBytes(5000)]);
    expect(found(secret, planted).length).toBeGreaterThan(0);
  });

  it('in base64 of a text around it, wherever it stands there', () => {
    const secret = secretOf('sk_live_');
    for (let before = 0; before < 6; before++) {
      for (let after = 0; after < 3; after++) {
        const around = `${'x'.repeat(before)}${secret}${'y'.repeat(after)}`;
        expect(found(secret, Buffer.from(around).toString('base64')), `${before}/${after}`).not.toEqual([]);
        expect(found(secret, Buffer.from(around).toString('base64url')), `${before}/${after}`).not.toEqual([]);
      }
    }
  });

  it('cut short in front or behind, and as what printing its bytes gives', () => {
    const secret = secretOf('sk_live_');
    expect(found(secret, `… ${secret.slice(-30)}`)).toEqual(['raw']);
    expect(found(secret, `${secret.slice(0, -4)}…`)).toEqual(['raw']);
    expect(found(secret, String(JSON.stringify(Buffer.from(secret))))).toContain('decimal bytes');
    expect(found(secret, encodeURIComponent(JSON.stringify({ secret })))).toEqual(['raw']);
  });

  it('as the bytes of a key, though the key is known as base64', () => {
    const dir = testDir('encodings');
    const key = randomBytes(32);
    writeFileSync(join(dir, 'list'), `${key.toString('base64')}\nwhsec_${randomBytes(32).toString('base64')}\n`);
    const secrets = secretsIn(join(dir, 'list'));
    expect(secrets).toHaveLength(4);
    expect(found(secrets[1] as Buffer, key.toString('hex'))).toEqual(['hex, lower case']);
    writeFileSync(join(dir, 'list'), '');
  });

  it('among thousands, and no other is', () => {
    const secrets = Array.from({ length: 2000 }, () => secretOf('sk_live_'));
    const find = finderOf(needlesOf(secrets));
    const one = secrets[1234] as string;
    const hits = find(Buffer.concat([randomBytes(1e6), Buffer.from(one), randomBytes(1e6)]));
    expect(hits.map(({ secret, encoding }) => [secret, encoding])).toEqual([[1234, 'raw']]);
    expect(find(Buffer.from(secrets.map((secret) => `${secret.slice(0, 17)} ${secret.slice(-4)}`).join('\n')))).toEqual(
      [],
    );
  });
});

describe('a directory', () => {
  it('is searched in its database, WAL and logs: what is planted there in any encoding is found', async () => {
    const dir = testDir('planted');
    const file = join(dir, 'latchkey.sqlite');
    const inFile = Object.keys(ENCODINGS).map(() => secretOf('sk_live_'));
    const inWal = Object.keys(ENCODINGS).map(() => secretOf('sk_live_'));
    const inLog = Object.keys(ENCODINGS).map(() => secretOf('sk_live_'));
    const as = (encoding: string, secret: string): string =>
      (ENCODINGS[encoding] as (core: Buffer) => Buffer)(coreOf(secret)).toString('latin1').replaceAll('\0', '\u0001');
    const plant = async (secrets: readonly string[]): Promise<void> => {
      const store = await openSqliteStore({ file });
      for (const [at, encoding] of Object.keys(ENCODINGS).entries())
        await store.settings.set(`${secrets === inFile}-${at}`, as(encoding, secrets[at] as string));
      if (secrets === inFile) return store.close();
      expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
      writeFileSync(join(dir, 'left-wal'), readFileSync(`${file}-wal`));
      await store.close();
    };
    await plant(inFile);
    await plant(inWal);
    for (const [at, encoding] of Object.keys(ENCODINGS).entries())
      appendFileSync(join(dir, 'latchkey.log'), `{"event":"x","field":"${as(encoding, inLog[at] as string)}"}\n`);

    // SQLite takes no NUL in a text, so UTF-16 cannot be planted as one.
    const all = (name: string): boolean => name !== 'UTF-16LE';
    const count = Object.keys(ENCODINGS).filter(all).length;
    const distinct = (secrets: readonly string[], name: string): number =>
      new Set(
        searchDirectory(dir, secrets)
          .hits.filter((hit) => hit.includes(name))
          .map((hit) => /secret (\d+) of/.exec(hit)?.[1]),
      ).size;
    expect(distinct(inFile, 'latchkey.sqlite')).toBe(count);
    expect(distinct(inWal, 'left-wal')).toBe(count);
    expect(distinct(inLog, 'latchkey.log')).toBe(count);
    expect(existsSync(join(dir, 'latchkey.log'))).toBe(true);
  });

  it('is searched in the names of its files too, and not in the files where secrets belong', () => {
    const dir = testDir('names');
    const [one, two] = [secretOf('sk_live_'), secretOf('sk_live_')];
    for (const name of SECRET_FILES) writeFileSync(join(dir, name), two);
    expect(searchDirectory(dir, [one, two], SECRET_FILES)).toMatchObject({ files: 0, secrets: 2, hits: [] });
    writeFileSync(join(dir, one), '');
    expect(searchDirectory(dir, [one, two], SECRET_FILES).hits).toHaveLength(1);
  });

  it('is searched to its end where files go meanwhile', () => {
    const dir = testDir('going');
    const secret = secretOf('sk_live_');
    for (const name of ['a-shm', 'b']) writeFileSync(join(dir, name), secret);
    const closing = Object.assign([], {
      includes(name: string) {
        if (name.endsWith('-shm')) rmSync(join(dir, name));
        return false;
      },
    });
    expect(searchDirectory(dir, [secret], closing)).toMatchObject({
      files: 1,
      hits: [expect.stringContaining('/b at ')],
    });
  });

  it('with a find fails the run, and the words of it do not tell the secret', () => {
    const dir = testDir('run');
    const secret = secretOf('sk_live_');
    writeFileSync(join(dir, 'list'), `${secretOf('lk_root_')}\n${secret}\n`);
    const data = testDir('run-data');
    writeFileSync(join(data, 'a.log'), 'nothing here');
    expect(judgeRun(data, join(dir, 'list'))).toMatch(
      /2 secrets in every encoding, in 1 files \(12 bytes\): none found/,
    );
    writeFileSync(join(data, 'b.log'), `GET /?key=${Buffer.from(secret).toString('hex')}`);
    let message = '';
    try {
      judgeRun(data, join(dir, 'list'));
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/1 found of .*\n {2}.*b\.log at \d+: secret 2 of 2, hex, lower case/);
    expect(found(secret, message)).toEqual([]);
  });
});
