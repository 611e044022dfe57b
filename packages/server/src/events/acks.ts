// Who has heard what: confirmations of other nodes, and the calls that wait for them. It sends nothing.

import type { Propagation, Scheduler, Telemetry } from '@latchkey/core';
import type { AppliedMessage } from './envelope.js';
import type { SharedMembers } from './members.js';

/** How long a call waits for confirmations. */
const WAIT_MS = 1_000;
/** How long a confirmation that comes after the call has returned is still measured. */
const MEASURED_MS = 60_000;

export interface Acks {
  hear(message: AppliedMessage): void;
  /** Resolves when all live nodes have confirmed the position, or after a second, to how far it got then. */
  await(position: number, ends: boolean): Promise<Propagation>;
  /** How far it got by now. */
  reached(position: number): Propagation;
  /** The positions are counted anew. */
  forget(): void;
  /** Lets go of who still waits. */
  close(): void;
}

interface Awaited {
  position: number;
  startedAt: number;
  missing: Set<string>;
  ends: boolean;
  /** Ends the waiting; again without effect. */
  resolve(): void;
  stop(): void;
}

interface Needs {
  members: Pick<SharedMembers, 'nodeId' | 'live' | 'mayServe'>;
  scheduler: Scheduler;
  telemetry: Telemetry;
}

export function createAcks({ members, scheduler, telemetry }: Needs): Acks {
  const heardBy = new Map<string, { applied: number; ahead: ReadonlySet<number> }>();
  const awaited = new Set<Awaited>();
  const hasHeard = (node: string, position: number): boolean => {
    const known = heardBy.get(node);
    return known !== undefined && (known.applied >= position || known.ahead.has(position));
  };

  const others = (): string[] => members.mayServe().filter((id) => id !== members.nodeId);
  const reached = (position: number, asked: readonly string[], ms: number): Propagation => ({
    nodes: asked.filter((id) => hasHeard(id, position)).length + 1,
    of: asked.length + 1,
    ms,
  });

  function measure({ startedAt, ends }: Awaited): void {
    if (ends) telemetry.observe('latchkey_revocation_lag_seconds', (scheduler.now() - startedAt) / 1000);
  }

  function judge(one: Awaited): void {
    for (const node of [...one.missing]) {
      if (!hasHeard(node, one.position)) continue;
      one.missing.delete(node);
      measure(one);
    }
    if (one.missing.size > 0) return;
    one.resolve();
    one.stop();
    awaited.delete(one);
  }

  return {
    hear({ node, applied, ahead }) {
      heardBy.set(node, { applied, ahead: new Set(ahead) });
      for (const one of [...awaited]) judge(one);
      const kept = new Set(members.mayServe()).add(node);
      for (const id of [...heardBy.keys()]) if (!kept.has(id)) heardBy.delete(id);
    },
    await(position, ends) {
      const startedAt = scheduler.now();
      const asked = others();
      const live = new Set(members.live());
      return new Promise((done) => {
        let stopWaiting = (): void => {};
        const resolve = (): void => {
          stopWaiting();
          done(reached(position, asked, Math.round(scheduler.now() - startedAt)));
        };
        // Only the living can answer.
        const missing = new Set(asked.filter((id) => live.has(id)));
        const one: Awaited = { position, startedAt, missing, ends, resolve, stop: () => {} };
        awaited.add(one);
        one.stop = scheduler.after(MEASURED_MS, () => awaited.delete(one));
        stopWaiting = scheduler.after(WAIT_MS, resolve);
        judge(one);
      });
    },
    reached: (position) => reached(position, others(), 0),
    forget: () => heardBy.clear(),
    close() {
      for (const one of awaited) {
        one.stop();
        one.resolve();
      }
      awaited.clear();
    },
  };
}
