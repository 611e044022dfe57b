// What must happen to each request, said as naively as possible: lists of what was let through, counted anew each time. It imports nothing.

export type BudgetName = 'perMinute' | 'perDay' | 'concurrent';
type Window = 'perMinute' | 'perDay';

export interface ModelTier {
  name: string;
  perMinute: number | 'custom' | null;
  perDay: { limit: number | 'custom'; metered: boolean } | null;
  concurrent: number | null;
  batchSize: number | null;
  hides: string[];
}

export interface ModelRoute {
  method: string;
  path: string;
  cost: number;
  credits: number;
  slot: boolean;
  permission: string | null;
  /** Lowest tier that may call it. */
  tier: string | null;
}

export interface Figures {
  perMinute?: number;
  perDay?: number;
  concurrent?: number;
}

/** One request that was let through: what it cost, and the numbers of the windows it was counted in. */
interface Admitted {
  cost: number;
  perMinute: number;
  perDay: number;
}

export interface ModelRefill {
  amount: number;
  every: 'day' | 'month';
  dayOfMonth?: number;
}

/** What a family may spend: everything that was ever booked, and the last day or month that was refilled. */
export interface ModelCredits {
  booked: number[];
  refill: ModelRefill | null;
  refilled: number;
}

export interface ModelFamily {
  admitted: Admitted[];
  /** null: not bounded by credits. */
  credits: ModelCredits | null;
  /** The last windows anybody saw of it; they never go back. */
  perMinute: number;
  perDay: number;
  held: number;
}

export interface ModelProject {
  suspended: boolean;
}

export interface ModelKey {
  family: ModelFamily;
  project: ModelProject;
  mode: 'live' | 'test';
  tier: string;
  limits: Figures | null;
  permissions: string[] | null;
  ips: string[] | null;
  expiresAt: number | null;
  graceEndsAt: number | null;
  disabled: boolean;
  revoked: boolean;
  deleted: boolean;
}

export interface Asked {
  route: ModelRoute | null;
  /** null: by the route. */
  cost: number | null;
  /** null: by the route, and none where `cost` is said. */
  credits: number | null;
  hold: boolean;
  mode: 'live' | 'test' | null;
  ip: string | null;
  permissions: string[];
  batchSize: number | null;
  fields: string[];
}

/** −1: not metered. `resetAt` in milliseconds, null for concurrency. */
export interface ModelBudget {
  name: BudgetName;
  limit: number;
  remaining: number;
  resetAt: number | null;
}

export interface ModelAnswer {
  reason: string | null;
  budgets: ModelBudget[];
  retryAfterSeconds: number | null;
  /** What is left after it was charged; null: it was not. */
  balance: number | null;
}

export interface Clock {
  now: number;
  /** The latest time that was ever shown. */
  highest: number;
}

const LENGTH: Record<Window, number> = { perMinute: 60_000, perDay: 86_400_000 };
const NO_NUMBERS = [
  'unknown_key',
  'wrong_mode',
  'revoked_key',
  'organization_disabled',
  'disabled_key',
  'rotated_key',
  'expired_key',
];

export const newFamily = (): ModelFamily => ({
  admitted: [],
  credits: null,
  perMinute: 0,
  perDay: 0,
  held: 0,
});

/** Whether it could pass again: neither revoked nor over. */
export const isAlive = (key: ModelKey, now: number): boolean =>
  !key.deleted &&
  !key.revoked &&
  (key.expiresAt === null || now < key.expiresAt) &&
  (key.graceEndsAt === null || now < key.graceEndsAt);

/** Why the key may not, whatever is left of its limits; null: it may. */
export function refusedOutright(tiers: readonly ModelTier[], key: ModelKey, asked: Asked, now: number): string | null {
  const rank = (name: string | null): number => tiers.findIndex((tier) => tier.name === name);
  const tier = tierOf(tiers, key);
  const wanted = [...(asked.route?.permission ? [asked.route.permission] : []), ...asked.permissions];
  const has = key.permissions;
  if (key.deleted) return 'unknown_key';
  if (asked.mode !== null && asked.mode !== key.mode) return 'wrong_mode';
  if (key.revoked) return 'revoked_key';
  if (key.project.suspended) return 'organization_disabled';
  if (key.disabled) return 'disabled_key';
  if (key.graceEndsAt !== null && now >= key.graceEndsAt) return 'rotated_key';
  if (key.expiresAt !== null && now >= key.expiresAt) return 'expired_key';
  if (key.ips !== null && (asked.ip === null || !key.ips.includes(asked.ip))) return 'ip_not_allowed';
  if (has !== null && wanted.some((permission) => !has.includes(permission))) return 'insufficient_permission';
  if (asked.route?.tier && rank(key.tier) < rank(asked.route.tier)) return 'tier_required';
  if (asked.fields.some((field) => tier.hides.includes(field))) return 'tier_required';
  if (asked.batchSize !== null && tier.batchSize !== null && asked.batchSize > tier.batchSize) return 'batch_too_large';
  return null;
}

