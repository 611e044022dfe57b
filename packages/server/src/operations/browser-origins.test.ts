// The origins of restricted keys: a database that cannot be read opens nothing, and a change that lands while reading is not lost.

import { expect, it } from 'vitest';
import { type World, world } from './world.suite.js';

const APP = 'https://app.example';
const opens = (w: World): Promise<boolean> => w.lk.engine.opensOrigin(APP);

it('are closed while the database cannot be read, and open once it can', async () => {
  const w = await world('accounts');
  const { keys } = w.lk.engine.services.store;
  const { withReferrers, get } = keys;
  await w.key({ restrictions: { referrers: [APP] } });
  keys.withReferrers = () => Promise.reject(new Error('disk'));
  expect(await opens(w)).toBe(false);
  keys.withReferrers = withReferrers;
  expect(await opens(w)).toBe(true);
  const other = await w.key({ restrictions: { referrers: ['https://other.example'] } });
  keys.get = () => Promise.reject(new Error('disk'));
  expect(await opens(w)).toBe(false);
  keys.get = get;
  expect(await w.lk.engine.opensOrigin('https://other.example')).toBe(true);
  expect(w.log.filter((line) => line.includes('browser_origins_unreadable'))).toHaveLength(2);
  expect(other.id).toMatch(/^key_/);
  await w.close();
});

it('lose no change that lands while they are read', async () => {
  const w = await world('accounts');
  const { keys } = w.lk.engine.services.store;
  const { withReferrers, get } = keys;
  const { id } = await w.key({ restrictions: { referrers: [APP] } });
  let asked: Promise<boolean> | null = null;
  keys.withReferrers = async (at) => {
    const rows = await withReferrers(at);
    await w.lk.keys.disable({ keyId: id });
    asked = opens(w);
    return rows;
  };
  await opens(w);
  expect(await asked).toBe(false);
  keys.withReferrers = withReferrers;
  // The same while one key is read.
  await w.lk.keys.enable({ keyId: id });
  let once = true;
  keys.get = async (keyId) => {
    const record = await get(keyId);
    if (once && keyId === id) {
      once = false;
      await w.lk.keys.disable({ keyId: id });
    }
    return record;
  };
  await opens(w);
  expect(await opens(w)).toBe(false);
  await w.close();
});

it('stay right through many changes and the end of a project', async () => {
  const w = await world('accounts');
  expect(await opens(w)).toBe(false);
  const made = [];
  for (let at = 0; at < 50; at++) made.push(await w.key({ restrictions: { referrers: [APP, APP] } }));
  expect(await opens(w)).toBe(true);
  for (const { id } of made.slice(1)) await w.lk.keys.delete({ keyId: id });
  expect(await opens(w)).toBe(true);
  await w.lk.projects.delete({ projectId: w.projectId });
  expect(await opens(w)).toBe(false);
  await w.close();
});
