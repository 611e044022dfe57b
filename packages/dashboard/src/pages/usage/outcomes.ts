// Outcomes of requests, in the few groups that a chart can tell apart. Pure.

/** In the order in which they are stacked; also the names of their words. */
export const GROUPS = ['allowed', 'limits', 'credentials', 'rights', 'other'] as const;
export type Group = (typeof GROUPS)[number];

/** Colours of the theme, told apart also by who sees red and green alike: they differ in lightness, and a legend names them. */
export const COLORS: Readonly<Record<Group, string>> = {
  allowed: 'accent.5',
  limits: 'yellow.6',
  credentials: 'red.7',
  rights: 'violet.6',
  other: 'gray.6',
};

const OF: Readonly<Record<string, Group>> = {
  allowed: 'allowed',
  rate_limited: 'limits',
  quota_exceeded: 'limits',
  concurrency_exceeded: 'limits',
  insufficient_credits: 'limits',
  too_many_failures: 'limits',
  missing_credential: 'credentials',
  malformed_credential: 'credentials',
  ambiguous_credential: 'credentials',
  mistyped_key: 'credentials',
  unknown_key: 'credentials',
  revoked_key: 'credentials',
  disabled_key: 'credentials',
  rotated_key: 'credentials',
  expired_key: 'credentials',
  wrong_mode: 'credentials',
  organization_disabled: 'credentials',
  ip_not_allowed: 'rights',
  referrer_not_allowed: 'rights',
  endpoint_not_allowed: 'rights',
  insufficient_permission: 'rights',
  insufficient_scope: 'rights',
  tier_required: 'rights',
  batch_too_large: 'rights',
};

/** Reasons that are added later stand under `other`. */
export const groupOf = (outcome: string): Group => (Object.hasOwn(OF, outcome) ? (OF[outcome] as Group) : 'other');
