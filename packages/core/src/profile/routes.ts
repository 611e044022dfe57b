// Which row of a profile a request falls under.

import { matchesPath } from '../access/path.js';
import type { Profile, Route } from './schema.js';

export interface RouteMatch {
  route: Route;
  params: Record<string, string>;
}

/** The first row that fits method and path; HEAD is answered by GET's row. null: no row, any valid key may pass. */
export function matchRoute(profile: Profile, method: string, path: string): RouteMatch | null {
  for (const route of profile.routes) {
    const fits = route.method === '*' || route.method === method || (route.method === 'GET' && method === 'HEAD');
    const params = fits ? matchesPath(path, route.path) : null;
    if (params !== null) return { route, params };
  }
  return null;
}
