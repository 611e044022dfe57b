// Random answers of an upstream, in every shape that HTTP allows and some that it does not, with what may reach the caller. It knows no engine.

import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type Random, randomOf } from '../e2e/random.js';
import { bare, drawDocument, withoutHidden, write } from './document.js';

export interface Sent {
  status: number;
  head: Record<string, string>;
  /** Written one by one; after the last the answer ends, or is torn off. */
  pieces: Buffer[];
  torn: boolean;
  /** Milliseconds between pieces; 0: a turn of the loop. */
  pauseMs: number;
}

/** What must come of it: refused, or judged by how it reads. `cut`: it may end early, and then without its end. */
export type Due =
  /** Refused, unless no hidden name is in it however it is read. */
  | { kind: 'refused'; innocent: boolean }
  | { kind: 'whole'; text: string; mark: boolean; omitted: string[]; status: number }
  | { kind: 'parts'; parts: string[]; cut: boolean; read: (text: string) => string[] };

export interface Case {
  name: string;
  sent: Sent;
  due: Due;
}

const JSON_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'Application/JSON;Charset="UTF-8"',
  'text/json',
  'application/problem+json',
  'application/vnd.api+json',
];
/** Under these JSON is gated all the same, when it is an object or a list. */
const OTHER_TYPES = ['text/plain', 'text/html; charset=utf-8', 'application/octet-stream', 'application/x-thing', ''];

export function drawCase(seed: number, number: number, hidden: readonly string[]): Case {
  const draw = randomOf(seed, `gating case ${number}`);
  const made = draw.oneOf([whole, whole, whole, whole, coded, events, lines, unreadable, unreadable])(draw, hidden);
  return { ...made, name: `${made.name}, LATCHKEY_SEED=${seed}, case ${number}, hidden: ${hidden.join(' ')}` };
}

const spaces = (draw: Random): (() => string) => {
  const kind = draw.int(1, 3);
  if (kind === 1) return () => '';
  return kind === 2 ? () => draw.oneOf(['', ' ']) : () => draw.oneOf(['', ' ', '\n', '\r\n', '\t', '  \n\t ']);
};

function cutUp(draw: Random, bytes: Buffer): Buffer[] {
  const most = draw.oneOf([1, 2, 5, 40]);
  const at = [...new Set(Array.from({ length: draw.int(0, most) }, () => draw.int(0, bytes.length)))].sort(
    (a, b) => a - b,
  );
  return [...at, bytes.length]
    .map((end, index) => bytes.subarray(at[index - 1] ?? 0, end))
    .filter(({ length }) => length > 0);
}

function framed(draw: Random, status: number, type: string, bytes: Buffer, more: Record<string, string> = {}): Sent {
  return {
    status,
    head: {
      ...(type !== '' && { 'content-type': type }),
      ...(draw.int(1, 2) === 1 && { 'content-length': String(bytes.length) }),
      ...(draw.int(1, 4) === 1 && { etag: '"1"', 'content-digest': 'sha-256=:x:' }),
      ...more,
    },
    pieces: cutUp(draw, bytes),
    torn: false,
    pauseMs: draw.oneOf([0, 0, 0, 1]),
  };
}

/** JSON under a type that says so, or under another. */
function jsonText(draw: Random, hidden: readonly string[]) {
  const type = draw.int(1, 5) === 1 ? draw.oneOf(OTHER_TYPES) : draw.oneOf(JSON_TYPES);
  const root = OTHER_TYPES.includes(type) ? 'framed' : 'any';
  const document = drawDocument(draw, hidden, root);
  const space = spaces(draw);
  const mark = draw.int(1, 20) === 1;
  const text = `${mark ? '\ufeff' : ''}${space()}${write(document, space)}${space()}`;
  const { left, omitted } = withoutHidden(document, hidden);
  const status = draw.oneOf([200, 200, 200, 201, 404, 500]);
  const due: Due = { kind: 'whole', text: write(left, () => ''), mark, omitted, status };
  return { type, text, status, due };
}

function whole(draw: Random, hidden: readonly string[]): Case {
  const { type, text, status, due } = jsonText(draw, hidden);
  return { name: 'whole', sent: framed(draw, status, type, Buffer.from(text)), due };
}

const CODINGS: readonly [string, (bytes: Buffer) => Buffer][] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZIP', gzipSync],
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['identity', (bytes) => bytes],
];

