// Writes that share a transaction: what is asked for while one is written is committed together. What is written is the caller's business.

/**
 * One commit for all that wait, and one outcome: each caller resolves once everything is durable, or is told that nothing was.
 * One commit is under way at a time.
 */
export function groupCommit<Item>(commit: (items: readonly Item[]) => Promise<void>): (item: Item) => Promise<void> {
  interface Group {
    items: Item[];
    done: Promise<void>;
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
  return (item) => {
    open ??= begin();
    open.items.push(item);
    return open.done;
  };
}
