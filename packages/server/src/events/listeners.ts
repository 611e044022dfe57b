// Who hears of changes in this process. Where a change comes from is not known here.

import type { Change } from '@latchkey/core';

export interface Listeners {
  subscribe(listener: (change: Change) => void): () => void;
  /** Every listener hears every change, in order, before this returns. */
  tell(changes: readonly Change[]): void;
}

/** A listener that throws does not keep the others from hearing; its error goes to `onError`. */
export function createListeners(onError: ((error: unknown, change: Change) => void) | undefined): Listeners {
  let listeners: readonly ((change: Change) => void)[] = [];
  return {
    tell(changes) {
      for (const change of changes) {
        for (const listener of listeners) {
          try {
            listener(change);
          } catch (error) {
            onError?.(error, change);
          }
        }
      }
    },
    subscribe(listener) {
      const own = (change: Change) => listener(change);
      listeners = [...listeners, own];
      return () => {
        listeners = listeners.filter((one) => one !== own);
      };
    },
  };
}
