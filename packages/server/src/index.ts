// The public face of @latchkey/server: Latchkey in process. Importing it starts nothing.

export { LatchkeyError, type Profile, type Reason } from '@latchkey/core';
export { loadProfile, shippedProfiles } from './config/load-profile.js';
export { createLatchkey, type Latchkey, type LatchkeySettings, type RingSource } from './latchkey.js';
export type { IdempotentCall, IdempotentResult, WorkAnswer } from './operations/idempotent-call.js';
