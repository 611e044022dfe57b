// Writes that share a transaction: what is asked for in one tick is committed together. What is written is the caller's business.

/** One fsync for all of a tick, and one outcome: each caller resolves once everything is durable, or is told that nothing was. */
export function groupCommit<Item>(commit: (items: readonly Item[]) => Promise<void>): (item: Item) => Promise<void> {
  let open: { items: Item[]; done: Promise<void> } | null = null;
  const begin = () => {
    const items: Item[] = [];
    const done = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        open = null;
        commit(items).then(resolve, reject);
      });
    });
    return { items, done };
  };
  return (item) => {
    open ??= begin();
    open.items.push(item);
    return open.done;
  };
}
