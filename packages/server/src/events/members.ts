// Which nodes serve one database now, by watching their beats. No two clocks are compared, and nothing is decided about a node here but that.

import type { Members, Scheduler, StoreView, Telemetry } from '@latchkey/core';

const BEAT_MS = 2_000;
/** A node whose beat was seen standing still for so long is dead. */
const DEAD_AFTER_MS = 15_000;
/** What one look adds at most to how long a beat stood still: while nobody could look, nobody could beat either. */
const MOST_OF_A_LOOK_MS = 2 * BEAT_MS;
/** What a node may serve beyond its last beat, on top of how long it trusts what it knows: a beat and its way. */
const BEAT_SLACK_MS = 5_000;
/** Rows of the dead are cleared away by whoever sees them so long. */
const FORGOTTEN_AFTER_MS = 60_000;

export interface SharedMembers extends Members {
  /** Those among the live that this node has seen alive itself; a row that was there before it may be of a dead one. */
  seen(): readonly string[];
  /** The live, and the dead that were cut off and may still serve from what they remember. */
  mayServe(): readonly string[];
  /** true when every node that serves has the pepper or master key of that id. */
  allHave(ringKeyId: string): boolean;
  /** Takes this node off the list. Never rejects: the others find out by themselves. */
  close(): Promise<void>;
}

interface Watched {
  beat: number;
  ringKeys: readonly string[];
  moved: boolean;
  stoodMs: number;
}

export interface MembersNeeds {
  nodes: StoreView['nodes'];
  nodeId: string;
  /** Ids of the peppers and master keys that this node has now. */
  ringKeys: () => readonly string[];
  scheduler: Scheduler;
  telemetry: Telemetry;
  /** How long nodes trust what they know without a word from the database. */
  staleMs: number;
}

/** Resolves once this node is on the list and has seen who else is. Rejects with the store's error. */
export async function joinMembers({
  nodes,
  nodeId,
  ringKeys,
  scheduler,
  telemetry,
  staleMs,
}: MembersNeeds): Promise<SharedMembers> {
  const others = new Map<string, Watched>();
  const servesUntilMs = Math.max(DEAD_AFTER_MS, staleMs + BEAT_SLACK_MS);
  let lookedAt = scheduler.now();
  let looking: Promise<void> | null = null;
  let closed = false;
  let cancel = (): void => {};

  function watch(id: string, beat: number, ringKeys: readonly string[], passedMs: number): void {
    const known = others.get(id);
    if (known === undefined) others.set(id, { beat, ringKeys, moved: false, stoodMs: 0 });
    else if (known.beat !== beat) others.set(id, { beat, ringKeys, moved: true, stoodMs: 0 });
    else known.stoodMs += passedMs;
  }

  async function readList(): Promise<void> {
    const startedAt = scheduler.now();
    const rows = await nodes.list();
    const passedMs = Math.min(startedAt - lookedAt, MOST_OF_A_LOOK_MS);
    lookedAt = startedAt;
    const listed = new Set(rows.map(({ id }) => id));
    for (const id of [...others.keys()]) if (!listed.has(id)) others.delete(id);
    for (const { id, beat, ringKeys } of rows) if (id !== nodeId) watch(id, beat, ringKeys, passedMs);
    const gone = idsOf(({ stoodMs }) => stoodMs >= servesUntilMs + FORGOTTEN_AFTER_MS);
    if (gone.length > 0) await nodes.remove(gone);
    standing = stand();
    telemetry.gauge('latchkey_nodes', standing.live.length);
  }

  const look = (): Promise<void> => {
    looking ??= readList().finally(() => {
      looking = null;
    });
    return looking;
  };

  async function pass(): Promise<void> {
    await nodes.beat(nodeId, ringKeys());
    await look();
  }

  function beatAgain(): void {
    cancel = scheduler.after(BEAT_MS, () => {
      passing = pass()
        .catch((cause) => telemetry.log('debug', 'beat_failed', { cause }))
        .then(() => {
          if (!closed) beatAgain();
        });
    });
  }

  const idsOf = (matches: (watched: Watched) => boolean): string[] =>
    [...others].filter(([, watched]) => matches(watched)).map(([id]) => id);
  const withSelf = (ids: string[]): string[] => [...ids, nodeId].sort();
  const stand = () => ({
    live: withSelf(idsOf(({ stoodMs }) => stoodMs < DEAD_AFTER_MS)),
    seen: withSelf(idsOf(({ moved, stoodMs }) => moved && stoodMs < DEAD_AFTER_MS)),
    mayServe: withSelf(idsOf(({ stoodMs }) => stoodMs < servesUntilMs)),
    had: [...others.values()].filter(({ stoodMs }) => stoodMs < servesUntilMs).map((one) => new Set(one.ringKeys)),
  });
  let standing = stand();

  let passing = pass();
  await passing;
  beatAgain();
  return {
    nodeId,
    live: () => standing.live,
    seen: () => standing.seen,
    mayServe: () => standing.mayServe,
    allHave: (id) => standing.had.every((ids) => ids.has(id)),
    look,
    async close() {
      closed = true;
      cancel();
      await passing.catch(() => {});
      await nodes.remove([nodeId]).catch((cause) => telemetry.log('debug', 'leave_failed', { cause }));
    },
  };
}
