// Which keys the list shows and in what order: search, filters, sort, and generations under the newest. Pure.

import type { Key } from '@latchkey/client';
import { isUsable } from './usable';

export type StateFilter = 'all' | 'usable' | Key['state'];
export type SortBy = 'name' | 'createdAt' | 'lastUsedAt' | 'expiresAt';

export const STATES: readonly StateFilter[] = ['all', 'usable', 'active', 'grace', 'disabled', 'revoked', 'expired'];
export const SORTS: readonly SortBy[] = ['createdAt', 'lastUsedAt', 'name', 'expiresAt'];

export interface Wanted {
  search: string;
  state: StateFilter;
  mode: 'all' | Key['mode'];
  tier: string | null;
  sortBy: SortBy;
  descending: boolean;
}

export const EVERYTHING: Wanted = {
  search: '',
  state: 'all',
  mode: 'all',
  tier: null,
  sortBy: 'createdAt',
  descending: true,
};

/** A key with all its generations: the newest stands for it. */
export interface KeyGroup {
  newest: Key;
  /** Newest first, without the newest. */
  older: Key[];
}

/** One group for each family, in the order in which their first key stands. */
export function groupGenerations(keys: readonly Key[]): KeyGroup[] {
  const families = new Map<string, Key[]>();
  for (const key of keys) {
    const family = families.get(key.familyId);
    if (family === undefined) families.set(key.familyId, [key]);
    else family.push(key);
  }
  return [...families.values()].map((family) => {
    if (family.length > 1) family.sort((a, b) => b.generation - a.generation);
    const [newest, ...older] = family as [Key, ...Key[]];
    return { newest, older };
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant.
const ASCII = /^[\u0000-\u007f]*$/;

/** Lower case, without accents: what a person types finds what a person wrote. */
export function plain(text: string): string {
  // Most names; taking text apart is what costs.
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase();
}

// A key object is replaced when the key changes, so what was read of it stays true as long as it lives.
const texts = new WeakMap<Key, { name: string; all: string }>();
function textOf(key: Key) {
  const known = texts.get(key);
  if (known !== undefined) return known;
  const name = plain(key.name);
  const all =
    `${name}\n${key.prefix}${key.hint}\n${key.prefix}…${key.hint}\n${key.id}\n${key.lastUsedIp ?? ''}\n${plain(key.environment ?? '')}\n${plain(key.ownerId ?? '')}`.toLowerCase();
  const made = { name, all };
  texts.set(key, made);
  return made;
}

/** Reads keys for the search as they arrive, so that the first letter typed has not to do it for all of them at once. */
export function readForSearch(keys: readonly Key[]): void {
  for (const key of keys) textOf(key);
}

/** What is pasted into the search may be a whole secret: it finds its key by both ends, and goes nowhere. */
function isWholeSecret(search: string, { prefix, hint }: Key): boolean {
  return search.length >= prefix.length + 24 && search.startsWith(prefix) && search.endsWith(hint);
}

function fits(key: Key, wanted: Wanted, words: readonly string[]): boolean {
  if (wanted.state === 'usable' ? !isUsable(key) : wanted.state !== 'all' && key.state !== wanted.state) return false;
  if (wanted.mode !== 'all' && key.mode !== wanted.mode) return false;
  if (wanted.tier !== null && key.tier !== wanted.tier) return false;
  if (words.length === 0) return true;
  const { all } = textOf(key);
  return words.every((word) => all.includes(word)) || isWholeSecret(wanted.search.trim(), key);
}

/** Groups of which any generation is wanted. */
export function filterGroups(groups: readonly KeyGroup[], wanted: Wanted): KeyGroup[] {
  const words = plain(wanted.search).split(/\s+/).filter(Boolean);
  return groups.filter(
    ({ newest, older }) => fits(newest, wanted, words) || older.some((key) => fits(key, wanted, words)),
  );
}

/** Keys without a time (never used, never expiring) stand last, whichever way it goes. */
export function sortGroups(groups: readonly KeyGroup[], { sortBy, descending }: Wanted): KeyGroup[] {
  const way = descending ? -1 : 1;
  const sortedBy = ({ newest }: KeyGroup) => (sortBy === 'name' ? textOf(newest).name : newest[sortBy]);
  const rows = groups.map((group) => ({ group, value: sortedBy(group) }));
  rows.sort((a, b) => {
    if (a.value === b.value) return 0;
    if (a.value === null) return 1;
    if (b.value === null) return -1;
    return a.value < b.value ? -way : way;
  });
  return rows.map(({ group }) => group);
}

export type KeyRow = { kind: 'newest'; key: Key; older: number; isOpen: boolean } | { kind: 'older'; key: Key };

/** The rows as they stand below each other: a group's older generations follow it where it is open. */
export function rowsOf(groups: readonly KeyGroup[], opened: ReadonlyMap<string, boolean>): KeyRow[] {
  return groups.flatMap(({ newest, older }): KeyRow[] => {
    // One that is still valid is not to be overlooked.
    const isOpen = opened.get(newest.familyId) ?? older.some(isUsable);
    const row: KeyRow = { kind: 'newest', key: newest, older: older.length, isOpen };
    return isOpen ? [row, ...older.map((key): KeyRow => ({ kind: 'older', key }))] : [row];
  });
}
