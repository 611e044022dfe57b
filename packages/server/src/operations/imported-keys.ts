// Whether keys of foreign shape exist. Asked on every lookup, so the answer is remembered until keys are imported.

import type { Store } from '@latchkey/core';

export interface ImportedKeys {
  any(): Promise<boolean> | boolean;
  /** Keys were imported: remembered from now on. */
  added(): void;
}

export function createImportedKeys(store: Store): ImportedKeys {
  let known: boolean | null = null;
  return {
    any: () =>
      known ??
      store.keys.anyImported().then((any) => {
        known ||= any;
        return known;
      }),
    added: () => {
      known = true;
    },
  };
}
