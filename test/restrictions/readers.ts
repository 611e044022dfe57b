// How upstreams read a request target: what each kind of server and framework would take it for. It knows no engine.

export interface Reading {
  method: string;
  path: string;
}

type Reader = (path: string) => string | null;

const cut = (target: string): string => target.split(/[?#]/, 1)[0] as string;

/** Percent-decoded as UTF-8; null where a server answers 400. */
const decoded: Reader = (path) => {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
};

/** Decoded by servers that take anything: bad percents stay, `%uXXXX` counts, overlong forms are what they mean. */
function leniently(path: string): string {
  const bytes = path
    .replace(/%u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return bytes
    .replace(/[\xc0-\xdf][\x80-\xbf]/g, ([a, b]) => point(((a as string).charCodeAt(0) & 0x1f) * 64 + low(b)))
    .replace(/[\xe0-\xef][\x80-\xbf]{2}/g, ([a, b, c]) =>
      point(((a as string).charCodeAt(0) & 0x0f) * 4096 + low(b) * 64 + low(c)),
    );
}
const low = (char: string | undefined): number => (char ?? '').charCodeAt(0) & 0x3f;
const point = (code: number): string => String.fromCodePoint(code);

/** Dot segments resolved and slashes merged. */
function resolved(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}${/\/\.{0,2}$/.test(path) && kept.length > 0 ? '/' : ''}`;
}

const withoutParams = (path: string): string => path.replace(/;[^/]*/g, '');
const slashed = (path: string): string => path.replaceAll('\\', '/');
/** As Java's equalsIgnoreCase: letters that are one in either case are the same. */
const anyCase = (path: string): string => path.toUpperCase().toLowerCase();
const unended = (path: string): string => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);
const trimmed = (path: string): string =>
  path
    .split('/')
    .map((segment) => segment.trim())
    .join('/');
const then =
  (first: Reader, ...rest: ((path: string) => string)[]): Reader =>
  (path) => {
    const read = first(path);
    return read === null ? null : rest.reduce((text, next) => next(text), read);
  };
const plain: Reader = (path) => path;

/** By the name of a server or framework that reads so, or did. */
const READERS: Record<string, Reader> = {
  'as it stands': then(plain, cut),
  Express: then(plain, cut, unended, anyCase),
  'Express behind decoding': then(plain, cut, (path) => decoded(path) ?? path, unended, anyCase),
  nginx: (target) => then(decoded, resolved)(cut(target)),
  'nginx that keeps slashes': (target) => decoded(cut(target)),
  Tomcat: (target) => then(plain, cut, withoutParams, (path) => decoded(path) ?? path, resolved)(target),
  'Tomcat that decodes first': (target) =>
    then(plain, cut, (path) => decoded(path) ?? path, withoutParams, resolved)(target),
  'Spring that trims': (target) =>
    then(plain, cut, withoutParams, (path) => decoded(path) ?? path, trimmed, unended)(target),
  IIS: (target) => then(plain, cut, leniently, slashed, resolved, unended, anyCase)(target),
  'decodes twice': (target) => then(plain, cut, leniently, leniently, slashed, resolved, unended)(target),
  'decodes before it cuts': (target) => then(leniently, cut, unended)(target),
  'C strings': (target) => then(plain, cut, leniently, (path) => path.split('\0', 1)[0] as string)(target),
  lines: (target) => then(plain, cut, leniently, (path) => path.split(/[\r\n]/, 1)[0] as string)(target),
};
export const READER_NAMES = Object.keys(READERS);

const METHOD_HEADERS = ['x-http-method-override', 'x-http-method', 'x-method-override'];
const TARGET_HEADERS = ['x-original-url', 'x-rewrite-url', 'x-original-uri'];

/** Everything that one of them would serve for what reached it. */
export function readingsOf(method: string, target: string, headers: Readonly<Record<string, unknown>>): Reading[] {
  const said = (names: readonly string[]): string[] =>
    Object.entries(headers).flatMap(([name, value]) =>
      names.includes(name.toLowerCase().replace(/[^a-z0-9]/g, '-')) ? [String(value)] : [],
    );
  const methods = [method, ...said(METHOD_HEADERS).map((name) => name.toUpperCase())];
  const paths = new Set<string>();
  for (const each of [target, ...said(TARGET_HEADERS)]) {
    for (const read of Object.values(READERS)) {
      const path = read(each);
      if (path !== null) paths.add(path);
    }
  }
  return methods.flatMap((one) => [...paths].map((path) => ({ method: one, path })));
}
