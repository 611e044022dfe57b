// What the page of usage asks for.

import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useApi } from '../../data/api';
import { useMay } from '../../data/self';
import { outlooksOf } from './forecast';
import { type Range, slotsOf, totalsOf, windowOf } from './series';

/** Whose usage: of the chosen project or organization, or all of the installation when both are undefined. */
export interface Whose {
  organizationId?: string | undefined;
  projectId?: string | undefined;
  keyId?: string | undefined;
}

const REFRESH_MS = 60_000;
/** Budgets are asked for key by key. */
const FORECASTS = 5;

export function useUsage(whose: Whose, range: Range, enabled = true) {
  const api = useApi();
  return useQuery({
    queryKey: ['usage', 'requests', whose, range],
    queryFn: async ({ signal }) => {
      const { from, to, by } = windowOf(range, Date.now());
      const { data } = await api.usage.get({ ...whose, from, to, by }, { signal });
      return { range, slots: slotsOf(range, from, data), totals: totalsOf(data) };
    },
    enabled,
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
}

export function useTopKeys(whose: Whose, range: Range, enabled = true) {
  const api = useApi();
  const may = useMay();
  return useQuery({
    queryKey: ['usage', 'top-keys', whose, range],
    queryFn: async ({ signal }) => {
      const { from, to } = windowOf(range, Date.now());
      return (await api.usage.topKeys({ ...whose, from, to, limit: 10 }, { signal })).data;
    },
    enabled: enabled && may('listTopKeys'),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
}
export type TopKey = NonNullable<ReturnType<typeof useTopKeys>['data']>[number];

/** What today looks like for the busiest keys that are still valid; generations of one share a budget and are told once. */
export function useOutlooks(keys: readonly TopKey[]) {
  const api = useApi();
  const may = useMay();
  const asked = may('getKeyBudgets') ? keys.filter(({ name }) => name !== null).slice(0, FORECASTS) : [];
  const answers = useQueries({
    queries: asked.map(({ keyId }) => ({
      queryKey: ['keys', 'outlook', keyId],
      queryFn: async () => {
        const [{ state, familyId }, { budgets }] = await Promise.all([
          api.keys.get({ keyId }),
          api.keys.budgets({ keyId }),
        ]);
        return { state, familyId, budgets };
      },
      refetchInterval: REFRESH_MS,
    })),
  });
  return {
    isPending: answers.some(({ isPending }) => isPending),
    outlooks: outlooksOf(asked.flatMap((key, at) => (answers[at]?.data ? [{ key, ...answers[at].data }] : []))),
  };
}
