// Taking secrets out of what is about to be logged, by field name and by the shape of values. It writes nothing anywhere.

export const REDACTED = '[redacted]';

/** What the secrets made here start with; a deployment adds its profile's prefixes. */
export const SECRET_PREFIXES: readonly string[] = [
  'sk_live_',
  'sk_test_',
  'swp_live_',
  'afs_live_',
  'lk_root_',
  'lk_portal_',
  'whsec_',
];

const MAX_DEPTH = 8;
const MAX_MEMBERS = 200;
const MAX_VALUES = 2000;
const MAX_TEXT = 8192;
/** Ids made here, routes and words: nothing that is shaped like a secret fits. */
const HARMLESS = /^(?:(?:req|key|root|org|proj|fam|aud)_[0-9A-Za-z]{20}|[a-z_]{1,23}|\/[A-Za-z0-9/:*.-]{0,60})$/;
/** No text below this length is shaped like a secret. */
const SHORTEST = 12;

/** A field of such a name is hidden whatever stands in it. Names are compared in lower case, letters and digits only. */
const HIDDEN =
  /secret|passw|passphrase|pepper|masterkey|authorization|cookie|privatekey|apikey|credential|digest|ciphertext|sealed|token$|signature$/;
/** `pepperId` and `secretPrefix` are public. */
const PUBLIC = /(id|ids|prefix|hint|at|count)$/;

function hides(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return HIDDEN.test(plain) && !PUBLIC.test(plain);
}

/** Few names come again and again; those of a body somebody made up are not kept. */
const judged = new Map<string, boolean>();
function isHidden(name: string): boolean {
  const known = judged.get(name);
  if (known !== undefined) return known;
  const hidden = hides(name);
  if (judged.size < 1000 && name.length <= 60) judged.set(name, hidden);
  return hidden;
}

/**
 * A function that replaces everything shaped like a secret in a text: a known prefix and 16 or more characters,
 * bearer credentials, passwords in URLs, JWTs. Linear in the text, which is cut at 8 KB.
 */
export function textRedactor(prefixes: readonly string[] = SECRET_PREFIXES): (text: string) => string {
  const literal = prefixes.map((prefix) => prefix.replace(/[^A-Za-z0-9_]/g, '\\$&')).join('|');
  const secret = new RegExp(
    `(?:${literal === '' ? '(?!)' : literal}|[a-z]{2,12}_(?:live|test|root)_)[0-9A-Za-z+/=_-]{16,}`,
    'g',
  );
  const bearer = /\b(bearer|basic|apikey) +[A-Za-z0-9._~+/=-]{8,}/gi;
  // Each starts only where a token starts, and its parts are bounded, so that no text makes it go over the same ground twice.
  const urlPassword = /(:\/\/[^\s:/@]{0,128}:)[^\s/@]{1,256}@/g;
  const jwt = /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
  return (text) => {
    if (text.length < SHORTEST || HARMLESS.test(text)) return text;
    // Cut with room to spare first: what is dropped is not read, and no cut leaves a recognisable half at the end.
    const read = text.length > 2 * MAX_TEXT ? text.slice(0, 2 * MAX_TEXT) : text;
    const clean = read
      .replace(secret, REDACTED)
      .replace(bearer, `$1 ${REDACTED}`)
      .replace(urlPassword, `$1${REDACTED}@`)
      .replace(jwt, REDACTED);
    return clean.length > MAX_TEXT || read !== text
      ? `${clean.slice(0, MAX_TEXT)}… (${text.length} characters)`
      : clean;
  };
}

/**
 * A function that copies log fields into plain JSON values without secrets. The copy is bounded in depth and size;
 * getters that throw, cycles and foreign objects become a word in brackets.
 */
export function fieldRedactor(
  prefixes?: readonly string[],
): (fields: Readonly<Record<string, unknown>>) => Record<string, unknown> {
  const text = textRedactor(prefixes);
  /** Names come again and again; those of a body somebody made up are not kept. */
  const cleanNames = new Map<string, string>();
  const cleanName = (name: string): string => {
    const known = cleanNames.get(name);
    if (known !== undefined) return known;
    const clean = text(name.slice(0, 200));
    if (cleanNames.size < 1000 && name.length <= 60) cleanNames.set(name, clean);
    return clean;
  };

  return (fields) => {
    let values = 0;
    const above: object[] = [];

    const members = (source: object, names: readonly string[]): Record<string, unknown> => {
      const copy: Record<string, unknown> = Object.create(null);
      for (const name of names.slice(0, MAX_MEMBERS)) {
        let value: unknown;
        try {
          value = (source as Record<string, unknown>)[name];
        } catch {
          value = '[unreadable]';
        }
        if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue;
        const open = value === null || typeof value === 'boolean' || !isHidden(name);
        copy[cleanName(name)] = open ? plain(value) : REDACTED;
      }
      if (names.length > MAX_MEMBERS) copy['…'] = `${names.length - MAX_MEMBERS} more`;
      return copy;
    };

    const inside = (value: object): unknown => {
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
      if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
      if (value instanceof Error) {
        const own = Object.keys(value).filter((name) => name !== 'name' && name !== 'message' && name !== 'stack');
        const named = ['name', 'message', 'stack', ...(value.cause === undefined ? [] : ['cause'])];
        return members(value, [...named, ...own.filter((name) => name !== 'cause')]);
      }
      if (value instanceof Map)
        return inside(Object.fromEntries([...value].map(([name, member]) => [String(name), member])));
      if (value instanceof Set) return inside([...value]);
      if (Array.isArray(value)) {
        const items = value.slice(0, MAX_MEMBERS).map(plain);
        return value.length > MAX_MEMBERS ? [...items, `${value.length - MAX_MEMBERS} more`] : items;
      }
      return members(value, Object.keys(value));
    };

    const plain = (value: unknown): unknown => {
      values += 1;
      if (values > MAX_VALUES) return '[too many values]';
      switch (typeof value) {
        case 'string':
          return text(value);
        case 'number':
          return Number.isFinite(value) ? value : String(value);
        case 'bigint':
          return value.toString();
        case 'object': {
          if (value === null) return null;
          if (above.includes(value)) return '[circular]';
          if (above.length >= MAX_DEPTH) return '[too deep]';
          above.push(value);
          try {
            return inside(value);
          } catch {
            return '[unreadable]';
          } finally {
            above.pop();
          }
        }
        case 'boolean':
          return value;
        default:
          return undefined;
      }
    };

    return members(fields, Object.keys(fields));
  };
}