export const costOf = (asked: Asked): number => asked.cost ?? asked.route?.cost ?? 1;

/** A test key is never charged, nor is one that nothing bounds. */
export function creditsOf(key: ModelKey, asked: Asked): number {
  if (key.mode === 'test' || key.family.credits === null) return 0;
  return asked.credits ?? (asked.cost === null ? (asked.route?.credits ?? 0) : 0);
}

/** Whether the cap on requests at once is about this one. A look that holds nothing is about nothing. */
export const meetsCap = (asked: Asked): boolean => (asked.route?.slot ?? false) && (costOf(asked) > 0 || asked.hold);

const tierOf = (tiers: readonly ModelTier[], key: ModelKey): ModelTier => {
  const tier = tiers.find(({ name }) => name === key.tier);
  if (tier === undefined) throw new Error(`no tier ${key.tier}`);
  return tier;
};

export interface InForce {
  perMinute: number | null;
  perDay: number | null;
  metered: boolean;
  concurrent: number | null;
}

/** The key's own figures before its tier's. */
export function inForce(tiers: readonly ModelTier[], key: ModelKey): InForce {
  const tier = tierOf(tiers, key);
  const figure = (own: number | undefined, tiers: number | 'custom' | null): number | null => {
    if (own !== undefined) return own;
    return tiers === 'custom' ? null : tiers;
  };
  return {
    perMinute: figure(key.limits?.perMinute, tier.perMinute),
    perDay: figure(key.limits?.perDay, tier.perDay === null ? null : tier.perDay.limit),
    metered: tier.perDay === null ? true : tier.perDay.metered,
    concurrent: figure(key.limits?.concurrent, tier.concurrent),
  };
}

export function used(family: ModelFamily, window: Window): number {
  let sum = 0;
  for (const one of family.admitted) if (one[window] === family[window]) sum += one.cost;
  return sum;
}

/**
 * Opens the windows that the clock stands in. They are aligned to it and never go back. Only while the clock stands behind
 * what it showed before may the engine be further than this family was seen, by `claimed`; it says null where that cannot be.
 */
export function openWindows(
  family: ModelFamily,
  clock: Clock,
  claimed: Partial<Record<Window, number | null>>,
): string | null {
  for (const window of ['perMinute', 'perDay'] as const) {
    const here = Math.floor(clock.now / LENGTH[window]);
    const least = Math.max(family[window], here);
    const most = Math.max(least, Math.floor(clock.highest / LENGTH[window]));
    const resetAt = claimed[window] ?? null;
    const is = resetAt === null ? least : resetAt / LENGTH[window] - 1;
    if (!Number.isInteger(is) || is < least || is > most)
      return `${window} resets at ${resetAt}, but the window is ${least}${most > least ? ` to ${most}` : ''}`;
    family[window] = is;
  }
  // What lies in windows that can never come again is nobody's budget any more.
  const first = family.admitted[0];
  if (first !== undefined && first.perDay < family.perDay && first.perMinute < family.perMinute)
    family.admitted = family.admitted.filter((one) => one.perDay >= family.perDay || one.perMinute >= family.perMinute);
  return null;
}

export function budgetsOf(limits: InForce, family: ModelFamily): ModelBudget[] {
  const budgets: ModelBudget[] = [];
  const left = (limit: number, gone: number): number => (gone > limit ? 0 : limit - gone);
  if (limits.perMinute !== null) {
    const remaining = left(limits.perMinute, used(family, 'perMinute'));
    const resetAt = (family.perMinute + 1) * LENGTH.perMinute;
    budgets.push({ name: 'perMinute', limit: limits.perMinute, remaining, resetAt });
  }
  if (limits.perDay !== null) {
    const remaining = limits.metered ? left(limits.perDay, used(family, 'perDay')) : -1;
    budgets.push({ name: 'perDay', limit: limits.perDay, remaining, resetAt: (family.perDay + 1) * LENGTH.perDay });
  }
  if (limits.concurrent !== null) {
    budgets.push({
      name: 'concurrent',
      limit: limits.concurrent,
      remaining: left(limits.concurrent, family.held),
      resetAt: null,
    });
  }
  return budgets;
}