function coded(draw: Random, hidden: readonly string[]): Case {
  const { type, text, status, due } = jsonText(draw, hidden);
  const [coding, encode] = draw.oneOf(CODINGS);
  const sent = framed(draw, status, type, encode(Buffer.from(text)), { 'content-encoding': coding });
  return { name: `coded with ${coding}`, sent, due };
}

/** Something that a reader of events or lines must stop at. */
const BAD_DATA = [
  'LEAKED',
  '{"contact":"LEAKED"',
  "{'contact':'LEAKED'}",
  '{"a":1}{"contact":"LEAKED"}',
  '[DONE] LEAKED',
  'NaN',
];

function events(draw: Random, hidden: readonly string[]): Case {
  const end = draw.oneOf(['\n', '\r\n', '\r']);
  const parts: string[] = [];
  let text = draw.int(1, 15) === 1 ? '\ufeff' : '';
  let cut = false;
  for (let made = draw.int(1, 6); made > 0 && !cut; made--) {
    const named = draw.oneOf(['', `event: creator${end}`, `id:7${end}retry: 5${end}`, `: a word${end}`]);
    const bad = draw.int(1, 25) === 1;
    const document = drawDocument(draw, hidden, 'any');
    // A line end within JSON becomes another line of data.
    const payload = bad ? draw.oneOf(BAD_DATA) : write(document, () => draw.oneOf(['', ' ', '', '\n']));
    const data = payload.split('\n').map((line) => `data:${draw.oneOf([' ', ''])}${line}${end}`);
    text += `${draw.int(1, 2) === 1 ? named + data.join('') : data.join('') + named}${end}`;
    if (bad) cut = true;
    else parts.push(write(withoutHidden(document, hidden).left, () => ''));
    if (!bad && draw.int(1, 8) === 1) {
      text += `data: [DONE]${end}${end}`;
      parts.push('[DONE]');
    }
  }
  const type = draw.oneOf(['text/event-stream', 'text/event-stream; charset=utf-8', 'TEXT/Event-Stream']);
  return {
    name: 'events',
    sent: framed(draw, 200, type, Buffer.from(text)),
    due: { kind: 'parts', parts, cut, read: dataOf },
  };
}

/** The data of each event, read as the HTML standard §9.2.6 says. */
function dataOf(text: string): string[] {
  const found: string[] = [];
  let data: string[] = [];
  for (const line of text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)) {
    if (line === '' && data.length > 0) {
      found.push(bare(data.join('\n')));
      data = [];
    } else if (line === 'data') data.push('');
    else if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5));
  }
  return found;
}

function lines(draw: Random, hidden: readonly string[]): Case {
  const parts: string[] = [];
  let text = '';
  let cut = false;
  const count = draw.int(1, 8);
  for (let made = 0; made < count && !cut; made++) {
    cut = draw.int(1, 25) === 1;
    const document = drawDocument(draw, hidden, 'any');
    const payload = cut ? draw.oneOf(BAD_DATA) : write(document, () => draw.oneOf(['', ' ', '\t']));
    const end = made === count - 1 ? draw.oneOf(['\n', '\r\n', '']) : draw.oneOf(['\n', '\r\n', '\n\n']);
    text += payload + end;
    if (!cut) parts.push(write(withoutHidden(document, hidden).left, () => ''));
  }
  const type = draw.oneOf(['application/x-ndjson', 'application/jsonl', 'application/ndjson; charset=utf-8']);
  const read = (heard: string): string[] =>
    heard
      .split('\n')
      .map(bare)
      .filter((line) => line !== '');
  return { name: 'lines', sent: framed(draw, 200, type, Buffer.from(text)), due: { kind: 'parts', parts, cut, read } };
}

/** A document with one hidden member and little else. */
const leakAt = (path: string): string =>
  path.split('.').reduceRight((inner, name) => `{"id":1,"${name}":${inner}}`, '"LEAKED"');

