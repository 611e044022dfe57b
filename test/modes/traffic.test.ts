// Nothing of a test key's traffic is on disk: no table has another row, or a row with another value, than before.

import { expect, it } from 'vitest';
import { testTraffic } from './traffic.js';

it('2,500 test requests over every kind of route change no row, and none reaches the live upstream', async () => {
  const { sent, answers, changed, tables, live } = await testTraffic(2_500);
  console.log(`test traffic: ${JSON.stringify(sent)} answered ${JSON.stringify(answers)}, ${tables.length} tables`);
  expect(tables).toEqual(
    expect.arrayContaining([
      'keys',
      'usage_hours',
      'quota_days',
      'leases',
      'idempotency',
      'denials',
      'key_observations',
    ]),
  );
  expect(changed).toEqual([]);
  expect(live).toBe(0);
  // The traffic was what it is meant to be: answered, refused and failed.
  for (const status of ['200', '202', '401', '402', '403', '422', '429', '500', '503', 'call']) {
    expect(answers[status], status).toBeGreaterThan(0);
  }
});
