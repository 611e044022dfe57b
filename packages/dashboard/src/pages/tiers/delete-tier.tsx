// Deleting a tier: asked once, and only where nothing names it any more.

import type { Tier } from '@latchkey/client';
import { Alert, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { ConfirmDialog } from '../../kit/confirm-dialog';
import { Loading } from '../../kit/loading';
import { useNotify } from '../../kit/notify';
import { useRefreshTiers, useTierCounts } from './tier-queries';

/** `tier` null: closed. */
export function DeleteTier({ tier, onClose }: { tier: Tier | null; onClose(): void }) {
  const { t } = useTranslation();
  const api = useApi();
  const notify = useNotify();
  const refresh = useRefreshTiers();
  const counts = useTierCounts(tier?.id);
  const remove = useMutation({
    mutationFn: (tierId: string) => api.tiers.delete({ tierId }),
    onSuccess: async () => {
      await refresh({ counts: false });
      notify(t('tiers.deleted', { title: tier?.title ?? '' }));
      close();
    },
  });
  const close = () => {
    remove.reset();
    onClose();
  };
  const isUsed = counts.data !== undefined && counts.data.keys + counts.data.projects > 0;
  return (
    <ConfirmDialog
      opened={tier !== null}
      onClose={close}
      title={t('tiers.deleteTitle', { title: tier?.title ?? '' })}
      confirmLabel={t('tiers.delete')}
      danger
      isBlocked={counts.data === undefined || isUsed}
      onConfirm={() => tier !== null && remove.mutate(tier.id)}
      isPending={remove.isPending}
      error={remove.error ?? counts.error}
    >
      {counts.isPending && tier !== null && <Loading lines={2} />}
      {isUsed && counts.data !== undefined && (
        <Alert color="orange" variant="light" title={t('tiers.inUse')}>
          {t('tiers.inUseText', { keys: counts.data.keys, projects: counts.data.projects })}
        </Alert>
      )}
      {counts.data !== undefined && !isUsed && <Text size="sm">{t('tiers.deleteText')}</Text>}
    </ConfirmDialog>
  );
}
