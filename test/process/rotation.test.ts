// Peppers and master keys that change while a server is used, and keys that come from elsewhere: nobody is ever refused.

import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWebhookSecret } from '../../packages/server/src/operations/webhook-secret.js';
import { openSqliteStore } from '../../packages/server/src/store/open-store.js';
import { createVault } from '../../packages/server/src/vault/open-vault.js';
import { ringFromText, ringKeyId } from '../../packages/server/src/vault/ring.js';
import { send } from '../e2e/client.js';
import type { LatchkeyProcess } from '../e2e/server.js';
import { keepKey, keepSecret } from '../secrecy/test-root.js';
import {
  type Ended,
  firstProject,
  type Installation,
  installation,
  latchkey,
  type Made,
  makeKey,
  makeKeys,
  until,
  verify,
} from './command.js';

type Status = { id: string; current: boolean; needed: number }[];
const statusOf = async (place: Installation, ring: string): Promise<Status> =>
  (await place.local(ring, 'status', '--json')).json;
const refused = (ended: Ended, reason: RegExp): void => {
  expect({ code: ended.code, out: ended.out }).toEqual({ code: 1, out: '' });
  expect(ended.err).toMatch(reason);
};
/** A ring that was changed a moment ago may not be seen by the server yet; a drop is refused for that long. */
const dropWhenSettled = async (place: Installation, ring: string, id: string): Promise<Ended> => {
  let ended: Ended | null = null;
  await until('the ring has settled', async () => {
    ended = await place.local(ring, 'drop', id);
    return !ended.err.includes('a moment ago');
  });
  return ended as unknown as Ended;
};
const keepRing = (file: string): void => keepSecret(...readFileSync(file, 'utf8').trim().split('\n'));

