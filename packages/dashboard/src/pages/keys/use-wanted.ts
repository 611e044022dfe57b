// What of the list of keys is wanted: filters and order stand in the address, the search in memory alone, as a secret may be pasted into it.

import { useMemo, useState } from 'react';
import { personalMap } from '../../data/memory';
import { usePageSearch } from '../../data/page-search';
import { EVERYTHING, SORTS, STATES, type Wanted } from './key-rows';

const NAMES = ['state', 'mode', 'tier', 'sort', 'order'] as const;

/** By project: it is there again after a look at one of the keys. */
const searches = personalMap();

const oneOf = <Value extends string>(all: readonly Value[], text: string | undefined): Value | undefined =>
  all.find((each) => each === text);

/** What stands in the address; anybody may have written it. */
export function wantedOf(told: { [Name in (typeof NAMES)[number]]?: string | undefined }): Omit<Wanted, 'search'> {
  const sortBy = oneOf(SORTS, told.sort) ?? EVERYTHING.sortBy;
  return {
    state: oneOf(STATES, told.state) ?? EVERYTHING.state,
    mode: oneOf(['live', 'test'], told.mode) ?? EVERYTHING.mode,
    tier: told.tier ?? null,
    sortBy,
    descending: told.order === undefined ? sortBy !== 'name' : told.order === 'down',
  };
}

/** The usual is left out. */
export function toldOf(wanted: Omit<Wanted, 'search'>) {
  const { state, mode, tier, sortBy, descending } = wanted;
  return {
    state: state === EVERYTHING.state ? undefined : state,
    mode: mode === EVERYTHING.mode ? undefined : mode,
    tier: tier ?? undefined,
    sort: sortBy === EVERYTHING.sortBy ? undefined : sortBy,
    order: descending === (sortBy !== 'name') ? undefined : descending ? 'down' : 'up',
  };
}

export function useWanted(projectId: string): [Wanted, (change: Partial<Wanted>) => void] {
  const [told, tell] = usePageSearch(NAMES);
  const [search, setSearch] = useState(() => searches.get(projectId) ?? '');
  const { state, mode, tier, sort, order } = told;
  // The same object for the same wishes: a long list is searched anew with another one.
  const wanted = useMemo<Wanted>(
    () => ({ ...wantedOf({ state, mode, tier, sort, order }), search }),
    [state, mode, tier, sort, order, search],
  );
  const change = ({ search: typed, ...others }: Partial<Wanted>) => {
    if (typed !== undefined) {
      searches.set(projectId, typed);
      setSearch(typed);
    }
    if (Object.keys(others).length > 0) tell(toldOf({ ...wanted, ...others }));
  };
  return [wanted, change];
}
