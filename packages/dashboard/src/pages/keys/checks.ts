// What is wrong with an entry of a restriction, before it is sent. The server judges again, and its word counts. Pure.

export type RestrictionKind = 'ips' | 'referrers' | 'endpoints';
export const RESTRICTIONS: readonly RestrictionKind[] = ['ips', 'referrers', 'endpoints'];

/** The most entries of one list. */
export const MOST_ENTRIES = 100;

const V4 = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

function isV6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const half of halves) {
    if (half === '') continue;
    const parts = half.split(':');
    const last = parts.at(-1) ?? '';
    if (last.includes('.')) {
      if (!V4.test(last)) return false;
      parts.pop();
      groups += 2;
    }
    if (!parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return false;
    groups += parts.length;
  }
  return halves.length === 2 ? groups < 8 : groups === 8;
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  if (rest.length > 0) return false;
  const most = V4.test(address) ? 32 : isV6(address) ? 128 : null;
  if (most === null) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
}

const ORIGIN = /^https?:\/\/(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?$/;
const USUAL_PORT = /^(https:.*:443|http:.*:80)$/;
const ENDPOINT = /^([A-Z]+ )?\/[A-Za-z0-9._~!$&'()*+,=:@/-]*$/;

const isOrigin = (text: string) => ORIGIN.test(text) && !USUAL_PORT.test(text);

export const isEntry = (kind: RestrictionKind, text: string): boolean =>
  kind === 'ips' ? isNetwork(text) : kind === 'referrers' ? isOrigin(text) : ENDPOINT.test(text) && text.length <= 300;

/** What was probably meant: an origin pasted with its path, in capitals or without a scheme. */
export function tidy(kind: RestrictionKind, text: string): string {
  const trimmed = text.trim();
  if (kind === 'endpoints')
    return trimmed.replace(/^([a-z]+) (?=\/)/, (_, method: string) => `${method.toUpperCase()} `);
  if (kind === 'ips') return trimmed;
  const withScheme = /^[a-z0-9*][a-z0-9.*-]*\.[a-z]{2,}(:\d+)?(\/|$)/i.test(trimmed) ? `https://${trimmed}` : trimmed;
  const origin = /^https?:\/\/[^/?#]+/i.exec(withScheme)?.[0].toLowerCase();
  if (origin === undefined) return trimmed;
  return USUAL_PORT.test(origin) ? origin.replace(/:\d+$/, '') : origin;
}
