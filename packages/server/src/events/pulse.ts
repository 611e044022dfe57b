// Whether a connection still answers: asked at intervals, and given up when it does not. What the connection is, is not known here.

import type { Scheduler } from '@latchkey/core';

const ASK_MS = 5_000;
const ANSWER_MS = 2_000;

/** Asks until it is called off. A connection that does not answer in time, or fails to, is `lost`, once. */
export function watchPulse(scheduler: Scheduler, ask: () => Promise<unknown>, lost: () => void): () => void {
  let cancel = (): void => {};
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    cancel();
    lost();
  };
  const again = (): void => {
    cancel = scheduler.after(ASK_MS, () => {
      cancel = scheduler.after(ANSWER_MS, end);
      ask().then(() => {
        cancel();
        if (!isOver) again();
      }, end);
    });
  };
  again();
  return () => {
    isOver = true;
    cancel();
  };
}
