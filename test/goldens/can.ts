// What the product can do beyond deciding, limiting and answering. Tests of other capabilities are counted as pending.

import type { Capability } from './golden.js';

export const CAN: readonly Capability[] = [
  'concurrency',
  'credits',
  'field-gating',
  'idempotency',
  'in-flight-revocation',
  'key-routes',
  'sandbox',
];
