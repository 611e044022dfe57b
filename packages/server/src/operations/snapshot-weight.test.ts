// The bound of the cache is worth what the estimate is worth: it is held against the heap, for small keys, large ones, and such as share nothing.

import type { KeyLookup, KeyRecord } from '@latchkey/core';
import { expect, it } from 'vitest';
import { loadProfile } from '../config/load-profile.js';
import { key, organization, project } from '../store/store.suite.js';
import { heapUsed } from './heap.suite.js';
import { createSnapshotShelf, type SnapshotShelf } from './snapshot-shelf.js';
import { standingOf } from './verify-key.js';

const profile = loadProfile('swaypi');
const hex = (at: number, length: number): string => at.toString(16).padStart(length, '0');

/** A row as a driver hands it out: every text a new one. */
const row = (at: number, more: (at: number) => Partial<KeyRecord>, place = 0): KeyLookup =>
  JSON.parse(
    JSON.stringify({
      key: key(`key_${hex(at, 26)}`, {
        familyId: `fam_${hex(at, 26)}`,
        organizationId: `org_${hex(place, 26)}`,
        projectId: `proj_${hex(place, 26)}`,
        createdBy: `key_${hex(7, 26)}`,
        createdAt: 1_760_000_000_000 + at,
        digest: { kind: 'hmac', pepperId: 'aaaaaaaaaaaa', value: hex(at, 64) },
        tier: 'platform',
        ...more(at),
      }),
      project: project(`proj_${hex(place, 26)}`, { organizationId: `org_${hex(place, 26)}` }),
      organization: organization(`org_${hex(place, 26)}`),
      buried: false,
    }),
  );

const shapes: [string, (at: number) => Partial<KeyRecord>, ((at: number) => number) | undefined][] = [
  ['plain ones', () => ({}), undefined],
  [
    'usual ones',
    (at) => ({
      name: `Server of customer number ${at}`,
      webhookSecret: `v1.aaaaaaaaaaaa.${hex(at, 110)}`,
      permissions: ['creators.read', 'audiences.read'],
      restrictions: { ips: ['192.0.2.0/24', '2001:db8::/32'] },
      limits: { perMinute: 1_000, perDay: 1_000_000 },
      metadata: { customer: `c_${at}`, plan: 'large' },
      lastUsedAt: 1_760_000_000_000 + at,
      lastUsedIp: `192.0.2.${at % 256}`,
    }),
    undefined,
  ],
  [
    'ones with much metadata and long lists that nobody else has',
    (at) => ({
      metadata: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`name ${n}`, `value ${n} of key ${at}`])),
      permissions: Array.from({ length: 30 }, (_, n) => `area${at}.action${n}`),
      restrictions: {
        ips: Array.from({ length: 30 }, (_, n) => `10.${at % 256}.${n}.0/24`),
        endpoints: Array.from({ length: 20 }, (_, n) => `GET /v1/things/${at}/${n}`),
      },
    }),
    undefined,
  ],
  [
    'ones in a language of wide letters',
    (at) => ({ name: `ключ ${at} `.repeat(12), metadata: { имя: `ключ ${at}` } }),
    undefined,
  ],
  ['ones with a project each', () => ({}), (at) => at],
];

/** None is let go while another is measured. */
const kept: SnapshotShelf[] = [];

it.each(shapes)('is what keys take: %s', (name, more, place) => {
  const count = name.includes('long lists') ? 2_000 : 8_000;
  const shelf = createSnapshotShelf(profile, 2 ** 31);
  kept.push(shelf);
  // What is shared or compiled once is there before anything is measured.
  for (let at = 0; at < 100; at++) standingOf(shelf.put(row(count + at, more, place?.(count + at)), []));
  const before = { heap: heapUsed(), bytes: shelf.bytes() };
  for (let at = 0; at < count; at++) standingOf(shelf.put(row(at, more, place?.(at)), []));
  const took = (heapUsed() - before.heap) / count;
  const weighed = (shelf.bytes() - before.bytes) / count;
  console.log(`a key, ${name}: ${Math.round(took)} bytes, weighed as ${Math.round(weighed)}`);
  expect(shelf.keys()).toBe(count + 100);
  expect(weighed / took).toBeGreaterThan(0.9);
  expect(weighed / took).toBeLessThan(2);
});

it('bounds the shelf: what is used least gives way, and one that is larger than all of it is not kept', () => {
  const shelf = createSnapshotShelf(profile, 100_000);
  const digest = (at: number) => hex(at, 64);
  for (let at = 0; at < 1_000; at++) {
    shelf.put(
      row(at, () => ({}), at % 3),
      [],
    );
    shelf.get(digest(0));
  }
  expect(shelf.bytes()).toBeGreaterThan(90_000);
  expect(shelf.bytes()).toBeLessThanOrEqual(100_000);
  expect(shelf.get(digest(0))?.key.id).toBe(`key_${hex(0, 26)}`);
  expect(shelf.get(digest(1))).toBeUndefined();
  expect(shelf.get(digest(999))).toBeDefined();
  const before = shelf.keys();
  const huge = shelf.put(
    row(2_000, () => ({ metadata: { text: 'x'.repeat(200_000) } })),
    [],
  );
  expect(huge.key.id).toBe(`key_${hex(2_000, 26)}`);
  expect(shelf.get(digest(2_000))).toBeUndefined();
  expect(shelf.keys()).toBe(before);
  shelf.drop('key', `key_${hex(0, 26)}`);
  expect(shelf.get(digest(0))).toBeUndefined();
  shelf.clear();
  expect([shelf.keys(), shelf.bytes()]).toEqual([0, 0]);
});
