// The two models of keys: which named calls belong to one of them, and what to call on the other. Pure.

import type { KeyModel } from '../ports.js';

interface ModelCall {
  model: KeyModel;
  /** What a caller with a key of the other model is told. */
  instead: string;
}

/** Calls that are not here serve both models. */
const MODEL_CALLS = {
  rotateKey: {
    model: 'legacy',
    instead:
      'This key is of the v2 model: make the next key with CreateAPIKey, move your traffic to it, then end this one with RevokeAPIKey.',
  },
  revokeKey: {
    model: 'v2',
    instead:
      'This key is of the legacy model: replace it with RotateAPIKey, which ends it at once. To end it without a successor, call POST /v1/keys/:keyId/revoke.',
  },
} as const satisfies Record<string, ModelCall>;

/** Why a call that is held to its own model refuses a key, in words for the caller; null: it is of that model. */
export function otherModel(call: keyof typeof MODEL_CALLS, model: KeyModel): string | null {
  const { model: own, instead } = MODEL_CALLS[call];
  return own === model ? null : instead;
}
