// Revocation and requests under way: no answer begins after it, none that has begun goes on.

import type { RequestListener, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { bearer, eventually, type Rig, rigsOfEachTest } from './rig.suite.js';

const start = rigsOfEachTest();

/** An upstream that waits to be told what to answer. */
const waiting = (): { upstream: RequestListener; held: ServerResponse[]; left: () => number } => {
  const held: ServerResponse[] = [];
  let closed = 0;
  return {
    held,
    left: () => closed,
    upstream: (_, res) => {
      held.push(res);
      res.on('close', () => closed++);
    },
  };
};

const soon = ({ latchkey }: Rig): string => new Date(latchkey.engine.services.clock() + 700).toISOString();

describe('a request under way when its key ends', () => {
  it('is answered 401 if it has no answer yet, and the upstream is let go', async () => {
    const far = waiting();
    const rig = await start({ profile: 'aifaceswap', upstream: far.upstream });
    const { secret, id } = await rig.key();
    const pending = fetch(`${rig.url}/v1/swaps`, { method: 'POST', headers: bearer(secret), body: '{}' });
    await eventually(() => far.held.length === 1);
    await rig.latchkey.keys.revoke({ keyId: id });
    const answer = await pending;
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { code: 'invalid_api_key' } });
    await eventually(() => far.left() === 1);
    await eventually(() => rig.gateway.inFlight() === 0);
  });

  it('is cut if its answer has begun', async () => {
    const far = waiting();
    const rig = await start({ upstream: far.upstream });
    const { secret, id } = await rig.key();
    const pending = fetch(`${rig.url}/v1/users/1`, { headers: bearer(secret) });
    await eventually(() => far.held.length === 1);
    far.held[0]?.writeHead(200).write('begun');
    const answer = await pending;
    expect(answer.status).toBe(200);
    await rig.latchkey.keys.revoke({ keyId: id });
    await expect(answer.text()).rejects.toThrow();
    await eventually(() => far.left() === 1);
  });

  it('is told the reason that holds now, be it a suspended organization', async () => {
    const far = waiting();
    const rig = await start({ profile: 'suward', upstream: far.upstream });
    const { secret } = await rig.key();
    const pending = fetch(`${rig.url}/v1/payments/1`, { headers: { 'x-api-key': secret } });
    await eventually(() => far.held.length === 1);
    await rig.latchkey.projects.suspend({ projectId: rig.projectId });
    const answer = await pending;
    expect(answer.status).toBe(401);
    await eventually(() => rig.logged.some(({ fields }) => fields.reason === 'organization_disabled'));
  });

  it.each([
    ['its life is over', async (rig: Rig, id: string) => rig.latchkey.keys.update({ keyId: id, expiresAt: soon(rig) })],
    [
      'its grace period is over',
      async (rig: Rig, id: string) => rig.latchkey.keys.rotate({ keyId: id, gracePeriodSeconds: 1 }),
    ],
    [
      'its permission is gone',
      async (rig: Rig, id: string) => rig.latchkey.keys.update({ keyId: id, permissions: ['users.write'] }),
    ],
  ])('is cut when %s, also when that was settled while it ran', async (_, end) => {
    const far = waiting();
    const rig = await start({ upstream: far.upstream });
    const { secret, id } = await rig.key();
    const pending = fetch(`${rig.url}/v1/users/1`, { headers: bearer(secret) });
    await eventually(() => far.held.length === 1);
    far.held[0]?.writeHead(200).write('begun');
    const answer = await pending;
    await end(rig, id);
    await expect(answer.text()).rejects.toThrow();
    await eventually(() => rig.gateway.inFlight() === 0);
  });

  it('runs on when a change takes nothing from it', async () => {
    const far = waiting();
    const rig = await start({ upstream: far.upstream });
    const { secret, id } = await rig.key();
    const pending = fetch(`${rig.url}/v1/users/1`, { headers: bearer(secret) });
    await eventually(() => far.held.length === 1);
    await rig.latchkey.keys.update({ keyId: id, name: 'renamed' });
    far.held[0]?.writeHead(200).end('whole');
    expect(await (await pending).text()).toBe('whole');
  });

  it('leaves the requests of other keys alone', async () => {
    const far = waiting();
    const rig = await start({ upstream: far.upstream });
    const [ended, other] = [await rig.key(), await rig.key()];
    const pending = fetch(`${rig.url}/v1/users/1`, { headers: bearer(other.secret) });
    await eventually(() => far.held.length === 1);
    await rig.latchkey.keys.revoke({ keyId: ended.id });
    far.held[0]?.end('fine');
    expect(await (await pending).text()).toBe('fine');
  });

  it('never passes the upstream after the revocation returned', async () => {
    const rig = await start({ upstream: (_, res) => void res.end('ok') });
    for (let turn = 0; turn < 20; turn++) {
      const { secret, id } = await rig.key();
      const ask = async (): Promise<{ began: number; status: number }> => {
        const began = performance.now();
        return { began, status: (await fetch(`${rig.url}/v1/users/1`, { headers: bearer(secret) })).status };
      };
      const asked = Array.from({ length: 8 }, ask);
      await rig.latchkey.keys.revoke({ keyId: id });
      const returned = performance.now();
      const later = await Promise.all(Array.from({ length: 4 }, ask));
      for (const { began, status } of [...(await Promise.all(asked)), ...later]) {
        if (began > returned) expect(status).toBe(401);
        else expect([200, 401]).toContain(status);
      }
    }
  });
});
