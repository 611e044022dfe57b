// Walking over all keys of some tiers, page by page, so that neither memory nor one query has to hold them.

import type { Cursor, KeyRecord, Page, StoreView } from '@latchkey/core';

const AT_ONCE = 200;

/** Keys on any of the tiers (null: on none) that could still pass, newest first. */
export async function* everyKeyOn(
  view: Pick<StoreView, 'keys'>,
  tiers: readonly (string | null)[],
  now: number,
): AsyncGenerator<KeyRecord[]> {
  let after: Cursor | null = null;
  do {
    const page: Page<KeyRecord> = await view.keys.onTiers(tiers, now, { limit: AT_ONCE, after });
    yield page.rows;
    after = page.next;
  } while (after !== null);
}
