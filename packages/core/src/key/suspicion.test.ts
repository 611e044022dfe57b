// Each signal, on both sides of its bound.

import { expect, it } from 'vitest';
import { type KeyActivity, mayBeSuspicious, suspicionsOf, UNUSED_HOUR, withOutcome } from './suspicion.js';

const quiet: KeyActivity = { hour: UNUSED_HOUR, earlier: [], networks: [], knownNetworks: [] };
const signals = (more: Partial<KeyActivity>) => suspicionsOf({ ...quiet, ...more }).map(({ signal }) => signal);
const hour = (requests: number, denied = 0, dead = 0) => ({ requests, denied, dead });
const many = (count: number) => Array.from({ length: count }, (_, at) => `10.0.${at}.0/24`);

it.each([
  ['use from its first network', { networks: many(1) }, []],
  ['use from a network it knows', { networks: many(1), knownNetworks: many(2) }, []],
  ['use from another network', { networks: many(3), knownNetworks: many(2) }, ['new_network']],
  ['use from another network by a key that is used from everywhere', { networks: ['x'], knownNetworks: many(100) }, []],
  ['ten times the usual hour', { hour: hour(200), earlier: [20, 10, 30] }, ['unusual_volume']],
  ['less than ten times', { hour: hour(199), earlier: [20, 10, 30] }, []],
  ['ten times of next to nothing', { hour: hour(99), earlier: [1, 1, 1] }, []],
  ['ten times what was seen for two hours', { hour: hour(1_000), earlier: [1, 1] }, []],
  ['a fifth refused', { hour: hour(20, 4) }, ['many_denials']],
  ['less than a fifth refused', { hour: hour(100, 19) }, []],
  ['refusals among few requests', { hour: hour(19, 19) }, []],
  ['one use of a key that is over', { hour: hour(1, 1, 1) }, ['dead_key_used']],
  ['only uses of a key that is over', { hour: hour(500, 500, 500) }, ['dead_key_used']],
] as const)('%s', (_, more, expected) => {
  expect(signals(more)).toEqual(expected);
  if ('hour' in more && expected.length > 0) expect(mayBeSuspicious(more.hour)).toBe(true);
});

it('counts every refusal, and those of a key that is over apart', () => {
  let counted = UNUSED_HOUR;
  for (const outcome of ['allowed', 'rate_limited', 'revoked_key', 'rotated_key', 'expired_key', 'disabled_key'])
    counted = withOutcome(counted, outcome, 2);
  expect(counted).toEqual({ requests: 12, denied: 10, dead: 6 });
});
