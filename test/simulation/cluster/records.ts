// What the clients of a simulated cluster saw, and what was done to the cluster, as plain data for the judge. It knows no engine.

import type { Figures, Kind } from './plan.js';

/** One request of a client to one node. Times are true milliseconds since the simulation began. */
export interface AskRecord {
  family: number;
  generation: number;
  machine: number;
  boot: number;
  cost: number;
  credits: number;
  /** Names the charge; its retries carry the same. null: nothing is charged. */
  spendId: string | null;
  hold: boolean;
  sentAt: number;
  /** null: no answer ever came. */
  answeredAt: number | null;
  /** null once answered: allowed. */
  reason: string | null;
  budgets: readonly { name: string; limit: number; remaining: number; resetAt: number | null }[];
  degraded: boolean;
  /** When the slot was let go, or its node died; null: not yet. */
  releasedAt: number | null;
  /** Asked when everything has healed: `look` spends nothing, `take` does. null: as things were. */
  probe: 'look' | 'take' | null;
  /** When the node's last call of the database that had succeeded was begun. */
  contactAt: number;
}

/** A change that one client asked one node for. */
export interface ChangeRecord {
  what: 'revoke' | 'disable' | 'enable' | 'rotate' | 'limits' | 'credits';
  family: number;
  generation: number;
  machine: number;
  boot: number;
  sentAt: number;
  /** null: no answer. */
  answeredAt: number | null;
  /** true: 2xx. Without one the outcome is not known. */
  done: boolean;
  /** The code of a refusal, with which nothing was changed. */
  refused: string | null;
  propagated: { nodes: number; of: number } | null;
  /** The boots that lived when it was sent and when it was answered. */
  boots: readonly number[];
  graceMs?: number;
  limits?: Figures;
  add?: number;
}

/** A stretch of time in which something was not as it should be. */
export interface Spell {
  from: number;
  to: number;
}

export interface LedgerLine {
  kind: string;
  amount: number;
  balanceAfter: number;
  requestId: string | null;
}

export interface FamilyRecord {
  limits: Figures;
  credits: { balance: number; refill: number | null } | null;
  /** Why a request with each generation is refused in the end, by what is in the database; null: it may pass. */
  ended: readonly (string | null)[];
  ledger: readonly LedgerLine[];
  balance: number | null;
}

export interface History {
  kind: Kind;
  machines: number;
  epoch: number;
  /** By how much the clock of Redis differs from the right one. */
  redisSkew: number;
  asks: AskRecord[];
  changes: ChangeRecord[];
  families: FamilyRecord[];
  /** `upAt`: when it served; Infinity: never. */
  boots: { machine: number; from: number; upAt: number; to: number; clean: boolean }[];
  /** By machine. */
  pauses: Spell[][];
  databaseAway: Spell[][];
  redisAway: Spell[][];
  /** Restarts of Redis that lost something. */
  losses: number[];
  /** By how much the clock of the database differs from the right one; all nodes go by it. */
  databaseSkew: number;
  /** What a module reported that no fault of the plan explains. */
  oddities: string[];
  healsAt: number;
  endsAt: number;
}
