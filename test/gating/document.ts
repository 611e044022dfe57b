// Random JSON that an API might send, as a tree that keeps its spelling; and the same without hidden members, deleted by hand. It knows no engine.

import type { Random } from '../e2e/random.js';

/** A name is its JSON text, quotes included; `text` of a scalar likewise. */
export type Node =
  | { kind: 'scalar'; text: string }
  | { kind: 'list'; entries: Node[] }
  | { kind: 'object'; members: [name: string, value: Node][] };

/** Stands in everything that is hidden, in one of its spellings, and nowhere else: as bytes, each a character. */
export const MARKERS = ['LEAKED', '424242424242', 'L\0E\0A\0K', '\0L\0E\0A\0K'];
const HIDDEN_SCALARS = ['"LEAKED"', '"x LEAKED \\" \\\\ y"', '424242424242', '-424242424242e7', '"é LEAKED 日本"'];
const SCALARS = [
  ...['0', '-0', '1.0', '1e400', '-12.50E-7', '12345678901234567890123', 'true', 'false', 'null', '""', '"a"'],
  ...['"\\u0000\\/\\b"', '"é日本🔑\u2028"', '"{\\"contact\\":1}"', '"\\\\"', '"\\ud800"', '"],}"', '"data: {}\\n\\n"'],
];
const OTHER_NAMES = [
  'id',
  'a.b',
  '',
  'Contact',
  'contact_',
  'é',
  '__proto__',
  'constructor',
  'data',
  'toString',
  '🔑',
  ' ',
];
export const SECRET_NAMES = ['contact', 'email', 'geo', 'detail', 'deep', '$x', 'a-b', '@id'];

/** Dotted paths to hide, one to three names long. */
export const drawPaths = (draw: Random, count: number): string[] => [
  ...new Set(
    Array.from({ length: count }, () =>
      Array.from({ length: draw.int(1, 3) }, () => draw.oneOf(SECRET_NAMES)).join('.'),
    ),
  ),
];

export function drawDocument(draw: Random, hidden: readonly string[], root: 'any' | 'framed'): Node {
  let left = draw.oneOf([5, 30, 30, 30, 120, 600]);
  const chainIsHidden = (chain: readonly string[]): boolean => hitBy(chain, hidden).length > 0;
  const value = (depth: number, chain: readonly string[], gone: boolean): Node => {
    left--;
    const chance = left <= 0 || depth > 30 ? 10 : draw.int(1, depth === 0 ? 6 : 10);
    if (chance <= 4) {
      const members = Array.from({ length: draw.int(0, 6) }, (): [string, Node] => {
        const name = draw.int(1, 2) === 1 ? draw.oneOf(SECRET_NAMES) : draw.oneOf(OTHER_NAMES);
        const below = [...chain, name];
        return [spelled(draw, name), value(depth + 1, below, gone || chainIsHidden(below))];
      });
      if (members.length > 0 && draw.int(1, 6) === 1) members.push(draw.oneOf(members));
      return { kind: 'object', members };
    }
    if (chance <= 6) {
      return { kind: 'list', entries: Array.from({ length: draw.int(0, 5) }, () => value(depth + 1, chain, gone)) };
    }
    return { kind: 'scalar', text: draw.oneOf(gone ? HIDDEN_SCALARS : SCALARS) };
  };
  const drawn = value(root === 'framed' ? 0 : draw.int(0, 1), [], false);
  const framed: Node = root === 'framed' && drawn.kind === 'scalar' ? { kind: 'list', entries: [drawn] } : drawn;
  return draw.int(1, 25) === 1 ? nested(draw, framed) : framed;
}

/** The document far down in lists and objects. */
function nested(draw: Random, document: Node): Node {
  let node = document;
  for (let depth = draw.int(100, 800); depth > 0; depth--)
    node = depth % 3 === 0 ? { kind: 'object', members: [['"id"', node]] } : { kind: 'list', entries: [node] };
  return node;
}

/** A name as JSON, some of its letters escaped now and then. */
function spelled(draw: Random, name: string): string {
  if (draw.int(1, 5) > 1) return JSON.stringify(name);
  const units = Array.from({ length: name.length }, (_, at) => name.charCodeAt(at));
  const escaped = units.map((unit) => {
    const hex = unit.toString(16).padStart(4, '0');
    if (draw.int(1, 3) > 1 && unit >= 0x20 && unit < 0x7f && unit !== 0x22 && unit !== 0x5c)
      return String.fromCharCode(unit);
    return `\\u${draw.int(1, 2) === 1 ? hex : hex.toUpperCase()}`;
  });
  return `"${escaped.join('')}"`;
}

/** Writes a document; `space` stands between any two tokens. */
export function write(document: Node, space: () => string): string {
  const out: string[] = [];
  const waiting: (Node | string)[] = [document];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next === 'string') out.push(next);
    else if (next.kind === 'scalar') out.push(next.text);
    else {
      const parts: (Node | string)[] = [];
      const items = next.kind === 'list' ? next.entries.map((entry) => [entry]) : next.members.map(pair(space));
      for (const [at, item] of items.entries()) parts.push(...(at > 0 ? [space(), ',', space()] : [space()]), ...item);
      const [open, close] = next.kind === 'list' ? ['[', ']'] : ['{', '}'];
      waiting.push(close as string, space(), ...parts.reverse(), open as string);
    }
  }
  return out.join('');
}

const pair =
  (space: () => string) =>
  ([name, value]: [string, Node]): (Node | string)[] => [name, space(), ':', space(), value];

/** The hidden paths that end with the last name of a chain. */
const hitBy = (chain: readonly string[], hidden: readonly string[]): string[] =>
  hidden.filter((path) => {
    const names = path.split('.');
    return names.length <= chain.length && names.every((name, at) => name === chain[chain.length - names.length + at]);
  });

/** The document without its hidden members, and which of the paths were there, also below one that is gone. */
export function withoutHidden(document: Node, hidden: readonly string[]): { left: Node; omitted: string[] } {
  const there = new Set<string>();
  const walk = (node: Node, chain: readonly string[]): Node => {
    if (node.kind === 'scalar') return node;
    if (node.kind === 'list') return { kind: 'list', entries: node.entries.map((entry) => walk(entry, chain)) };
    const members: [string, Node][] = [];
    for (const [name, value] of node.members) {
      const below = [...chain, JSON.parse(name) as string];
      const hits = hitBy(below, hidden);
      for (const path of hits) there.add(path);
      const kept = walk(value, below);
      if (hits.length === 0) members.push([name, kept]);
    }
    return { kind: 'object', members };
  };
  const left = walk(document, []);
  return { left, omitted: hidden.filter((path) => there.has(path)) };
}

/** A JSON text without the space between its tokens: what is left keeps every letter of names and values. */
export function bare(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char !== '"') {
      if (!' \t\r\n'.includes(char)) out += char;
      continue;
    }
    const start = at;
    for (at++; text[at] !== '"' && at < text.length; at++) if (text[at] === '\\') at++;
    out += text.slice(start, at + 1);
  }
  return out;
}
