// What the pages of tiers ask for and change.

import type { OperationInputs, Tier } from '@latchkey/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useNotify } from '../../kit/notify';
import { draftOf, patchOf } from './draft';

export function useTiers(enabled = true) {
  const api = useApi();
  return useQuery({ queryKey: ['tiers', 'list'], queryFn: async () => (await api.tiers.list()).data, enabled });
}

export const useTierCounts = (tierId: string | undefined) => {
  const api = useApi();
  return useQuery({
    queryKey: ['tiers', 'counts', tierId],
    queryFn: async () => (await api.tiers.get({ tierId: tierId as string })).counts,
    enabled: tierId !== undefined,
    staleTime: 0,
  });
};

export function useTierPreview(patch: OperationInputs['previewTier'] | null) {
  const api = useApi();
  return useQuery({
    queryKey: ['tiers', 'preview', patch],
    queryFn: () => api.tiers.preview(patch as OperationInputs['previewTier']),
    enabled: patch !== null,
    staleTime: 0,
    gcTime: 0,
  });
}

/** What is known of the profile has the tiers too. `counts`: those of a tier as well, unless it is gone. */
export function useRefreshTiers() {
  const queries = useQueryClient();
  return ({ counts }: { counts: boolean }) =>
    Promise.all(
      [counts ? ['tiers'] : ['tiers', 'list'], ['profile']].map((queryKey) => queries.invalidateQueries({ queryKey })),
    );
}

/** A change can be taken back as long as its notice stands. */
export function useSaveTier(onSaved: () => void) {
  const api = useApi();
  const { t } = useTranslation();
  const notify = useNotify();
  const refresh = useRefreshTiers();
  const create = useMutation({
    mutationFn: (input: OperationInputs['createTier']) => api.tiers.create(input),
    onSuccess: async ({ title }) => {
      await refresh({ counts: true });
      notify(t('tiers.created', { title }));
      onSaved();
    },
  });
  const update = useMutation({
    mutationFn: ({ before, patch }: { before: Tier; patch: Omit<OperationInputs['updateTier'], 'tierId'> }) =>
      api.tiers.update({ tierId: before.id, ...patch }),
    onSuccess: async (after, { before }) => {
      await refresh({ counts: true });
      const undo = () => update.mutateAsync({ before: after, patch: patchOf(after, draftOf(before)) });
      notify(t('tiers.saved', { title: after.title }), undo);
      onSaved();
    },
  });
  return { create, update };
}
