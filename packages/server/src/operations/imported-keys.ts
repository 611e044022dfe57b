// Whether keys of foreign shape exist. Asked on every lookup, so the answer is remembered; an import anywhere changes it.

import type { Change, ChangeFeed, Store } from '@latchkey/core';

export interface ImportedKeys {
  any(): Promise<boolean> | boolean;
  apply(change: Change): void;
}

export function createImportedKeys(store: Pick<Store, 'keys'>, feed: Pick<ChangeFeed, 'trusts'>): ImportedKeys {
  let known: boolean | null = null;
  /** Counts what bears on it: an answer that was read before is not kept. */
  let position = 0;

  async function read(): Promise<boolean> {
    const before = position;
    const any = await store.keys.anyImported();
    if (position === before) known = any;
    return any || known === true;
  }

  return {
    // That there are some stays true enough: it only costs a lookup. That there are none has to be so now.
    any: () => (known === true || (known === false && feed.trusts()) ? known : read()),
    apply({ subject }) {
      if (subject !== 'imported_keys' && subject !== 'all') return;
      position++;
      known = subject === 'imported_keys' ? true : null;
    },
  };
}