/** What nobody can read for certain. */
function unreadable(draw: Random, hidden: readonly string[]): Case {
  const path = draw.oneOf(hidden);
  const name = path.split('.').at(-1) as string;
  const LEAK = leakAt(path);
  const json = draw.int(1, 3) === 1 ? LEAK : write(drawDocument(draw, hidden, 'framed'), spaces(draw));
  const names = hidden.map((each) => each.slice(each.lastIndexOf('.') + 1));
  const refused = (what: string, sent: Sent): Case => {
    const body = Buffer.concat(sent.pieces);
    const innocent = !body.includes('\\') && !body.includes(0) && names.every((each) => !body.includes(each));
    return { name: what, sent, due: { kind: 'refused', innocent } };
  };
  const text = (
    name: string,
    body: string | Buffer,
    type = 'application/json',
    more: Record<string, string> = {},
    status = 200,
  ): Case => refused(name, framed(draw, status, type, Buffer.from(body as string), more));
  const utf16 = Buffer.from(json, 'utf16le');
  const short = Buffer.from(json).subarray(0, draw.int(1, Math.max(1, Buffer.byteLength(json.trimEnd()) - 1)));
  const squeezed = gzipSync(json);
  const boundary = `--b\r\ncontent-type: application/json\r\n\r\n${json}\r\n--b--\r\n`;
  return draw.oneOf<() => Case>([
    () => text('cut short', short),
    () => text('cut short, an error', short, 'application/json', {}, 500),
    () => text('garbage behind it', `${json}${draw.oneOf(['x', '}', ',', ']', '\0', ';LEAKED', '\u00a0'])}`),
    () => text('two documents', `${json}${draw.oneOf(['', ' ', '\n'])}${LEAK}`),
    () => text('UTF-16', draw.oneOf([utf16, Buffer.from(utf16).swap16()])),
    () =>
      text(
        'UTF-16 with a mark',
        Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
        draw.oneOf(['application/json', 'image/png', '']),
      ),
    () => text('UTF-16 that says so', utf16, 'application/json; charset=utf-16le'),
    () => text('UTF-16 that says UTF-8', utf16, 'application/json; charset=utf-8'),
    () => text('UTF-32', Buffer.from([...LEAK].flatMap((char) => [char.charCodeAt(0), 0, 0, 0]))),
    () => text('latin1', Buffer.from(LEAK.replace('id', 'é'), 'latin1')),
    () => text('two marks', `\ufeff\ufeff${LEAK}`),
    () => text('gzip that is none', json, 'application/json', { 'content-encoding': 'gzip' }),
    () => text('gzip under no name', squeezed),
    () =>
      text('gzip cut short', squeezed.subarray(0, draw.int(1, squeezed.length - 1)), 'application/json', {
        'content-encoding': 'gzip',
      }),
    () => text('an unknown coding', json, 'application/json', { 'content-encoding': 'zstd' }),
    () => text('two codings', brotliCompressSync(squeezed), 'application/json', { 'content-encoding': 'gzip, br' }),
    () =>
      text('a coding under another name', brotliCompressSync(json), 'application/json', { 'content-encoding': 'gzip' }),
    () => text('a coded stream', gzipSync(`data: ${LEAK}\n\n`), 'text/event-stream', { 'content-encoding': 'gzip' }),
    () => text('a picture that is JSON', LEAK, draw.oneOf(['image/png', 'video/mp4', 'font/woff2'])),
    () => text('a part', json, 'application/json', { 'content-range': 'bytes 0-9/10' }, 206),
    () => text('parts', boundary, 'multipart/byteranges; boundary=b', {}, 206),
    () => text('several parts', boundary, draw.oneOf(['multipart/mixed; boundary=b', 'multipart/related; boundary=b'])),
    () => text('a difference', json, 'application/json', { im: 'feed' }, 226),
    () => text('CSV', `id,${name}\n1,LEAKED\n`, 'text/csv'),
    () =>
      text(
        'XML',
        `<a><${name}>LEAKED</${name}></a>`,
        draw.oneOf(['application/xml', 'text/xml', 'application/atom+xml']),
      ),
    () =>
      text(
        'text',
        `${name}: LEAKED`,
        draw.oneOf(['text/plain', 'text/html', 'application/yaml', 'application/msgpack', '']),
      ),
    () =>
      text('a callback', `cb(${LEAK})`, draw.oneOf(['text/javascript', 'application/json', 'application/javascript'])),
    () => text('JSON5', `{"${name}":'LEAKED',}`, draw.oneOf(['application/json', 'application/json5'])),
    () => text('a guarded array', `)]}',\n[${LEAK}]`),
    () => refused('torn off', { ...framed(draw, 200, 'application/json', Buffer.from(LEAK)), torn: true }),
    () =>
      refused('torn off in the middle', {
        ...framed(draw, 200, 'application/json', Buffer.from(LEAK.slice(0, draw.int(1, LEAK.length - 1)))),
        torn: true,
      }),
  ])();
}

export const sameDocument = (heard: string, expected: string): boolean => bare(heard) === expected;
