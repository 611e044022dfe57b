// Work that runs one after another, in the order it was asked for. It knows no database.

/** Each call waits for the ends, good or bad, of those before it. */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => {});
    return mine;
  };
}
