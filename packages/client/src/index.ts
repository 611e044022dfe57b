// The public surface of @latchkey/client; it imports nothing from outside this package.

export { type CallOptions, type ClientOptions, createClient, type LatchkeyClient } from './client.js';
export { type FieldError, LatchkeyClientError } from './error.js';
export type * from './generated/operations.js';
export {
  createManagementClient,
  type ManagementClient,
  type ManagementClientOptions,
  type ManagementCredential,
} from './management.js';
export type { ManagementCallOptions } from './management-call.js';
export { paginate } from './paginate.js';
export type {
  HeaderLines,
  Reason,
  RenderedReply,
  Verification,
  VerifyBatchAnswer,
  VerifyBatchInput,
  VerifyInput,
} from './types.js';
