// Guarantees of a list that is read to its end: a link to any of its rows finds it, and a list without an end ends.

import { expect, it } from 'vitest';
import { readAll } from './list';

it('has the rows of every page, in their order', async () => {
  const pages: Record<string, { data: string[]; nextCursor: string | null }> = {
    '': { data: ['one', 'two'], nextCursor: 'b' },
    b: { data: [], nextCursor: 'c' },
    c: { data: ['three'], nextCursor: null },
  };
  expect(await readAll(async (cursor = '') => pages[cursor] as (typeof pages)[string])).toEqual(['one', 'two', 'three']);
});

it('stops where nobody could choose any more', async () => {
  const rows = await readAll(async () => ({ data: Array.from({ length: 100 }, (_, at) => at), nextCursor: 'more' }));
  expect(rows).toHaveLength(2000);
});
