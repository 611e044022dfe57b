// Writes that share a transaction: what is asked for while one is written is committed together. What is written is the caller's business.

/**
 * One commit for all that wait. Each caller resolves to its own outcome once everything is durable, or all are told that nothing
 * was. One commit is under way at a time.
 */
export function groupCommit<Item, Outcome>(
  commit: (items: readonly Item[]) => Promise<readonly Outcome[]>,
): (item: Item) => Promise<Outcome> {
  interface Group {
    items: Item[];
    done: Promise<readonly Outcome[]>;
  }
  let open: Group | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const begin = (): Group => {
    const items: Item[] = [];
    const turn = Promise.all([last, new Promise((resolve) => setImmediate(resolve))]);
    const done = turn.then(() => {
      open = null;
      return commit(items);
    });
    last = done.catch(() => {});
    return { items, done };
  };
  return async (item) => {
    open ??= begin();
    const { items, done } = open;
    const at = items.push(item) - 1;
    return (await done)[at] as Outcome;
  };
}
