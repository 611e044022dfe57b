// The traffic of a test key at length.

import { expect, it } from 'vitest';
import { testTraffic } from '../modes/traffic.js';

it('10,000 test requests over every kind of route change no row, and none reaches the live upstream', async () => {
  const { sent, answers, changed, tables, live } = await testTraffic(10_000);
  console.log(`test traffic: ${JSON.stringify(sent)} answered ${JSON.stringify(answers)}, ${tables.length} tables`);
  expect([changed, live]).toEqual([[], 0]);
});
