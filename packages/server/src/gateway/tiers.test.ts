// Guarantees of tiers at the gateway: a change binds the next request, and a running one is held to what holds now.

import type { RequestListener, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { bearer, eventually, type Rig, rigsOfEachTest } from './rig.suite.js';

const startRigHere = rigsOfEachTest();
const start = (upstream: RequestListener): Promise<Rig> => startRigHere({ profile: 'swaypi', upstream });

const CREATOR = '{"id":"cr_1","name":"Ada","contact_email":"ada@example.com"}';
const creators: RequestListener = (_, res) => res.writeHead(200, { 'content-type': 'application/json' }).end(CREATOR);

type Patch = Omit<Parameters<Rig['latchkey']['tiers']['update']>[0], 'tierId'>;
const update = async ({ latchkey }: Rig, name: string, patch: Patch): Promise<void> => {
  const tier = (await latchkey.tiers.list({})).data.find((each) => each.name === name);
  await latchkey.tiers.update({ tierId: tier?.id ?? '', ...patch });
};

describe('the next request after a change of its tier', () => {
  const ask = async (
    rig: Rig,
    secret: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${rig.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...bearer(secret), 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const batch = { ids: Array.from({ length: 30 }, (_, at) => `cr_${at}`) };

  it.each([
    ['a smaller batch', { batchSize: 29 }, '/v1/creators/batch', batch, /studio tier/],
    ['other endpoints', { endpoints: ['GET /v1/me'] }, '/v1/creators/cr_1', undefined, /studio tier/],
    ['a field withheld', { gatedFields: ['name'] }, '/v1/creators/cr_1?fields=name', undefined, /studio tier/],
    ['a lower place', { rank: 1 }, '/v1/webhooks/1', undefined, /studio tier/],
  ] as const)('is refused for %s, by the name of the tier that would do', async (_, patch, path, body, names) => {
    const rig = await start(creators);
    const tier = 'rank' in patch ? 'platform' : 'builder';
    const { secret } = await rig.key({ tier, ...(tier === 'platform' && { limits: { perMinute: 100 } }) });
    expect((await ask(rig, secret, path, body)).status).toBe(200);
    await update(rig, tier, patch as Patch);
    const { status, text } = await ask(rig, secret, path, body);
    expect(status).toBe(403);
    expect(JSON.parse(text).detail).toMatch(names);
  });

  it('is held to its permissions and its limits', async () => {
    const rig = await startRigHere({
      profile: 'swaypi',
      upstream: creators,
      adapt: (profile) => ({
        ...profile,
        policy: { ...profile.policy, permissions: [{ name: 'look', description: '', implies: [] }] },
        routes: profile.routes.map((route) =>
          route.path === '/v1/creators/**' ? { ...route, permission: 'look' } : route,
        ),
      }),
    });
    const { secret } = await rig.key({ tier: 'builder' });
    expect((await ask(rig, secret, '/v1/creators/cr_1')).status).toBe(200);
    await update(rig, 'builder', { permissions: [] });
    expect((await ask(rig, secret, '/v1/creators/cr_1')).status).toBe(403);
    await update(rig, 'builder', { permissions: null, limits: { perMinute: 0 } });
    expect((await ask(rig, secret, '/v1/creators/cr_1')).status).toBe(429);
  });

  it('sees the fields of the tier as it stands, and no others', async () => {
    const rig = await start(creators);
    const { secret } = await rig.key({ tier: 'builder' });
    expect((await ask(rig, secret, '/v1/creators/cr_1')).text).toBe(CREATOR);
    await update(rig, 'builder', { gatedFields: ['contact_email', 'name'] });
    expect((await ask(rig, secret, '/v1/creators/cr_1')).text).toBe('{"id":"cr_1"}');
    await update(rig, 'builder', { gatedFields: null });
    expect((await ask(rig, secret, '/v1/creators/cr_1')).text).toBe(CREATOR);
  });
});

describe('a request under way when its tier changes', () => {
  const waiting = async (tier = 'builder') => {
    const held: ServerResponse[] = [];
    const rig = await start((_, res) => void held.push(res));
    const { secret } = await rig.key({ tier });
    const pending = fetch(`${rig.url}/v1/creators/cr_1`, { headers: bearer(secret) });
    await eventually(() => held.length === 1);
    const upstream = held[0] as ServerResponse;
    return { rig, pending, upstream };
  };
  const idle = (rig: Rig): Promise<void> => eventually(() => rig.gateway.inFlight() === 0);

  it('is answered with the refusal that holds now', async () => {
    const { rig, pending } = await waiting();
    await update(rig, 'builder', { endpoints: ['GET /v1/me'] });
    const answer = await pending;
    expect(answer.status).toBe(403);
    expect((await answer.json()).detail).toMatch(/tier/);
    await idle(rig);
  });

  it('is cut when its answer has begun', async () => {
    const { rig, pending, upstream } = await waiting();
    upstream.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"id":1}\n\n');
    const answer = await pending;
    expect(answer.status).toBe(200);
    await update(rig, 'builder', { endpoints: ['GET /v1/me'] });
    await expect(answer.text()).rejects.toThrow();
    await idle(rig);
  });

  it('shows no field that was withheld meanwhile: to be sent again', async () => {
    const { rig, pending } = await waiting('studio');
    await update(rig, 'studio', { gatedFields: ['contact_email'] });
    const answer = await pending;
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    await idle(rig);
  });

  it('shows no field that was withheld meanwhile: a stream is cut', async () => {
    const { rig, pending, upstream } = await waiting('studio');
    upstream.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"contact_email":"a"}\n\n');
    const answer = await pending;
    await update(rig, 'studio', { gatedFields: ['contact_email'] });
    await expect(answer.text()).rejects.toThrow();
    await idle(rig);
  });

  it('shows no field that its key lost by coming to a lower tier', async () => {
    const { rig, pending } = await waiting('studio');
    const { data } = await rig.latchkey.keys.list({ projectId: rig.projectId });
    await rig.latchkey.keys.update({ keyId: data[0]?.id ?? '', tier: 'free' });
    expect((await pending).status).toBe(503);
    await idle(rig);
  });

  it.each([
    ['opens more', { gatedFields: [], batchSize: null }],
    ['lowers limits, which it has taken', { limits: { perMinute: 0, perDay: { limit: 0, metered: true } } }],
    ['is of its title', { title: 'Other' }],
  ] as [string, Patch][])('runs on when the change %s', async (_, patch) => {
    const { rig, pending, upstream } = await waiting();
    await update(rig, 'builder', patch);
    upstream.writeHead(200, { 'content-type': 'application/json' }).end(CREATOR);
    const answer = await pending;
    expect([answer.status, await answer.text()]).toEqual([200, CREATOR]);
  });

  it('between its decision and the upstream is held to it too', async () => {
    const rig = await start((req, res) => void setTimeout(() => creators(req, res), 100));
    const { secret } = await rig.key({ tier: 'studio' });
    const { engine } = rig.latchkey;
    const { verify } = engine;
    let changed = false;
    engine.verify = async (request) => {
      const verdict = await verify(request);
      if (!changed) {
        changed = true;
        await update(rig, 'studio', { gatedFields: ['contact_email'] });
      }
      return verdict;
    };
    const answer = await fetch(`${rig.url}/v1/creators/cr_1`, { headers: bearer(secret) });
    expect(await answer.text()).not.toContain('ada@example.com');
    engine.verify = verify;
  });
});