/** Which limit the request does not fit into; the day before the minute, since it ends later. */
export function refusedBy(limits: InForce, family: ModelFamily, asked: Asked): BudgetName | null {
  const cost = costOf(asked);
  if (meetsCap(asked) && limits.concurrent !== null && family.held + 1 > limits.concurrent) return 'concurrent';
  if (cost === 0) return null;
  if (limits.perDay !== null && limits.metered && used(family, 'perDay') + cost > limits.perDay) return 'perDay';
  if (limits.perMinute !== null && used(family, 'perMinute') + cost > limits.perMinute) return 'perMinute';
  return null;
}

export const REASON_OF: Record<BudgetName, string> = {
  perMinute: 'rate_limited',
  perDay: 'quota_exceeded',
  concurrent: 'concurrency_exceeded',
};

export function retryAfter(by: BudgetName, budgets: readonly ModelBudget[], now: number): number {
  const resetAt = budgets.find(({ name }) => name === by)?.resetAt ?? null;
  if (resetAt === null) return 1;
  let seconds = 1;
  while (now + seconds * 1000 < resetAt) seconds = nextStep(seconds, resetAt - now);
  return seconds;
}

/** Counting up one by one would take a day's seconds; everything but the last few is skipped. */
const nextStep = (seconds: number, ms: number): number => Math.max(seconds + 1, Math.floor(ms / 1000) - 1);

export const balanceOf = ({ booked }: ModelCredits): number => booked.reduce((sum, amount) => sum + amount, 0);

/** The number of the day or month that `now` belongs to. A month begins on its refill day, or its last day where it is shorter. */
function periodOf({ every, dayOfMonth = 1 }: ModelRefill, now: number): number {
  if (every === 'day') return Math.floor(now / LENGTH.perDay);
  const date = new Date(now);
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth();
  const isLastDay = new Date(now + LENGTH.perDay).getUTCMonth() !== date.getUTCMonth();
  return date.getUTCDate() >= dayOfMonth || isLastDay ? month : month - 1;
}

export const openCredits = (balance: number, refill: ModelRefill | null, now: number): ModelCredits => ({
  booked: [balance],
  refill,
  refilled: refill === null ? 0 : periodOf(refill, now),
});

/** Fills up once for a day or month that somebody came in; a clock that went back owes nothing. */
export function refillIfDue(credits: ModelCredits, now: number): void {
  if (credits.refill === null) return;
  const period = periodOf(credits.refill, now);
  if (period <= credits.refilled) return;
  credits.refilled = period;
  const missing = credits.refill.amount - balanceOf(credits);
  if (missing > 0) credits.booked.push(missing);
}

/** Another refill begins with the next day or month, and none comes a second time for the same. */
export function changeRefill(credits: ModelCredits, refill: ModelRefill | null, now: number): void {
  if (refill !== null) {
    const period = periodOf(refill, now);
    credits.refilled = credits.refill?.every === refill.every ? Math.max(credits.refilled, period) : period;
  }
  credits.refill = refill;
}

/** Takes credits, or says that there are too few. */
export function pay(key: ModelKey, asked: Asked, now: number): number | 'too few' | null {
  const { credits } = key.family;
  const price = creditsOf(key, asked);
  if (credits === null || price === 0) return null;
  refillIfDue(credits, now);
  if (balanceOf(credits) < price) return 'too few';
  credits.booked.push(-price);
  return balanceOf(credits);
}

/** Notes what was let through. */
export function admit(family: ModelFamily, asked: Asked): void {
  const { perMinute, perDay } = family;
  family.admitted.push({ cost: costOf(asked), perMinute, perDay });
  if (meetsCap(asked) && asked.hold) family.held += 1;
}

/** The whole answer to one request that nobody else disturbs, and what it leaves behind. */
export function answerAlone(tiers: readonly ModelTier[], key: ModelKey, asked: Asked, now: number): ModelAnswer {
  const { family } = key;
  const outright = refusedOutright(tiers, key, asked, now);
  const refused = { budgets: [], retryAfterSeconds: null, balance: null };
  if (outright !== null && NO_NUMBERS.includes(outright)) return { ...refused, reason: outright };
  const limits = inForce(tiers, key);
  if (outright !== null) return { ...refused, reason: outright, budgets: budgetsOf(limits, family) };
  const by = refusedBy(limits, family, asked);
  if (by !== null) {
    const budgets = budgetsOf(limits, family);
    return { ...refused, reason: REASON_OF[by], budgets, retryAfterSeconds: retryAfter(by, budgets, now) };
  }
  const paid = pay(key, asked, now);
  if (paid === 'too few') return { ...refused, reason: 'insufficient_credits', budgets: budgetsOf(limits, family) };
  admit(family, asked);
  return { ...refused, reason: null, budgets: budgetsOf(limits, family), balance: paid };
}
