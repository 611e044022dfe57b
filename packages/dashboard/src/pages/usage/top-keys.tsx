// The keys with the most requests, each leading to its own page.

import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { count, share } from '../../data/numbers';
import { DataTable } from '../../kit/data-table';
import { EmptyState } from '../../kit/empty-state';
import { Key } from '../../kit/icons';
import { Section } from '../../kit/section';
import { useLocale } from '../../words/locale';
import { KeyEnds } from '../keys/key-state';
import type { TopKey } from './usage-queries';

interface Props {
  keys: readonly TopKey[] | undefined;
  error: unknown;
  onRetry(): void;
  /** All requests, for shares. */
  requests: number;
}

export function TopKeys({ keys, error, onRetry, requests }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  return (
    <Section title={t('usage.topKeys')} text={t('usage.topKeysText')} bare>
      <DataTable
        label={t('usage.topKeys')}
        rows={keys}
        rowKey={({ keyId }) => keyId}
        isSlim
        error={error}
        onRetry={onRetry}
        empty={
          <EmptyState icon={<Key />} title={t('usage.noKeys')} text={t('usage.noRequestsText')} headingOrder={3} />
        }
        columns={[
          { id: 'name', label: t('usage.key'), cell: (key) => <NameAndEnds {...key} /> },
          { id: 'allowed', label: t('usage.groups.allowed'), align: 'right', cell: (k) => count(k.allowed, locale) },
          { id: 'refused', label: t('usage.refused'), align: 'right', cell: (k) => count(k.refused, locale) },
          {
            id: 'share',
            label: t('usage.share'),
            align: 'right',
            cell: (k) => share(k.allowed + k.refused, requests, locale),
          },
        ]}
      />
    </Section>
  );
}

/** Generations of a key have one name: their ends tell them apart. */
function NameAndEnds(key: TopKey) {
  return (
    <>
      <KeyLink {...key} />
      {key.hint !== null && <KeyEnds value={{ prefix: key.prefix ?? '', hint: key.hint }} display="block" />}
    </>
  );
}

type Named = Pick<TopKey, 'keyId' | 'name' | 'projectId'>;

/** `inText`: with a line below it, as colour alone would not tell it from the words around. */
export function KeyLink({ keyId, name, projectId, inText = false }: Named & { inText?: boolean }) {
  const { t } = useTranslation();
  if (name === null) return t('usage.deletedKey');
  return (
    <Anchor
      inherit
      fw={600}
      c={inText ? undefined : 'var(--mantine-color-text)'}
      underline={inText ? 'always' : 'hover'}
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
