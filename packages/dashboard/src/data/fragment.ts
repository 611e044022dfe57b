// The token behind `#` of a link from a letter. It is taken out of the address before anything else runs, and kept in memory alone.

const WITH_TOKEN = new Set(['/invitation', '/reset-password', '/verify-email', '/change-email', '/portal']);

function take(): string | null {
  const { pathname, search, hash } = globalThis.location;
  if (!WITH_TOKEN.has(pathname) || hash.length < 2) return null;
  history.replaceState(history.state, '', pathname + search);
  return hash.slice(1);
}

let token = take();

// Another link opened in the same tab changes what stands behind `#` only: begin anew with it.
globalThis.addEventListener('hashchange', () => {
  if (WITH_TOKEN.has(globalThis.location.pathname) && globalThis.location.hash.length > 1) globalThis.location.reload();
});

/** null: the page was opened without one. */
export const fragmentToken = () => token;

/** Once it was used. */
export function forgetToken(): void {
  token = null;
}
