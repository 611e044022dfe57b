// Every way to write a path that somebody might read as another one. It knows no engine and no rule.

import type { Random } from '../e2e/random.js';

const hex = (char: string): string => char.charCodeAt(0).toString(16).padStart(2, '0');
const overlong = (char: string): string => {
  const code = char.charCodeAt(0);
  return `%${(0xc0 | (code >> 6)).toString(16)}%${(0x80 | (code & 0x3f)).toString(16)}`;
};
const ENCODINGS: readonly ((char: string) => string)[] = [
  (char) => `%${hex(char)}`,
  (char) => `%${hex(char).toUpperCase()}`,
  (char) => `%25${hex(char)}`,
  (char) => `%2525${hex(char)}`,
  (char) => `%u00${hex(char)}`,
  (char) => `%U00${hex(char)}`,
  overlong,
  (char) => `%e0${overlong(char).replace('%c1', '%81').replace('%c0', '%80')}`,
  (char) => `%25${overlong(char).slice(1)}`,
  (char) => `%${hex(char)[0]}%${hex(char)[1]}`,
  (char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase()),
  // Letters outside ASCII that become ASCII in another case.
  (char) => (char === 's' ? '%c5%bf' : char === 'k' ? '%e2%84%aa' : char === 'i' ? '%c4%b1' : char),
  (char) => String.fromCharCode(char.charCodeAt(0) | 0x80),
];

const BETWEEN = [
  ...[
    '//',
    '///',
    '/./',
    '/.//',
    '/x/../',
    '/;/',
    '/;x=1/',
    ';/',
    ';x=y/',
    '/%2e/',
    '/%2E%2F',
    '/x/%2e%2e/',
    '/x/.%2e/',
    '/x/%2e./',
  ],
  ...[
    '%2f',
    '%2F',
    '%5c',
    '\\',
    '/\\',
    '\\/',
    '/%5c/',
    '%252f',
    '%255c',
    '%c0%af',
    '%e0%80%af',
    '%u2215',
    '%u002f',
    '/x/..;/',
  ],
  ...[
    '/%00/',
    '/%20/',
    '/%09/',
    '%0a/',
    '/%0d%0a',
    '/x%2f../',
    '/x/..%2f',
    '/x/%252e%252e/',
    '/%c0%ae/',
    '/x/%c0%ae%c0%ae/',
  ],
];
const BEHIND = [
  ...[
    '/',
    '//',
    '/.',
    '/./',
    '/..',
    '/x/..',
    ';',
    ';x',
    ';x=y',
    ';/',
    '/;',
    '/..;/',
    '?',
    '??',
    '?/../x',
    '%3f',
    '%3fx',
    '%3F/../x',
  ],
  ...[
    '%23',
    '%23x',
    '#',
    '#x',
    '%00',
    '%00x',
    '%00.html',
    '%0a',
    '%0d',
    '%0d%0a',
    '%09',
    '%0b',
    '%0c',
    '%20',
    '%20%20',
    '%c2%a0',
    '%1f',
    '%7f',
  ],
  ...[
    '/%20',
    '%2f',
    '%2F',
    '%5c',
    '\\',
    '/%2e',
    '/%2e/',
    '/x/%2e%2e',
    '%3b',
    '%3bx',
    '%253b',
    '%2500',
    '%250a',
    '%2520',
    '%253f',
  ],
  ...[
    '&',
    '&x=1',
    '%26',
    ',',
    ':',
    '%',
    '%2',
    '%zz',
    '%u0020',
    '%c0%80',
    '%ff',
    '\t',
    '\x7f',
    '\xa0',
    '\x85',
    '%e2%80%a8',
    '/%ef%bb%bf',
  ],
];
const BEFORE = [
  '/',
  '//',
  '/.',
  '/./',
  '/x/..',
  '/%2e',
  '/%2e%2e',
  '/..',
  '\\',
  '/\\',
  '%2f',
  '/;',
  '/;x',
  '/%20',
  '/%09',
  '/%00',
  '/%23',
  '/%3f',
  '.',
  '*',
];

/** Spellings of a path, none of them the path itself; `open` is one that the key may call. */
export function spellingsOf(path: string, open: string, draw: Random, random: number): string[] {
  const out = new Set<string>();
  for (let at = 1; at < path.length; at++) {
    const char = path[at] as string;
    for (const encode of ENCODINGS) out.add(path.slice(0, at) + encode(char) + path.slice(at + 1));
    if (char === '/') for (const other of BETWEEN) out.add(path.slice(0, at) + other + path.slice(at + 1));
  }
  for (const encode of ENCODINGS) out.add(`/${[...path.slice(1)].map(encode).join('')}`);
  for (const encode of ENCODINGS)
    out.add(`/${[...path.slice(1)].map((char) => (char === '/' ? char : encode(char))).join('')}`);
  for (const text of BEHIND) out.add(path + text);
  for (const text of BEFORE) out.add(text + path);
  const up = open.split('/').length - 1;
  for (const dots of [
    '..',
    '%2e%2e',
    '.%2e',
    '%2e.',
    '..;',
    '..;x',
    '%252e%252e',
    '%c0%ae%c0%ae',
    '..%00',
    '..%09',
    '..%20',
    '%u002e%u002e',
  ])
    for (const slash of ['/', '%2f', '\\', '%5c', '//', '%252f', '%c0%af', ';/'])
      out.add(open + `${slash}${dots}`.repeat(up) + path.replace('/', slash));
  for (const scheme of [
    'http://x',
    'HTTP://x',
    'https://x:443',
    'http://x:80',
    'http://x/',
    'http://x//',
    'http://x/.',
    'http://u@x',
    'ftp://x',
    '//x',
  ])
    out.add(scheme + path);
  for (const [a, b] of [
    [`${open}?`, ''],
    [`${open}#`, ''],
    [`${open}%00`, ''],
    [`${open}%0a`, ''],
    [`${open};`, ''],
    [`${open}?x=`, '&y'],
  ] as const)
    out.add(a + path + b);
  for (const filler of ['/'.repeat(3000), '/.'.repeat(2000), '/x/..'.repeat(1000)]) out.add(filler + path);
  for (const filler of [`/${'a'.repeat(6000)}`, '/'.repeat(3000), `?${'a'.repeat(6000)}`, '/x/..'.repeat(1000)])
    out.add(path + filler);
  for (let turn = 0; turn < random; turn++) out.add(mixed(path, draw));
  out.delete(path);
  return [...out];
}

/** Several of these at once. */
function mixed(path: string, draw: Random): string {
  let out = '';
  for (const [at, char] of [...path].entries()) {
    const chance = draw.int(1, 12);
    if (at === 0 || chance > 4) out += char;
    else if (char === '/') out += draw.oneOf(BETWEEN);
    else out += draw.oneOf(ENCODINGS)(char);
  }
  return (draw.int(1, 5) === 1 ? draw.oneOf(BEFORE) : '') + out + (draw.int(1, 3) === 1 ? draw.oneOf(BEHIND) : '');
}
