// The keys with the most requests, each leading to its own page.

import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { count, share } from '../../data/numbers';
import { DataTable } from '../../kit/data-table';
import { EmptyState } from '../../kit/empty-state';
import { Key } from '../../kit/icons';
import { Section } from '../../kit/section';
import type { TopKey } from './usage-queries';

interface Props {
  keys: readonly TopKey[] | undefined;
  error: unknown;
  onRetry(): void;
  /** All requests, for shares. */
  requests: number;
}

export function TopKeys({ keys, error, onRetry, requests }: Props) {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  return (
    <Section title={t('usage.topKeys')} text={t('usage.topKeysText')}>
      <DataTable
        label={t('usage.topKeys')}
        rows={keys}
        rowKey={({ keyId }) => keyId}
        error={error}
        onRetry={onRetry}
        empty={
          <EmptyState icon={<Key />} title={t('usage.noKeys')} text={t('usage.noRequestsText')} headingOrder={3} />
        }
        columns={[
          { id: 'name', label: t('usage.key'), cell: (key) => <KeyLink {...key} /> },
          { id: 'allowed', label: t('usage.groups.allowed'), align: 'right', cell: (k) => count(k.allowed, language) },
          { id: 'refused', label: t('usage.refused'), align: 'right', cell: (k) => count(k.refused, language) },
          {
            id: 'share',
            label: t('usage.share'),
            align: 'right',
            cell: (k) => share(k.allowed + k.refused, requests, language),
          },
        ]}
      />
    </Section>
  );
}

export function KeyLink({ keyId, name, projectId }: Pick<TopKey, 'keyId' | 'name' | 'projectId'>) {
  const { t } = useTranslation();
  if (name === null) return t('usage.deletedKey');
  return (
    <Anchor
      inherit
      renderRoot={(props) => (
        <Link
          {...props}
          to="/dashboard/api-keys/$keyId"
          params={{ keyId }}
          search={(before) => ({ organization: before.organization, project: projectId })}
        />
      )}
    >
      {name}
    </Anchor>
  );
}
