// Which row of a profile a request falls under.

import { matchesSegments } from '../access/path.js';
import type { Profile, Route } from './schema.js';

export interface RouteMatch {
  route: Route;
  params: Record<string, string>;
}

type Row = { route: Route; segments: readonly string[] };

const compiled = new WeakMap<Profile, readonly Row[]>();

function rowsOf(profile: Profile): readonly Row[] {
  let rows = compiled.get(profile);
  if (rows === undefined) {
    rows = profile.routes.map((route) => ({ route, segments: route.path.split('/') }));
    compiled.set(profile, rows);
  }
  return rows;
}

/**
 * The first row that fits method and path; HEAD is answered by GET's row. null: no row, any valid key may pass.
 * Many upstreams take `/V1/Things/` for `/v1/things`: a row that asks for a key binds all these spellings, one that opens
 * a path to everybody only its own.
 */
export function matchRoute(profile: Profile, method: string, path: string): RouteMatch | null {
  const exact = path.split('/');
  const plain = exact.length > 2 && exact.at(-1) === '' ? exact.slice(0, -1) : exact;
  for (const { route, segments } of rowsOf(profile)) {
    const fits = route.method === '*' || route.method === method || (route.method === 'GET' && method === 'HEAD');
    if (!fits) continue;
    const params =
      route.auth === 'none' ? matchesSegments(exact, segments, false) : matchesSegments(plain, segments, true);
    if (params !== null) return { route, params };
  }
  return null;
}
