// The origins under which pages of ours are reached: what our own browsers send, and what passkeys belong to.

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** The public URL's own, and the other names of this machine when it is one of them. */
export function originsOf(publicUrl: string): string[] {
  const url = new URL(publicUrl);
  if (!LOOPBACK.includes(url.hostname)) return [url.origin];
  const port = url.port === '' ? '' : `:${url.port}`;
  return [...new Set([url.origin, ...LOOPBACK.map((host) => `${url.protocol}//${host}${port}`)])];
}
