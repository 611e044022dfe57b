// What the gateway refuses can be looked up by the id that the caller was shown: once, whatever was asked on the way.

import { get } from 'node:http';
import { describe, expect, it } from 'vitest';
import { bearer, eventually, openLine, type Rig, rigsOfEachTest, withRoutes } from './rig.suite.js';

const start = rigsOfEachTest();

const denialsOf = async (rig: Rig, keyId: string) => (await rig.latchkey.keys.denials({ keyId })).data;

describe('a refusal at the gateway', () => {
  it('is found by its X-Request-Id, with everything that explains it', async () => {
    const rig = await start();
    const { id, secret } = await rig.key({ permissions: ['users.read'] });
    const reply = await fetch(`${rig.url}/v1/users/usr_1?token=${secret}`, {
      method: 'DELETE',
      headers: { ...bearer(secret), referer: 'https://app.example/page' },
    });
    expect(reply.status).toBe(403);
    const requestId = reply.headers.get('x-request-id') as string;
    const { data } = await rig.latchkey.keys.denials({ keyId: id, requestId });
    expect(data).toEqual([
      {
        at: expect.any(String),
        reason: 'insufficient_permission',
        requestId,
        method: 'DELETE',
        path: '/v1/users/usr_1',
        ip: '127.0.0.1',
        origin: 'https://app.example',
        required: { permission: 'users.write' },
        surface: 'gateway',
        explanation: 'The key lacks users.write.',
      },
    ]);
  });

  it('of a batch that is looked at before it is read is one denial', async () => {
    const rig = await start(withRoutes({ method: 'POST', path: '/v1/batch', batch: { pointer: '/ids' } }));
    const { id, secret } = await rig.key();
    await rig.latchkey.keys.disable({ keyId: id });
    const line = openLine(
      rig.port,
      `POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
    );
    await line.until(/401/);
    line.socket.destroy();
    expect(await denialsOf(rig, id)).toMatchObject([{ reason: 'disabled_key', path: '/v1/batch' }]);
  });

  it.each([
    ['ended', 401, 'revoked_key'],
    ['changed', 403, 'insufficient_permission'],
  ] as const)('of a running request whose key %s is one denial', async (how, status, reason) => {
    const rig = await start({ upstream: () => {} });
    const { id, secret } = await rig.key();
    const answered = new Promise<[number | undefined, string | string[] | undefined]>((resolve, reject) => {
      get(`${rig.url}/v1/users/1`, { headers: bearer(secret) }, (res) => {
        res.resume();
        resolve([res.statusCode, res.headers['x-request-id']]);
      }).on('error', reject);
    });
    await eventually(() => rig.seen.length === 1);
    if (how === 'ended') await rig.latchkey.keys.revoke({ keyId: id });
    else {
      // Several changes at once: each of them has the request looked at.
      const { feed } = rig.latchkey.engine.services;
      await rig.latchkey.keys.update({ keyId: id, permissions: [] });
      await feed.publish(Array(3).fill({ subject: 'key', id, kind: 'changed' }));
    }
    const [code, requestId] = await answered;
    expect(code).toBe(status);
    await rig.latchkey.engine.services.denials.flush();
    expect(await denialsOf(rig, id)).toMatchObject([{ reason, requestId, surface: 'gateway' }]);
  });

  it('leaves nothing of a request that passed', async () => {
    const rig = await start();
    const { id, secret } = await rig.key();
    expect((await fetch(`${rig.url}/v1/users/1`, { headers: bearer(secret) })).status).toBe(200);
    expect(await denialsOf(rig, id)).toEqual([]);
  });
});
