// A tier as its form holds it, and back: what the API takes, and only what differs. Pure.

import type { OperationInputs, Tier } from '@latchkey/client';

/** A figure in three ways: none at all, set on each key, or a number; '' while nothing is typed. */
export interface Figure {
  kind: 'none' | 'custom' | 'number';
  value: number | '';
}

export interface Draft {
  name: string;
  title: string;
  rank: number | '';
  perMinute: Figure;
  perDay: Figure;
  metered: boolean;
  concurrent: Figure;
  batchSize: Figure;
  /** One on each line; none: all. */
  endpoints: string;
  gatedFields: string[];
  permissions: string[];
  /** Whether `permissions` is a bound at all. */
  bounded: boolean;
}

type Patch = Omit<OperationInputs['updateTier'], 'tierId'>;

const figureOf = (value: number | 'custom' | null): Figure => {
  if (value === null) return { kind: 'none', value: '' };
  return value === 'custom' ? { kind: 'custom', value: '' } : { kind: 'number', value };
};

export const draftOf = (tier: Tier): Draft => ({
  name: tier.name,
  title: tier.title,
  rank: tier.rank,
  perMinute: figureOf(tier.limits.perMinute),
  perDay: figureOf(tier.limits.perDay?.limit ?? null),
  metered: tier.limits.perDay?.metered ?? true,
  concurrent: figureOf(tier.limits.concurrent),
  batchSize: figureOf(tier.batchSize),
  endpoints: (tier.endpoints ?? []).join('\n'),
  gatedFields: tier.gatedFields,
  permissions: tier.permissions ?? [],
  bounded: tier.permissions !== null,
});

export const emptyDraft = (rank: number): Draft => ({
  name: '',
  title: '',
  rank,
  perMinute: { kind: 'number', value: 60 },
  perDay: { kind: 'number', value: 1000 },
  metered: true,
  concurrent: figureOf(null),
  batchSize: figureOf(null),
  endpoints: '',
  gatedFields: [],
  permissions: [],
  bounded: false,
});

const numberOf = ({ kind, value }: Figure): number | null => (kind === 'number' ? Number(value) : null);
const limitOf = (figure: Figure): number | 'custom' | null => (figure.kind === 'custom' ? 'custom' : numberOf(figure));
const linesOf = (text: string): string[] | null => {
  const lines = text.split('\n').map((line) => line.trim());
  const filled = lines.filter((line) => line !== '');
  return filled.length === 0 ? null : filled;
};

/** Everything that can be set; what is half typed must have been refused before. */
function settingsOf(draft: Draft) {
  const perDay = limitOf(draft.perDay);
  return {
    title: draft.title.trim(),
    rank: Number(draft.rank),
    limits: {
      perMinute: limitOf(draft.perMinute),
      perDay: perDay === null ? null : { limit: perDay, metered: draft.metered },
      concurrent: numberOf(draft.concurrent),
    },
    batchSize: numberOf(draft.batchSize),
    endpoints: linesOf(draft.endpoints),
    gatedFields: draft.gatedFields,
    permissions: draft.bounded ? draft.permissions : null,
  };
}

export const creationOf = (draft: Draft): OperationInputs['createTier'] => {
  const settings = settingsOf(draft);
  return { name: draft.name.trim(), ...settings, title: settings.title === '' ? undefined : settings.title };
};

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Only the members that differ from the tier as it is; empty: nothing would change. */
export function patchOf(tier: Tier, draft: Draft): Patch {
  const before = settingsOf(draftOf(tier));
  const { limits, ...rest } = settingsOf(draft);
  const changed = (now: object, then: object) =>
    Object.fromEntries(Object.entries(now).filter(([name, value]) => !same(value, then[name as keyof typeof then])));
  const changedLimits = changed(limits, before.limits);
  return { ...changed(rest, before), ...(Object.keys(changedLimits).length > 0 && { limits: changedLimits }) };
}

export type Fault = 'name' | 'title' | 'rank' | 'perMinute' | 'perDay' | 'concurrent' | 'batchSize';
const FIGURES = ['perMinute', 'perDay', 'concurrent', 'batchSize'] as const;

/** Fields that cannot be sent as they are. The server judges everything again. */
export function faultsOf(draft: Draft, isNew: boolean): Fault[] {
  const faults: Fault[] = FIGURES.filter((name) => draft[name].kind === 'number' && draft[name].value === '');
  if (isNew && !/^[a-z][a-z0-9-]{0,63}$/.test(draft.name.trim())) faults.push('name');
  if (!isNew && draft.title.trim() === '') faults.push('title');
  if (draft.rank === '') faults.push('rank');
  return faults;
}
