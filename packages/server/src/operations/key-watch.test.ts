// Suspicious use of a key stands in its history: told once a day for each signal, by the system, and never of test traffic.

import { expect, it } from 'vitest';
import { createKeyWatch } from './key-watch.js';
import { DAY, HOUR, type World, worldsOfEachTest } from './world.suite.js';

const world = worldsOfEachTest();

const history = async (w: World, keyId: string) => {
  await w.lk.engine.services.usage.flush();
  const { data } = await w.lk.auditEvents.list({ targetId: keyId, action: 'key.suspicious' });
  return data.map(({ changes }) => changes.signal);
};
const use = async (w: World, secret: string, times: number, ip: string | null = null) => {
  for (let at = 0; at < times; at++) await w.verify(secret, { ip });
};

it('a key that is over and is used on is told of, once a day', async () => {
  const w = await world('accounts');
  const { id, secret } = await w.key();
  await w.lk.keys.revoke({ keyId: id });
  expect(await history(w, id)).toEqual([]);
  await use(w, secret, 3);
  expect(await history(w, id)).toEqual(['dead_key_used']);
  await use(w, secret, 3);
  w.time.now += HOUR;
  await use(w, secret, 1);
  expect(await history(w, id)).toEqual(['dead_key_used']);
  w.time.now += DAY;
  await use(w, secret, 1);
  expect(await history(w, id)).toEqual(['dead_key_used', 'dead_key_used']);
  const [event] = (await w.lk.auditEvents.list({ targetId: id, action: 'key.suspicious' })).data;
  expect(event).toMatchObject({
    actor: { type: 'system', id: 'key_watch' },
    organizationId: w.organizationId,
    projectId: w.projectId,
    changes: { signal: 'dead_key_used', requests: 1 },
  });
});

it('a key that moves to another network is told of, not where it comes from first, and not when it returns', async () => {
  const w = await world('accounts');
  const { id, secret } = await w.key();
  await use(w, secret, 2, '192.0.2.1');
  expect(await history(w, id)).toEqual([]);
  await use(w, secret, 2, '192.0.2.77');
  expect(await history(w, id), 'a neighbour').toEqual([]);
  await use(w, secret, 1, '198.51.100.1');
  expect(await history(w, id)).toEqual(['new_network']);
  w.time.now += DAY;
  await use(w, secret, 1, '192.0.2.1');
  await use(w, secret, 1, '198.51.100.9');
  expect(await history(w, id)).toEqual(['new_network']);
  await use(w, secret, 1, '2001:db8:1:2::3');
  expect(await history(w, id)).toEqual(['new_network', 'new_network']);
  const [event] = (await w.lk.auditEvents.list({ targetId: id, action: 'key.suspicious' })).data;
  expect(event?.changes).toEqual({ signal: 'new_network', networks: ['2001:db8:1::/48'] });
});

it('an hour with ten times the usual requests is told of', async () => {
  const w = await world('accounts');
  const { id, secret } = await w.key();
  for (const _ of [1, 2, 3]) {
    await use(w, secret, 15);
    w.time.now += HOUR;
  }
  await use(w, secret, 149);
  expect(await history(w, id)).toEqual([]);
  await use(w, secret, 1);
  expect(await history(w, id)).toEqual(['unusual_volume']);
});

it('a fifth of refusals is told of, whichever node counted them', async () => {
  const w = await world('accounts');
  const { id, secret } = await w.key({ restrictions: { ips: ['192.0.2.0/24'] } });
  await use(w, secret, 16, '192.0.2.1');
  await use(w, secret, 3, '198.51.100.1');
  expect(await history(w, id)).toEqual([]);
  await use(w, secret, 1, '198.51.100.1');
  expect(await history(w, id)).toEqual(['many_denials']);
});

it('test traffic and keys that are gone leave nothing', async () => {
  const w = await world('accounts');
  const test = await w.key({ mode: 'test' });
  await use(w, test.secret, 1, '192.0.2.1');
  await history(w, test.id);
  await use(w, test.secret, 1, '198.51.100.1');
  await w.lk.keys.revoke({ keyId: test.id });
  await use(w, test.secret, 30);
  expect(await history(w, test.id)).toEqual([]);

  const gone = await w.key();
  await use(w, gone.secret, 1, '192.0.2.1');
  await w.lk.keys.revoke({ keyId: gone.id });
  await use(w, gone.secret, 5);
  await w.lk.keys.delete({ keyId: gone.id });
  expect(await history(w, gone.id)).toEqual([]);
  expect(await w.lk.engine.services.store.keyNetworks.known([gone.id, test.id])).toEqual(new Map());
});

it('is not told twice by two that found it at the same time', async () => {
  const w = await world('accounts');
  const { id, secret } = await w.key();
  await w.lk.keys.revoke({ keyId: id });
  const { services } = w.lk.engine;
  const watches = [createKeyWatch(services), createKeyWatch(services)];
  await use(w, secret, 1);
  const hour = w.time.now - (w.time.now % HOUR);
  const owner = { keyId: id, familyId: id, projectId: w.projectId, organizationId: w.organizationId };
  const rows = [{ ...owner, hour, outcome: 'revoked_key', count: 1 }];
  await services.usage.flush();
  await Promise.all(watches.map((watch) => watch({ rows, networks: new Map() })));
  expect(await history(w, id)).toEqual(['dead_key_used']);
});
