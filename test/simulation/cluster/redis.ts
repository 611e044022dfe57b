// The shared counters of the cluster: the definition of a family's step, on one clock, behind the network. What nodes make of it is theirs.

import { type FamilyState, stepFamily } from '@latchkey/core';
import type { CounterLink } from '../../../packages/server/src/limiter/counter-link.js';
import type { Host } from './host.js';
import type { Network } from './network.js';
import type { Time } from './time.js';

export interface Redis {
  connect(host: Host): CounterLink;
  /** Restarts: empty (null), or with what it had so many milliseconds ago, as a replica that takes over. */
  restart(agoMs: number | null): void;
  /** Round trips so far. */
  trips(): number;
}

interface Lease {
  word: string;
  endsAt: number;
}

/** How far back a replica can lie. */
const REMEMBERED_MS = 5_000;
const PLACE = 'redis';
const gone = () => new Error('The connection to Redis is gone.');

export interface RedisNeeds {
  time: Time;
  network: Network;
  /** What its clock shows at the beginning. */
  epoch: number;
  /** The clock that a step goes by; absent: its own. */
  clockOf?: (own: () => number, host: Host) => () => number;
}

export function createRedis({ time, network, epoch, clockOf = (own) => own }: RedisNeeds): Redis {
  const now = (): number => Math.floor(epoch + time.now());
  const families = new Map<string, FamilyState>();
  const leases = new Map<string, Lease>();
  /** What was there before each write of late. */
  let undo: { at: number; back: () => void }[] = [];
  let lives = 1;
  let trips = 0;

  function write<Value>(into: Map<string, Value>, id: string, value: Value | null): void {
    const before = into.get(id);
    undo.push({ at: time.now(), back: () => void (before === undefined ? into.delete(id) : into.set(id, before)) });
    if (undo.length > 2_000) undo = undo.filter(({ at }) => at > time.now() - REMEMBERED_MS);
    if (value === null) into.delete(id);
    else into.set(id, value);
  }

  return {
    trips: () => trips,
    restart(agoMs) {
      lives++;
      if (agoMs === null) {
        families.clear();
        leases.clear();
      } else for (const { at, back } of undo.reverse()) if (at > time.now() - agoMs) back();
      undo = [];
    },
    connect(host) {
      const clock = clockOf(now, host);
      let isLost = false;
      /** The life that the connection was made to: a server that ended takes what was sent to it along. */
      let connected = lives;
      const call = async <T>(work: () => T): Promise<T> => {
        trips++;
        const to = connected;
        const arrive = async (): Promise<T> => {
          if (to !== lives) throw gone();
          return work();
        };
        try {
          return await network.call(host, 'redis', arrive, {
            withinMs: null,
            late: true,
            lost: gone,
          });
        } catch (error) {
          isLost = true;
          connected = lives;
          throw error;
        }
      };
      return {
        placeOf: () => PLACE,
        places: () => [PLACE],
        async run(_, __, calls) {
          if (isLost) throw new Error('Redis was not asked for its life since the connection was lost.');
          return call(() => {
            const at = clock();
            const answers = calls.map(({ familyId, call: one }) => {
              const { state, answer } = stepFamily(families.get(familyId) ?? null, one, at);
              if (state !== null) write(families, familyId, state);
              return answer;
            });
            return { now: at, answers };
          });
        },
        async renew(_, node, word, ms) {
          const answer = await call(() => {
            write(leases, node, { word, endsAt: now() + ms });
            return { now: clock(), life: `life ${lives}` };
          });
          isLost = false;
          return answer;
        },
        leases: (_, nodes) =>
          call(() =>
            nodes.map((node) => {
              const lease = leases.get(node);
              const ms = lease === undefined ? 0 : lease.endsAt - now();
              return lease === undefined || ms <= 0 ? null : { word: lease.word, ms };
            }),
          ),
        leave: (_, node) => call(() => write(leases, node, null)),
        close: async () => {},
      };
    },
  };
}
