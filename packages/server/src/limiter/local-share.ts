// What a node may let pass while the shared counters are away: pure figures. What was counted before, and who is alive, comes in as arguments.

import type { BudgetKind } from '@latchkey/core';

/** `local`: this node's share; `open`: everything passes; `closed`: nothing can be decided. */
export type FailurePolicy = 'local' | 'open' | 'closed';
export type FailurePolicies = Readonly<Record<BudgetKind, FailurePolicy>>;

export interface Standing {
  /** Live nodes, this one among them. */
  nodes: number;
  /** This node's place among them, from 0. */
  rank: number;
}

/** This node's part of an amount; the parts of all nodes are the amount. */
export const shareOf = (amount: number, { nodes, rank }: Standing): number => {
  const whole = Math.max(0, amount);
  return Math.floor(whole / nodes) + (rank < whole % nodes ? 1 : 0);
};

/** What any node may let pass beyond what is known: all of them together at most one hundredth of the limit, or one each. */
export const marginOf = (limit: number, { nodes }: Standing): number =>
  limit <= 0 ? 0 : Math.max(1, Math.floor(limit / 100 / nodes));

export interface LocalWindow {
  limit: number;
  standing: Standing;
  /** true: the window opened while the counters were away, so nobody counted in it but the nodes themselves. */
  isNew: boolean;
  /** Spent by this node in the window since the counters went away. */
  ownSince: number;
  /** Use of all nodes at a moment that no node can have passed since; null: not known. */
  usedByAll: number | null;
  /** Use of all nodes that is known, if not all of it. */
  usedAtLeast: number;
}

/** How many more requests of the window this node may let pass; negative when it has passed more than that. */
export function localRoom({ limit, standing, isNew, ownSince, usedByAll, usedAtLeast }: LocalWindow): number {
  if (isNew) return shareOf(limit, standing) - ownSince;
  if (usedByAll !== null) return shareOf(limit - usedByAll, standing) - ownSince;
  return Math.min(marginOf(limit, standing), limit - usedAtLeast) - ownSince;
}

/** How many slots this node may hold while the counters are away: those it held when they went, and a margin. 0 once its lease is over. */
export const localSlots = (limit: number, standing: Standing, heldBefore: number, lapsed: boolean): number => {
  if (standing.nodes === 1) return limit;
  return lapsed ? 0 : Math.min(limit, heldBefore + marginOf(limit, standing));
};
