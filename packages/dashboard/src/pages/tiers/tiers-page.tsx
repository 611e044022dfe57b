// The page of tiers, for the operator: what each allows, in ascending order; making, changing and trying them.

import type { Tier } from '@latchkey/client';
import { Button, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Guard } from '../../app/guard';
import { useMay } from '../../data/self';
import type { Column } from '../../kit/data-table';
import { Eye, Layers, Pencil, Plus, Trash } from '../../kit/icons';
import { ListPage } from '../../kit/list-page';
import { type RowAction, RowMenu } from '../../kit/row-menu';
import { DeleteTier } from './delete-tier';
import { TierEditor } from './tier-editor';
import { useTiers } from './tier-queries';
import { useTierTexts } from './tier-texts';
import { ViewAsTier } from './view-as-tier';

type Act = { do: 'edit' | 'view' | 'delete'; tier: Tier } | { do: 'create' } | null;

export function TiersPage() {
  return (
    <Guard needs="listTiers">
      <Tiers />
    </Guard>
  );
}

function Tiers() {
  const { t } = useTranslation();
  const may = useMay();
  const [act, setAct] = useState<Act>(null);
  const { data: tiers, error, refetch } = useTiers();
  const columns = useColumns(setAct);
  const tierTo = (what: 'edit' | 'view' | 'delete') => (act !== null && act.do === what ? act.tier : null);
  const close = () => setAct(null);
  const create = may('createTier') && (
    <Button leftSection={<Plus />} onClick={() => setAct({ do: 'create' })}>
      {t('tiers.newTier')}
    </Button>
  );
  return (
    <>
      <ListPage
        title={t('tiers.title')}
        text={t('tiers.text')}
        create={create}
        icon={<Layers />}
        none={t('tiers.none')}
        noneText={t('tiers.noneText')}
        columns={columns}
        rows={tiers}
        rowKey={({ id }) => id}
        error={error}
        onRetry={() => void refetch()}
      />
      <TierEditor
        opened={act?.do === 'create' || act?.do === 'edit'}
        tier={tierTo('edit')}
        nextRank={(tiers?.length ?? 0) + 1}
        onClose={close}
      />
      <ViewAsTier tier={tierTo('view')} tiers={tiers ?? []} onClose={close} />
      <DeleteTier tier={tierTo('delete')} onClose={close} />
    </>
  );
}

function useColumns(setAct: (act: Act) => void): Column<Tier>[] {
  const { t } = useTranslation();
  const may = useMay();
  const { figure, perDay } = useTierTexts();
  const actionsOf = (tier: Tier): RowAction[] => [
    { label: t('tiers.viewAs'), icon: <Eye />, onClick: () => setAct({ do: 'view', tier }) },
    ...(may('updateTier')
      ? [{ label: t('common.edit'), icon: <Pencil />, onClick: () => setAct({ do: 'edit', tier }) }]
      : []),
    ...(may('deleteTier')
      ? [{ label: t('tiers.delete'), icon: <Trash />, danger: true, onClick: () => setAct({ do: 'delete', tier }) }]
      : []),
  ];
  return [
    {
      id: 'title',
      label: t('tiers.tier'),
      cell: ({ title, name }) => (
        <Stack gap={0}>
          <Text span inherit fw={600}>
            {title}
          </Text>
          <Text span size="xs" c="dimmed" ff="monospace">
            {name}
          </Text>
        </Stack>
      ),
    },
    { id: 'rank', label: t('tiers.rank'), align: 'right', cell: ({ rank }) => rank },
    { id: 'perMinute', label: t('tiers.perMinute'), align: 'right', cell: ({ limits }) => figure(limits.perMinute) },
    { id: 'perDay', label: t('tiers.perDay'), align: 'right', cell: ({ limits }) => perDay(limits) },
    { id: 'concurrent', label: t('tiers.concurrent'), align: 'right', cell: ({ limits }) => figure(limits.concurrent) },
    { id: 'batch', label: t('tiers.batchSize'), align: 'right', cell: ({ batchSize }) => figure(batchSize) },
    {
      id: 'hidden',
      label: t('tiers.gatedFields'),
      align: 'right',
      cell: ({ gatedFields }) => (gatedFields.length === 0 ? t('tiers.nothing') : gatedFields.length),
    },
    {
      id: 'actions',
      label: t('common.actions'),
      hideLabel: true,
      align: 'right',
      cell: (tier) => <RowMenu of={tier.title} actions={actionsOf(tier)} />,
    },
  ];
}
