// What a key's budgets say about the rest of the day. Pure; the words are the page's.

interface DayBudget {
  name: string;
  limit: number;
  /** -1: not metered */
  remaining: number;
  resetAt: string | null;
  reachesLimitAt: string | null;
}

export type Outlook =
  | { kind: 'used_up'; limit: number; resetAt: string | null }
  | { kind: 'reaches'; limit: number; at: string }
  | { kind: 'enough'; limit: number; remaining: number };

/** null: the key has no daily limit that refuses. */
function outlookOf(budgets: readonly DayBudget[]): Outlook | null {
  const day = budgets.find(({ name }) => name === 'perDay');
  if (day === undefined || day.remaining < 0) return null;
  const { limit, remaining, resetAt, reachesLimitAt } = day;
  if (remaining === 0) return { kind: 'used_up', limit, resetAt };
  if (reachesLimitAt !== null) return { kind: 'reaches', limit, at: reachesLimitAt };
  return { kind: 'enough', limit, remaining };
}

interface Asked<Key> {
  key: Key;
  state: string;
  familyId: string;
  budgets: readonly DayBudget[];
}

/** One for each family that can still spend, in the order given: all generations spend of one budget. */
export function outlooksOf<Key>(asked: readonly Asked<Key>[]): { key: Key; outlook: Outlook }[] {
  const told = new Set<string>();
  return asked.flatMap(({ key, state, familyId, budgets }) => {
    const outlook = state === 'active' || state === 'grace' ? outlookOf(budgets) : null;
    if (outlook === null || told.has(familyId)) return [];
    told.add(familyId);
    return [{ key, outlook }];
  });
}