/** Verifies the secrets in turn until told to stop; resolves with how many answers there were and which were no yes. */
function load(
  server: LatchkeyProcess,
  secrets: readonly string[],
): () => Promise<{ asked: number; refusals: string[] }> {
  let stopping = false;
  let asked = 0;
  const refusals: string[] = [];
  const running = Array.from({ length: 2 }, async (_, worker) => {
    for (let at = worker; !stopping; at += 2) {
      const answer = await verify(server, secrets[at % secrets.length] as string).catch((error: Error) => ({
        valid: false,
        reason: error.message,
      }));
      asked++;
      if (!answer.valid) refusals.push(String(answer.reason));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  });
  return async () => {
    stopping = true;
    await Promise.all(running);
    return { asked, refusals };
  };
}

describe('while a server is under load', () => {
  const place = installation('rotation', { profile: 'textgen' });
  let server: LatchkeyProcess;
  let projectId: string;
  let used: Made[];
  let unused: Made[];
  const limits = { perMinute: 100_000, perDay: 1_000_000 };

  beforeAll(async () => {
    server = await place.serve();
    projectId = await firstProject(server);
    const make = (count: number): Promise<Made[]> =>
      Promise.all(
        Array.from({ length: count }, (_, at) =>
          server.ask<Made>('POST', `/v1/projects/${projectId}/keys`, { name: `key ${at}`, limits }),
        ),
      );
    used = await make(20);
    unused = await make(3);
  });
  afterAll(() => server.dispose());

  it('a new pepper refuses no key; records move to it on use, and the old one goes only when none needs it', async () => {
    const [old] = await statusOf(place, 'pepper');
    expect(old).toMatchObject({ current: true, needed: 24 });
    const stop = load(
      server,
      used.map(({ secret }) => secret),
    );
    await until('the load runs', async () => (await verify(server, (used[0] as Made).secret)).valid);
    const added = (await place.local('pepper', 'add', '--json')).json as { id: string };
    keepRing(place.pepperFile);
    refused(await place.local('pepper', 'drop', old?.id as string), /changed a moment ago|still need the pepper/);
    refused(await place.local('pepper', 'drop', added.id), /.+/);

    // The used keys and the root key have moved; those that nobody used have not.
    await until('the used ones have moved', async () => {
      const rows = await statusOf(place, 'pepper');
      expect(rows.map(({ id, current }) => [id, current])).toEqual([
        [old?.id, false],
        [added.id, true],
      ]);
      return rows[0]?.needed === 3 && rows[1]?.needed === 21;
    });
    refused(await dropWhenSettled(place, 'pepper', old?.id as string), /3 keys still need the pepper/);

    // One is used, one is revoked: neither needs the old pepper, however it is asked for.
    expect((await verify(server, (unused[0] as Made).secret)).valid).toBe(true);
    await server.ask('POST', `/v1/keys/${unused[1]?.key.id}/revoke`, {});
    expect((await verify(server, (unused[2] as Made).secret)).valid).toBe(true);
    await until('none needs it', async () => (await statusOf(place, 'pepper'))[0]?.needed === 0);
    const dropped = await dropWhenSettled(place, 'pepper', old?.id as string);
    expect({ code: dropped.code, err: dropped.err }).toEqual({ code: 0, err: '' });
    expect((await statusOf(place, 'pepper')).map(({ id }) => id)).toEqual([added.id]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const { asked, refusals } = await stop();
    expect(refusals).toEqual([]);
    expect(asked).toBeGreaterThan(20);
    for (const { secret } of [...used, unused[0] as Made]) expect((await verify(server, secret)).valid).toBe(true);
    expect((await place.local('doctor')).code).toBe(0);
  });

  it('a new master key re-seals everything within seconds; webhook secrets, audit chain and signing key stay the same', async () => {
    const jwks = (await send(server.controlPlane, { path: '/.well-known/jwks.json' })).text;
    const [old] = await statusOf(place, 'master-key');
    // The settings and the webhook secret of each key.
    expect(old).toMatchObject({ current: true, needed: 2 + used.length + unused.length });
    const stop = load(
      server,
      used.map(({ secret }) => secret),
    );
    const retried = {
      'idempotency-key': `retry-${randomBytes(12).toString('hex')}`,
      authorization: `Bearer ${server.rootKey}`,
    };
    const make = () =>
      send(server.controlPlane, {
        method: 'POST',
        path: `/v1/projects/${projectId}/keys`,
        headers: retried,
        body: { name: 'retried' },
      });
    const made = (await make()).json as Made;
    keepKey(made.secret);
    keepSecret(retried['idempotency-key']);
    const added = (await place.local('master-key', 'add', '--json')).json as { id: string };
    keepRing(place.masterKeyFile);
    await until('everything is sealed anew', async () => {
      const rows = await statusOf(place, 'master-key');
      return rows[0]?.needed === 0 && rows[1]?.id === added.id && rows[1].needed === 3 + used.length + unused.length;
    });
    expect((await make()).json).toEqual(made);
    const dropped = await dropWhenSettled(place, 'master-key', old?.id as string);
    expect({ code: dropped.code, err: dropped.err }).toEqual({ code: 0, err: '' });
    await until('the server has seen it', async () => (await make()).status === 409);
    expect((await make()).json).toMatchObject({
      code: 'idempotency_answer_gone',
      detail: expect.stringContaining(made.key.id),
    });
    expect((await stop()).refusals).toEqual([]);
    expect((await place.local('doctor')).code).toBe(0);
    expect((await send(server.controlPlane, { path: '/.well-known/jwks.json' })).text).toBe(jwks);

    expect(await server.stop()).toBe(0);
    server = await server.restart();
    expect((await send(server.controlPlane, { path: '/.well-known/jwks.json' })).text).toBe(jwks);
    const ring = (file: string) => ringFromText(readFileSync(file, 'utf8'), file);
    const vault = createVault({
      peppers: () => ring(place.pepperFile),
      masterKeys: () => ring(place.masterKeyFile),
      random: (length) => randomBytes(length),
    });
    const store = await openSqliteStore({ file: join(place.dataDir, 'latchkey.sqlite') });
    for (const { key, secret } of used) {
      const sealed = (await store.keys.get(key.id))?.webhookSecret as string;
      expect(openWebhookSecret(vault, key.id, sealed)).toBe(vault.webhookSecret(secret));
    }
    await store.close();
  });

  it('a ring that stands in the environment is not changed, and says where it belongs', async () => {
    const env = {
      ...place.env,
      LATCHKEY_PEPPER_FILE: '',
      LATCHKEY_PEPPER: readFileSync(place.pepperFile, 'utf8').trim(),
    };
    refused(await latchkey(['pepper', 'add'], { env }), /put it into a file and set LATCHKEY_PEPPER_FILE/);
    refused(await place.local('pepper', 'drop', 'nonsense'), /not_found.*has no key nonsense/);
  });
});

describe('keys from elsewhere', () => {
  const place = installation('import', { profile: 'textgen' });
  let server: LatchkeyProcess;
  let projectId: string;
  beforeAll(async () => {
    server = await place.serve();
    projectId = await firstProject(server);
  });
  afterAll(() => server.dispose());
  const importing = (lines: unknown[], ...args: string[]): Promise<Ended> =>
    latchkey(['keys', 'import', '--project', projectId, '--url', server.controlPlane, ...args], {
      env: { LATCHKEY_ROOT_KEY: server.rootKey },
      input: lines.map((line) => JSON.stringify(line)).join('\n'),
    });
  const foreign = (): string => {
    const secret = `their_${randomBytes(24).toString('base64url')}`;
    keepKey(secret);
    return secret;
  };

  it('come as plaintext, SHA-256 or HMAC under a foreign pepper, pass at once, and are ours after the first use', async () => {
    const theirs = makeKey();
    keepSecret(theirs);
    // Theirs stands in front, so that ours stays current.
    writeFileSync(place.pepperFile, `${theirs}\n${readFileSync(place.pepperFile, 'utf8')}`);
    const pepperId = ringKeyId(Buffer.from(theirs, 'base64'));
    await until('the server knows it', async () => (await statusOf(place, 'pepper')).some(({ id }) => id === pepperId));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const secrets = Array.from({ length: 6 }, foreign) as [string, string, string, string, string, string];
    const sha256 = (secret: string, encoding: 'hex' | 'base64' | 'base64url') => ({
      algorithm: 'sha256',
      encoding,
      value: createHash('sha256').update(secret).digest(encoding),
    });
    const rows = [
      { name: 'plaintext', secret: secrets[0] },
      { name: 'hex', digest: sha256(secrets[1], 'hex') },
      { name: 'base64', digest: sha256(secrets[2], 'base64'), hint: secrets[2].slice(-4) },
      { name: 'base64url', digest: sha256(secrets[3], 'base64url'), metadata: { from: 'there' } },
      {
        name: 'hmac',
        digest: {
          algorithm: 'hmac-sha256',
          encoding: 'base64',
          pepperId,
          value: createHmac('sha256', Buffer.from(theirs, 'base64')).update(secrets[4]).digest('base64'),
        },
      },
    ];
    const imported = await importing([...rows, rows[1], { name: 'no secret' }], '--json');
    expect(imported.code).toBe(1);
    expect(imported.json.data.map((row: { error?: { code: string } }) => row.error?.code ?? 'imported')).toEqual([
      ...rows.map(() => 'imported'),
      'duplicate_key',
      'invalid_request',
    ]);
    const plain = await importing([rows[0], { name: 'six', secret: secrets[5] }]);
    expect(plain).toMatchObject({
      code: 1,
      out: '1 imported, 1 refused\nline 1: duplicate_key: A key with this secret or digest is already here.\n',
    });

    for (const secret of secrets) expect((await verify(server, secret)).reason).toBe(null);
    await until(
      'they are ours',
      async () => (await statusOf(place, 'pepper')).find(({ id }) => id === pepperId)?.needed === 0,
    );
    const dropped = await dropWhenSettled(place, 'pepper', pepperId);
    expect({ code: dropped.code, err: dropped.err }).toEqual({ code: 0, err: '' });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    for (const secret of secrets) expect((await verify(server, secret)).reason).toBe(null);
    await until('no key is found by a plain hash any more', async () => {
      const store = await openSqliteStore({ file: join(place.dataDir, 'latchkey.sqlite') });
      const counts = await store.keys.countByPepper(Date.now());
      await store.close();
      return counts.every(({ pepperId: id }) => id !== null);
    });
    expect((await importing(rows.slice(1, 2))).out).toMatch(/^0 imported, 1 refused\nline 1: duplicate_key/);
  });

  it('exported from one instance, work in a second one with the same pepper; what does not pass here does not pass there', async () => {
    const [plain, rotated, disabled, revoked] = (await makeKeys(server, projectId, 4)) as [Made, Made, Made, Made];
    const next = await server.ask<Made>('POST', `/v1/keys/${rotated.key.id}/rotate`, { gracePeriodSeconds: 600 });
    await server.ask('POST', `/v1/keys/${disabled.key.id}/disable`);
    await server.ask('POST', `/v1/keys/${revoked.key.id}/revoke`, {});
    const settings = {
      limits: { perMinute: 7 },
      metadata: { a: 1 },
      restrictions: { ips: ['192.0.2.0/24'] },
    };
    const special = await server.ask<Made>('POST', `/v1/projects/${projectId}/keys`, { name: 'special', ...settings });

    const exported = await place.local('keys', 'export');
    expect(exported).toMatchObject({
      code: 0,
      err: 'left out 1 keys that are disabled, or whose project or organization is suspended\n',
    });
    refused(await place.local('keys', 'export', '--project', 'proj_nothing'), /not_found: There is no project/);
    expect((await place.local('keys', 'export', '--project', projectId)).out).toBe(exported.out);

    const second = installation('import-second', {
      profile: 'textgen',
      pepper: readFileSync(place.pepperFile, 'utf8').trim(),
    });
    const other = await second.serve();
    const otherProject = await firstProject(other);
    const arrived = await latchkey(['keys', 'import', '--project', otherProject, '--url', other.controlPlane], {
      env: { LATCHKEY_ROOT_KEY: other.rootKey },
      input: exported.out,
    });
    expect(arrived.code).toBe(0);
    for (const { secret } of [plain, rotated, next]) expect((await verify(other, secret)).reason).toBe(null);
    for (const { secret } of [disabled, revoked]) expect((await verify(other, secret)).reason).toBe('unknown_key');
    const there = await verify(other, rotated.secret);
    const shown = await other.ask<{ expiresAt: string | null }>('GET', `/v1/keys/${there.key?.id}`);
    expect(Date.parse(shown.expiresAt ?? '') - Date.now()).toBeLessThanOrEqual(600_000);
    const copy = await other.ask<{ key: unknown }>('POST', '/v1/keys/verify', {
      secret: special.secret,
      request: { method: 'GET', path: '/x', ip: '192.0.2.7' },
    });
    expect(copy.key).toMatchObject({
      name: 'special',
      metadata: { a: 1 },
      limits: { perMinute: 7 },
      restrictions: { ips: ['192.0.2.0/24'] },
    });
    expect((await verify(other, special.secret)).reason).toBe('ip_not_allowed');
    expect((await second.local('doctor')).code).toBe(0);
    await other.dispose();
  });

  it('are not exported from a project that is suspended', async () => {
    await server.ask('POST', `/v1/projects/${projectId}/suspend`);
    expect(await place.local('keys', 'export')).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringMatching(/^left out \d+ keys/),
    });
    await server.ask('POST', `/v1/projects/${projectId}/resume`);
  });
});
