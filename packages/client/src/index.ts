// The public surface of @latchkey/client; it imports nothing from outside this package.

export { type CallOptions, type ClientOptions, createClient, type LatchkeyClient } from './client.js';
export { type FieldError, LatchkeyClientError } from './error.js';
export type {
  Budget,
  HeaderLines,
  Key,
  Reason,
  RenderedReply,
  Verification,
  VerifyBatchAnswer,
  VerifyBatchInput,
  VerifyInput,
} from './types.js';
