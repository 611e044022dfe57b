// The change feed of several nodes: a log in the database that each reads every second, and buses that are quicker. What listeners do is theirs.

import {
  type Bus,
  type Change,
  type ChangeFeed,
  LatchkeyError,
  type LoggedChanges,
  type Propagation,
  type Scheduler,
  type StoreView,
  type Telemetry,
} from '@latchkey/core';
import { createAcks } from './acks.js';
import { createEnvelope, type MessageSeal } from './envelope.js';
import { createListeners } from './listeners.js';
import type { SharedMembers } from './members.js';

const POLL_MS = 1_000;
/** Entries read at once. */
const BATCH = 500;
/** How long the log keeps what was heard; a node that was away for longer forgets all it knew instead. */
const KEPT_MS = 3_600_000;
const MARK_MS = 300_000;
/** How long a call waits for what other nodes changed. */
const CATCH_UP_MS = 1_000;

export interface SharedFeedNeeds {
  log: StoreView['changes'];
  buses: readonly Bus[];
  members: SharedMembers;
  scheduler: Scheduler;
  telemetry: Telemetry;
  seal: MessageSeal;
  /** How long what this node knows is trusted without a word from the database. */
  staleMs: number;
  onError?: (error: unknown, change: Change) => void;
}

/** Resolves once it knows where the log ends: what is read from then on misses nothing. Rejects with the store's error. */
export async function openSharedFeed(needs: SharedFeedNeeds): Promise<ChangeFeed> {
  const { log, buses, members, scheduler, telemetry, staleMs } = needs;
  const { nodeId } = members;
  const listeners = createListeners(needs.onError);
  const envelope = createEnvelope(needs.seal);
  const acks = createAcks({ members, scheduler, telemetry });

  /** Start of the last reading that showed the end of the log. */
  let confirmedAt = scheduler.now();
  /** Everything up to here was heard, and `ahead` of what follows. */
  let applied = await log.latest();
  const ahead = new Set<number>();
  let isAway = false;
  let closed = false;

  /** An entry is heard as soon as it is known, in whatever order that is: nothing that ended waits for what came before it. */
  function hear({ position, changes }: LoggedChanges): void {
    if (position <= applied || ahead.has(position)) return;
    ahead.add(position);
    advance();
    listeners.tell(changes);
  }

  function advance(): void {
    while (ahead.delete(applied + 1)) applied++;
  }

  /** Entries are gone that were never heard, or the database is an older one: whatever is remembered may be wrong. */
  function startOver(latest: number, isOlder: boolean): void {
    telemetry.log('warn', 'changes_missed', { applied, latest });
    if (isOlder) {
      ahead.clear();
      acks.forget();
    }
    applied = latest;
    for (const position of [...ahead]) if (position <= latest) ahead.delete(position);
    advance();
    listeners.tell([{ subject: 'all', id: '*', kind: 'changed' }]);
  }

  async function readOn(): Promise<void> {
    for (;;) {
      const startedAt = scheduler.now();
      const from = applied;
      const { latest, rows } = await log.after(from, BATCH);
      if (closed) return;
      const next = rows[0]?.position ?? latest + 1;
      if (latest < from || next > from + 1) startOver(latest, latest < from);
      else for (const row of rows) hear(row);
      if (applied !== from) acknowledge();
      if (rows.length === BATCH && applied < latest) continue;
      confirmedAt = startedAt;
      return;
    }
  }

  const marks: { at: number; position: number }[] = [];
  /** What was heard an hour ago is forgotten, by this node's own time. */
  async function prune(): Promise<void> {
    const now = scheduler.now();
    if (now - (marks.at(-1)?.at ?? -Infinity) < MARK_MS) return;
    marks.push({ at: now, position: applied });
    const due = marks.filter(({ at }) => now - at >= KEPT_MS).at(-1);
    if (due === undefined) return;
    marks.splice(0, marks.indexOf(due) + 1);
    await log.prune(due.position);
  }

  function report(away: boolean, cause?: unknown): void {
    if (away !== isAway) {
      if (away) telemetry.log('warn', 'changes_unreadable', { cause });
      else telemetry.log('info', 'changes_readable', {});
    }
    isAway = away;
    telemetry.gauge('latchkey_degraded', away ? 1 : 0, { part: 'database' });
  }

  let polling: Promise<void> | null = null;
  let again = false;
  /** Counts readings; the last one that came to the end of the log. */
  let begun = 0;
  let readTo = 0;
  let cancelPoll = (): void => {};
  function poll(): void {
    if (closed) return;
    again = polling !== null;
    if (again) return;
    cancelPoll();
    const mine = ++begun;
    polling = readOn()
      .then(
        () => {
          readTo = mine;
          report(false);
          return prune().catch((cause) => telemetry.log('warn', 'prune_changes_failed', { cause }));
        },
        (cause) => report(true, cause),
      )
      .then(() => {
        polling = null;
        if (closed) return;
        if (again) poll();
        else cancelPoll = scheduler.after(POLL_MS, poll);
      });
  }

  async function caughtUp(): Promise<void> {
    // One that runs already may have read before the call; the next one cannot.
    const needed = begun + 1;
    const read = async (): Promise<void> => {
      poll();
      while (begun < needed && !closed) await polling;
      await polling;
    };
    let stopWaiting = (): void => {};
    const tooLong = new Promise<void>((resolve) => {
      stopWaiting = scheduler.after(CATCH_UP_MS, resolve);
    });
    await Promise.race([read(), tooLong]);
    stopWaiting();
    if (readTo < needed)
      throw new LatchkeyError('unavailable', 'What was changed on other nodes cannot be read at the moment.');
  }

  function send(message: string): void {
    for (const bus of buses) bus.send(message).catch((cause) => telemetry.log('debug', 'bus_send_failed', { cause }));
  }

  let acknowledges = false;
  /** What was heard in one turn is confirmed with one message. */
  function acknowledge(): void {
    if (acknowledges) return;
    acknowledges = true;
    scheduler.after(0, () => {
      acknowledges = false;
      if (!closed) send(envelope.close({ node: nodeId, applied, ahead: [...ahead] }));
    });
  }

  function receive(text: string): void {
    const message = envelope.open(text);
    if (message === null || message.node === nodeId || closed) return;
    if (!members.live().includes(message.node)) {
      members.look().catch((cause) => telemetry.log('debug', 'look_failed', { cause }));
    }
    if ('applied' in message) {
      acks.hear(message);
      return;
    }
    const { position, changes } = message;
    if (changes !== undefined) hear({ position, changes });
    // What it names, or what came before it, is still to be read.
    if (applied < position) poll();
    acknowledge();
  }

  const leave = buses.map((bus) => bus.subscribe(receive));
  poll();
  // The others learn that this node is there.
  acknowledge();

  return {
    isShared: true,
    record: (view, changes, at) => (changes.length === 0 ? view.changes.latest() : view.changes.append(changes, at)),
    async publish(changes, position = null): Promise<Propagation> {
      if (position === null) {
        listeners.tell(changes);
        return { nodes: 1, of: 1, ms: 0 };
      }
      if (changes.length === 0) {
        if (applied < position) await caughtUp();
      }
      // Here before anywhere, whatever becomes of the messages.
      else hear({ position, changes });
      if (applied < position) poll();
      // Without changes it names what others made: to be read in the log, never to be taken for heard.
      send(envelope.close({ node: nodeId, position, ...(changes.length > 0 && { changes }) }));
      // Nothing that was so before has ended: there is nothing to wait for.
      if (changes.length > 0 && changes.every(({ kind }) => kind === 'created')) return acks.reached(position);
      return acks.await(
        position,
        changes.some(({ kind }) => kind === 'ended'),
      );
    },
    caughtUp,
    subscribe: listeners.subscribe,
    now: () => scheduler.now(),
    trusts: (readAt = Number.NEGATIVE_INFINITY) => scheduler.now() - Math.max(readAt, confirmedAt) < staleMs,
    async close() {
      closed = true;
      cancelPoll();
      for (const one of leave) one();
      acks.close();
      await polling;
    },
  };
}
