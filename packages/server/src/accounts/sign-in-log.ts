// What happens around sign-in, told to the audit log. It comes after the fact: a sign-in that could not be written down has happened all the same.

import type { Actor, JsonObject } from '@latchkey/core';
import { ANONYMOUS } from '../operations/authenticate.js';
import { commitChange } from '../operations/commit-change.js';
import type { Services } from '../operations/services.js';

export type SignInEvent =
  | 'signUp'
  | 'signIn'
  | 'signInFailed'
  | 'signOut'
  | 'addFactor'
  | 'removeFactor'
  | 'makeBackupCodes'
  | 'changePassword'
  | 'resetPassword'
  | 'verifyEmail'
  | 'askEmailChange';

export interface Told {
  event: SignInEvent;
  userId: string;
  /** Of whoever is signed in; of everybody else only the account is known that they are at. */
  bySelf: boolean;
  sessionId?: string;
  requestId: string;
  changes?: JsonObject;
}

export type SignInLog = (told: Told) => Promise<void>;

export function createSignInLog(services: Services): SignInLog {
  return async ({ event, userId, bySelf, sessionId, requestId, changes = {} }) => {
    const actor: Actor = bySelf ? { type: 'user', id: userId, permissions: [] } : ANONYMOUS;
    const target =
      sessionId === undefined ? { type: 'user' as const, id: userId } : { type: 'session' as const, id: sessionId };
    try {
      await commitChange(services, { actor, requestId, idempotencyKey: null }, async () => ({
        value: undefined,
        audit: [{ action: event, target, organizationId: null, changes }],
      }));
    } catch (cause) {
      services.telemetry.log('error', 'sign_in_not_audited', { event, requestId, cause });
    }
  };
}
