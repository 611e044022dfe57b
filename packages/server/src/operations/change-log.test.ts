// A fence that forgets must close, not open: what is not remembered any more counts as changed.

import { expect, it } from 'vitest';
import { createChangeLog } from './change-log.js';

it('tells what changed after a position, for each subject by itself', () => {
  const log = createChangeLog();
  log.note('a', 1);
  log.note('b', 2);
  expect(log.touchedSince(['a'], 0)).toBe(true);
  expect(log.touchedSince(['a'], 1)).toBe(false);
  expect(log.touchedSince(['x', 'b'], 1)).toBe(true);
  log.note('a', 3);
  expect(log.touchedSince(['a'], 2)).toBe(true);
});

it('of positions that it has forgotten something of says that all may have changed', () => {
  const log = createChangeLog();
  log.note('first', 1);
  for (let position = 2; position <= 10_001; position++) log.note(`id ${position}`, position);
  expect(log.touchedSince(['first'], 0)).toBe(true);
  expect(log.touchedSince(['unrelated'], 0)).toBe(true);
  expect(log.touchedSince(['unrelated'], 1)).toBe(false);
});
