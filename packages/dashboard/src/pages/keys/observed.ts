// From where a key was seen to be used, held against restrictions that somebody is about to set. Pure.

import type { Key, OperationOutputs } from '@latchkey/client';
import { RESTRICTIONS, type RestrictionKind } from './checks';

export type Seen = OperationOutputs['observeKey']['observed'][number];
export type Restrictions = NonNullable<Key['restrictions']>;

export const KIND_OF: Record<Seen['kind'], RestrictionKind> = {
  ip: 'ips',
  referrer: 'referrers',
  endpoint: 'endpoints',
};

/**
 * Whether requests like this one would pass. Seen values are written as a restriction names them, so that they are looked up
 * as they are; anything more clever could promise what the server does not keep. `null`: requests that no entry could name.
 */
export function passes({ kind, value }: Pick<Seen, 'kind' | 'value'>, restrictions: Restrictions): boolean {
  const list = restrictions[KIND_OF[kind]];
  return list === undefined || (value !== null && list.includes(value));
}

/** What of everything seen would be refused, with its requests. */
export function refusedOf(seen: readonly Seen[], restrictions: Restrictions): Seen[] {
  return seen.filter((each) => !passes(each, restrictions));
}

/** The restrictions without the entries that were taken out; a list of none is no list. */
export function without(restrictions: Restrictions, left: ReadonlySet<string>): Restrictions {
  return Object.fromEntries(
    RESTRICTIONS.flatMap((kind) => {
      const list = restrictions[kind]?.filter((entry) => !left.has(`${kind} ${entry}`));
      return list === undefined || list.length === 0 ? [] : [[kind, list]];
    }),
  );
}
