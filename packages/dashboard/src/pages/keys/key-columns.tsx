// The columns of the list of keys: what each is called, how wide it is, and what stands in it.

import { Text } from '@mantine/core';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { KeyMenu } from './key-actions';
import { Expires, LastUsed, Name, When } from './key-cells';
import type { KeyRow, SortBy } from './key-rows';
import { KeyMode, KeyState } from './key-state';

export interface Column {
  id: string;
  label: string;
  width: string;
  sortBy?: SortBy;
  hideLabel?: boolean;
  cell(row: KeyRow): ReactNode;
}

/** What rows and cards of one list have alike. */
export interface Shown {
  /** Opens or closes the older generations of a family. */
  onToggle(familyId: string, isOpen: boolean): void;
  hasModes: boolean;
  /** Titles of tiers by name; empty: there are none. */
  tiers: ReadonlyMap<string, string>;
}

export function useColumns({ onToggle, hasModes, tiers }: Shown): Column[] {
  const { t } = useTranslation();
  return useMemo(
    () => [
      {
        id: 'name',
        label: t('keys.name'),
        width: 'minmax(180px, 2.2fr)',
        sortBy: 'name',
        cell: (row) => <Name row={row} onToggle={onToggle} />,
      },
      ...(hasModes
        ? [
            {
              id: 'mode',
              label: t('keys.mode.label'),
              width: '64px',
              cell: ({ key }: KeyRow) => <KeyMode mode={key.mode} />,
            },
          ]
        : []),
      ...(tiers.size > 0
        ? [
            {
              id: 'tier',
              label: t('keys.tier'),
              width: 'minmax(72px, 0.7fr)',
              cell: ({ key }: KeyRow) => <Text inherit>{tiers.get(key.tier ?? '') ?? key.tier ?? '–'}</Text>,
            },
          ]
        : []),
      { id: 'state', label: t('keys.stateLabel'), width: '146px', cell: ({ key }) => <KeyState value={key} /> },
      {
        id: 'created',
        label: t('keys.created'),
        width: 'minmax(92px, 0.9fr)',
        sortBy: 'createdAt',
        cell: ({ key }) => <When at={key.createdAt} />,
      },
      {
        id: 'lastUsed',
        label: t('keys.lastUsed'),
        width: 'minmax(112px, 1.1fr)',
        sortBy: 'lastUsedAt',
        cell: ({ key }) => <LastUsed value={key} />,
      },
      {
        id: 'expires',
        label: t('keys.expires'),
        width: 'minmax(88px, 0.9fr)',
        sortBy: 'expiresAt',
        cell: ({ key }) => <Expires value={key} />,
      },
      {
        id: 'menu',
        label: t('common.actions'),
        width: '34px',
        hideLabel: true,
        cell: ({ key }) => <KeyMenu value={key} />,
      },
    ],
    [t, hasModes, tiers, onToggle],
  );
}
