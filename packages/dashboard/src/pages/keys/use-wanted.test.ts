// Guarantees of what the address says of the list: it is read back as it was told, whoever wrote it, and holds no search.

import { expect, it } from 'vitest';
import { EVERYTHING, SORTS, STATES } from './key-rows';
import { toldOf, wantedOf } from './use-wanted';

it('says nothing of the usual', () => {
  expect(Object.values(toldOf(EVERYTHING)).filter((value) => value !== undefined)).toEqual([]);
});

it('reads back every choice', () => {
  for (const state of STATES) {
    for (const sortBy of SORTS) {
      for (const descending of [true, false]) {
        const wanted = { state, mode: 'test', tier: 'team', sortBy, descending } as const;
        expect(wantedOf(toldOf(wanted))).toEqual(wanted);
      }
    }
  }
});

it('takes what nobody offers for the usual', () => {
  const { search: _, ...usual } = EVERYTHING;
  const told = { state: 'constructor', mode: 'both', sort: '__proto__', order: 'sideways' };
  expect(wantedOf(told)).toEqual({ ...usual, descending: false });
  expect(wantedOf({ sort: 'secret' })).toEqual(usual);
});

it('never has the search in it, in which a secret may stand', () => {
  const told = toldOf({ ...EVERYTHING, search: 'sk_live_whole_secret' } as Parameters<typeof toldOf>[0]);
  expect(JSON.stringify(told)).not.toContain('sk_live');
});
