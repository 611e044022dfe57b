// What a caller may add to one call of the management API.

import type { CallOptions } from './client.js';

export interface ManagementCallOptions extends CallOptions {
  /**
   * 16 to 255 characters that nobody can guess, such as a UUID. Of an operation that takes it, a retry with the same one
   * gets the first answer; then the client tries again by itself where it could not do so otherwise. Others ignore it.
   */
  idempotencyKey?: string | undefined;
}
