// How a secret may look when it leaked, and a search for many secrets at once in bytes and in directories. Knows nothing of Latchkey.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** As text, or as the bytes of a key. */
export type Secret = string | Buffer;

/** The last characters are stored as a hint and may be seen; the ones before them are enough to be no accident. */
const HINT = 4;
const CORE = 24;

/** The part that is searched for, so that a secret cut short is found too. */
export function coreOf(secret: Secret): Buffer {
  if (typeof secret !== 'string') return secret;
  const bytes = Buffer.from(secret, 'utf8');
  return bytes.length < CORE + HINT ? bytes : bytes.subarray(bytes.length - HINT - CORE, bytes.length - HINT);
}

const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const each = (core: Buffer, write: (byte: number) => string, between = ''): Buffer =>
  text([...core].map(write).join(between));
const hex2 = (byte: number): string => byte.toString(16).padStart(2, '0');

/** Base64 of text that has the core at `offset` modulo 3: the characters that depend on the core alone. */
function base64At(core: Buffer, offset: 0 | 1 | 2): string {
  const padded = Buffer.concat([Buffer.alloc(offset), core]);
  const whole = padded.toString('base64').replace(/=+$/, '');
  const shared = padded.length % 3 === 0 ? 0 : 1;
  return whole.slice(offset === 0 ? 0 : offset + 1, whole.length - shared);
}

const urlSafe = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_');

export const ENCODINGS: Readonly<Record<string, (core: Buffer) => Buffer>> = {
  raw: (core) => core,
  reversed: (core) => Buffer.from(core).reverse(),
  'UTF-16LE': (core) => Buffer.from(core.toString('latin1'), 'utf16le'),
  'base64 at 0': (core) => text(base64At(core, 0)),
  'base64 at 1': (core) => text(base64At(core, 1)),
  'base64 at 2': (core) => text(base64At(core, 2)),
  'base64url at 0': (core) => text(urlSafe(base64At(core, 0))),
  'base64url at 1': (core) => text(urlSafe(base64At(core, 1))),
  'base64url at 2': (core) => text(urlSafe(base64At(core, 2))),
  'hex, lower case': (core) => text(core.toString('hex')),
  'hex, upper case': (core) => text(core.toString('hex').toUpperCase()),
  'hex, spaced': (core) => each(core, hex2, ' '),
  'decimal bytes': (core) => each(core, String, ','),
  'URL-encoded where needed': (core) => text(encodeURIComponent(core.toString('latin1'))),
  'URL-encoded, every byte': (core) => each(core, (byte) => `%${hex2(byte).toUpperCase()}`),
  'URL-encoded, every byte, lower case': (core) => each(core, (byte) => `%${hex2(byte)}`),
  'JSON-escaped slashes': (core) => text(core.toString('latin1').replaceAll('/', '\\/')),
  'JSON-escaped, every character': (core) => each(core, (byte) => `\\u00${hex2(byte)}`),
};

export interface Needle {
  /** Which of the secrets, by its place. */
  secret: number;
  encoding: string;
  bytes: Buffer;
}

export function needlesOf(secrets: readonly Secret[]): Needle[] {
  return secrets.flatMap((secret, at) => {
    const core = coreOf(secret);
    const seen = new Set<string>();
    return Object.entries(ENCODINGS).flatMap(([encoding, encode]) => {
      const bytes = encode(core);
      const shape = bytes.toString('latin1');
      if (seen.has(shape)) return [];
      seen.add(shape);
      return [{ secret: at, encoding, bytes }];
    });
  });
}

export interface Hit {
  secret: number;
  encoding: string;
  at: number;
}

const ANCHOR = 8;
const SLOTS = 1 << 22;
const slotOf = (bytes: Uint8Array, at: number): number =>
  (Math.imul(
    (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24),
    0x9e3779b1,
  ) >>>
    10) &
  (SLOTS - 1);

/** A function that finds every needle in one pass, however many there are. */
export function finderOf(needles: readonly Needle[]): (haystack: Buffer) => Hit[] {
  // The end of a needle is its random part; many of them begin alike.
  const byAnchor = new Map<string, Needle[]>();
  const slots = new Uint8Array(SLOTS);
  for (const needle of needles) {
    const { bytes } = needle;
    if (bytes.length < ANCHOR) throw new Error('a secret is too short to be searched for');
    const anchor = bytes.toString('latin1', bytes.length - ANCHOR);
    byAnchor.set(anchor, [...(byAnchor.get(anchor) ?? []), needle]);
    slots[slotOf(bytes, bytes.length - ANCHOR)] = 1;
  }
  return (haystack) => {
    const hits: Hit[] = [];
    for (let at = 0; at + ANCHOR <= haystack.length; at++) {
      if (slots[slotOf(haystack, at)] === 0) continue;
      for (const { secret, encoding, bytes } of byAnchor.get(haystack.toString('latin1', at, at + ANCHOR)) ?? []) {
        const start = at + ANCHOR - bytes.length;
        if (start >= 0 && bytes.equals(haystack.subarray(start, at + ANCHOR)))
          hits.push({ secret, encoding, at: start });
      }
    }
    return hits;
  };
}

export interface Search {
  files: number;
  bytes: number;
  secrets: number;
  /** One line for each place: file, offset, encoding and which secret. Never the secret. */
  hits: string[];
}

/** Searches the names and contents of all files below `dir`; files whose name is in `places` are where secrets belong. */
export function searchDirectory(dir: string, secrets: readonly Secret[], places: readonly string[] = []): Search {
  const find = finderOf(needlesOf(secrets));
  const search: Search = { files: 0, bytes: 0, secrets: secrets.length, hits: [] };
  const look = (place: string, haystack: Buffer): void => {
    for (const { secret, encoding, at } of find(haystack))
      search.hits.push(`${place} at ${at}: secret ${secret + 1} of ${secrets.length}, ${encoding}`);
  };
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      look('the name of a file', Buffer.from(entry.name));
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && !places.includes(entry.name)) {
        const content = contentOf(path);
        if (content === null) continue;
        search.files += 1;
        search.bytes += content.length;
        look(path, content);
      }
    }
  };
  walk(dir);
  return search;
}

/** null: it went since it was listed, as the files beside a database do when it closes. */
function contentOf(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return null;
    throw error;
  }
}
