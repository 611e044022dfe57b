// A request as lines to paste: curl, JavaScript, Python. The key comes from wherever the caller says; no request is made here.

import type { JsonValue } from '../ports.js';
import type { Profile } from '../profile/schema.js';

export type Sample = Profile['samples'][number];

/** How the header value around the key reads: `Bearer <key>`, or the key alone. */
export function credentialHeader({ wire }: Pick<Profile, 'wire'>, key: string): [name: string, value: string] {
  const place = wire.credential;
  return 'scheme' in place ? ['Authorization', `${place.scheme} ${key}`] : ['X-Api-Key', key];
}

/** For a POSIX shell. `key` stands in double quotes, so that it may be a variable: `$API_KEY`. */
export function curl(
  profile: Pick<Profile, 'wire'>,
  base: string,
  key: string,
  { method, path, headers, body }: Sample,
  between = ' ',
): string {
  const [name, value] = credentialHeader(profile, key);
  const others = Object.entries({ ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers });
  const stream = typeof body === 'object' && body !== null && (body as { [name: string]: JsonValue }).stream === true;
  return [
    [`curl -s`, ...(stream ? ['-N'] : []), ...(method === 'GET' ? [] : [`-X ${method}`]), shellWord(base + path)].join(
      ' ',
    ),
    `-H "${name}: ${value}"`,
    ...others.map(([other, text]) => `-H ${quoted(`${other}: ${text}`)}`),
    ...(body === undefined ? [] : [`-d ${quoted(JSON.stringify(body))}`]),
  ].join(between);
}

/** For a module in Node or any runtime with fetch. `key`: an expression. */
export function javascript(profile: Pick<Profile, 'wire'>, base: string, key: string, sample: Sample): string {
  const { method, path, headers, body } = sample;
  const [name, value] = credentialHeader(profile, `\${${key}}`);
  const others = Object.entries({ ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers });
  const credential = value === `\${${key}}` ? key : `\`${value}\``;
  return [
    `const response = await fetch(${JSON.stringify(base + path)}, {`,
    ...(method === 'GET' ? [] : [`  method: ${JSON.stringify(method)},`]),
    '  headers: {',
    `    ${JSON.stringify(name)}: ${credential},`,
    ...others.map(([other, text]) => `    ${JSON.stringify(other)}: ${JSON.stringify(text)},`),
    '  },',
    ...(body === undefined ? [] : [`  body: JSON.stringify(${indented(literal(body, JS), 2)}),`]),
    '  signal: AbortSignal.timeout(15_000),',
    '});',
    'if (!response.ok) {',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are the example's.
    '  throw new Error(`HTTP ${response.status}: ${await response.text()}`);',
    '}',
    'console.log(await response.json());',
  ].join('\n');
}

/** For Python with requests. `key`: an expression. */
export function python(profile: Pick<Profile, 'wire'>, base: string, key: string, sample: Sample): string {
  const { method, path, headers, body } = sample;
  const [name, value] = credentialHeader(profile, `{${key}}`);
  const credential = value === `{${key}}` ? key : `f${JSON.stringify(value)}`;
  return [
    'import os',
    'import requests',
    '',
    'response = requests.request(',
    `    ${JSON.stringify(method)},`,
    `    ${JSON.stringify(base + path)},`,
    '    headers={',
    `        ${JSON.stringify(name)}: ${credential},`,
    ...Object.entries(headers).map(([other, text]) => `        ${JSON.stringify(other)}: ${JSON.stringify(text)},`),
    '    },',
    ...(body === undefined ? [] : [`    json=${indented(literal(body, PYTHON), 4)},`]),
    '    timeout=15,',
    ')',
    'response.raise_for_status()',
    'print(response.json())',
  ].join('\n');
}

interface Words {
  indent: string;
  true: string;
  false: string;
  null: string;
}
const JS: Words = { indent: '  ', true: 'true', false: 'false', null: 'null' };
const PYTHON: Words = { indent: '    ', true: 'True', false: 'False', null: 'None' };

/** A JSON value as an expression of the language. */
function literal(value: JsonValue, words: Words): string {
  if (value === null) return words.null;
  if (typeof value === 'boolean') return value ? words.true : words.false;
  if (typeof value !== 'object') return JSON.stringify(value);
  const entries = Array.isArray(value)
    ? value.map((entry) => literal(entry, words))
    : Object.entries(value).map(([name, entry]) => `${JSON.stringify(name)}: ${literal(entry, words)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  if (entries.length === 0) return `${open}${close}`;
  const inner = entries.map((entry) => `${words.indent}${indented(entry, words.indent.length)},`);
  return [open, ...inner, close].join('\n');
}

/** The lines after the first, moved in. */
const indented = (text: string, by: number): string => text.replaceAll('\n', `\n${' '.repeat(by)}`);

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A word that a shell takes as it is, quoted only where it would not. */
const shellWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text));
