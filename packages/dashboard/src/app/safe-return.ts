// Where a sign-in may lead back to: a path of this site, never an address that somebody wrote into a link.

const NOT_BACK = /^\/(sign-in|sign-up|forgot-password|reset-password|verify-email|change-email|invitation|portal)\b/;

/** The path when it is one of this origin; undefined else, and for pages that make no sense after a sign-in. */
export function safeReturn(path: string | undefined, origin = globalThis.location.origin): string | undefined {
  if (path === undefined || !path.startsWith('/')) return undefined;
  let url: URL;
  try {
    url = new URL(path, origin);
  } catch {
    return undefined;
  }
  // `//host` and `/\host` are other origins to a browser, also where they come out of `/.//host`.
  if (url.origin !== origin || url.pathname.startsWith('//')) return undefined;
  if (NOT_BACK.test(url.pathname) || url.pathname === '/') return undefined;
  return url.pathname + url.search;
}
