// Repeatable randomness for tests: the same seed draws the same things. LATCHKEY_SEED replays a run.

import { createHash, randomInt } from 'node:crypto';

export interface Random {
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number;
  oneOf<T>(list: readonly T[]): T;
  /** `length` characters of base 62. */
  word(length: number): string;
  /** What somebody might call a key: words, marks, accents, signs outside the basic plane. */
  name(): string;
}

/** The seeds of this run: those in LATCHKEY_SEED (comma-separated), else new ones. */
export function seeds(count: number): number[] {
  const given = process.env.LATCHKEY_SEED?.match(/\d+/g)?.map(Number) ?? [];
  return given.length > 0 ? given : Array.from({ length: count }, () => randomInt(1, 1_000_000));
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const WORDS = [
  'Production',
  'staging',
  'CI <main>',
  'Büro',
  "O'Neil",
  '日本',
  'key #7',
  '"quoted"',
  '🔑',
  'a/b',
  '{x}',
];

/** Draws for one purpose of one seed, so that tests that run side by side do not disturb each other. */
export function randomOf(seed: number, purpose: string): Random {
  let state = createHash('sha256').update(`${seed}/${purpose}`).digest().readUInt32LE(0);
  // mulberry32
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (min: number, max: number): number => min + Math.floor(fraction() * (max - min + 1));
  const oneOf = <T>(list: readonly T[]): T => list[int(0, list.length - 1)] as T;
  const word = (length: number): string => Array.from({ length }, () => oneOf([...BASE62])).join('');
  const name = (): string => Array.from({ length: int(1, 4) }, () => oneOf(WORDS)).join(' ');
  return { int, oneOf, word, name };
}
