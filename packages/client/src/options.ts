// Judging what a client is made with. Messages quote no value: it could be a secret.

/** The URL to put paths behind. @throws TypeError */
export function baseOf(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TypeError('url must be an absolute URL.');
  }
  if (!/^https?:$/.test(url.protocol)) throw new TypeError('url must begin with http:// or https://.');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError('url must have no credentials, query or fragment: credentials have an option of their own.');
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/** @throws TypeError */
export function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new TypeError(`${name} must be a whole number of at least ${least}.`);
}

/** Checked before a call: runtimes quote a header value that they cannot send in their errors. @throws TypeError */
export function headerValue(name: string, value: string): string {
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  throw new TypeError(`${name} must be visible ASCII characters.`);
}
