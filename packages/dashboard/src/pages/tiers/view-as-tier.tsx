// The installation as a key of one tier meets it, beside the tier above: what it may do, and what it would gain.

import type { Tier } from '@latchkey/client';
import { Drawer, Group, Stack, Table, Text, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useProfileOnceKnown } from '../../data/profile';
import { Check, Cross } from '../../kit/icons';
import { useTierTexts } from './tier-texts';

interface Row {
  id: string;
  label: ReactNode;
  /** A text, or whether it is open. */
  value(tier: Tier): string | boolean;
}

function useRows(tiers: readonly Tier[]): { title: string; rows: Row[] }[] {
  const { t } = useTranslation();
  const { figure, perDay, list } = useTierTexts();
  const profile = useProfileOnceKnown()?.profile;
  const rankOf = (name: string) => tiers.find((tier) => tier.name === name)?.rank ?? Number.POSITIVE_INFINITY;
  const fields = [...new Set(tiers.flatMap(({ gatedFields }) => gatedFields))];
  const routes = (profile?.routes ?? []).filter(({ tier }) => tier !== null && tier !== undefined);
  const sections: { title: string; rows: Row[] }[] = [
    {
      title: t('tiers.limits'),
      rows: [
        { id: 'perMinute', label: t('tiers.perMinute'), value: ({ limits }) => figure(limits.perMinute) },
        { id: 'perDay', label: t('tiers.perDay'), value: ({ limits }) => perDay(limits) },
        { id: 'concurrent', label: t('tiers.concurrent'), value: ({ limits }) => figure(limits.concurrent) },
        { id: 'batchSize', label: t('tiers.batchSize'), value: ({ batchSize }) => figure(batchSize) },
      ],
    },
    {
      title: t('tiers.rights'),
      rows: [
        { id: 'endpoints', label: t('tiers.endpoints'), value: ({ endpoints }) => list(endpoints, '', t('tiers.all')) },
        {
          id: 'permissions',
          label: t('tiers.permissions'),
          value: ({ permissions }) => list(permissions, t('tiers.nothing'), t('tiers.noBound')),
        },
        ...routes.map(({ method, path, title, tier }) => ({
          id: `${method} ${path}`,
          label: <Named title={title} code={`${method} ${path}`} />,
          value: ({ rank }: Tier) => rank >= rankOf(tier as string),
        })),
      ],
    },
    {
      title: t('tiers.fields'),
      rows: fields.map((field) => ({
        id: field,
        label: <Named code={field} />,
        value: ({ gatedFields }: Tier) => !gatedFields.includes(field),
      })),
    },
  ];
  return sections.filter(({ rows }) => rows.length > 0);
}

const Named = ({ title, code }: { title?: string | undefined; code: string }) => (
  <Stack gap={0}>
    {title !== undefined && <span>{title}</span>}
    <Text span size="xs" ff="monospace" c={title === undefined ? undefined : 'dimmed'}>
      {code}
    </Text>
  </Stack>
);

function Value({ value }: { value: string | boolean }) {
  const { t } = useTranslation();
  if (typeof value === 'string') return value;
  return (
    <Text span c={value ? 'var(--mantine-color-anchor)' : 'var(--mantine-color-error)'} lh={1}>
      {value ? <Check /> : <Cross />}
      <VisuallyHidden>{value ? t('tiers.open') : t('tiers.closed')}</VisuallyHidden>
    </Text>
  );
}

interface Props {
  /** null: closed. */
  tier: Tier | null;
  tiers: readonly Tier[];
  onClose(): void;
}

export function ViewAsTier({ tier, tiers, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={tier !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={tier === null ? '' : t('tiers.viewAsTitle', { title: tier.title })}
    >
      {tier !== null && <Comparison tier={tier} tiers={tiers} />}
    </Drawer>
  );
}

function Comparison({ tier, tiers }: { tier: Tier; tiers: readonly Tier[] }) {
  const { t } = useTranslation();
  const above = tiers.find(({ rank }) => rank > tier.rank);
  const columns = above === undefined ? [tier] : [tier, above];
  return (
    <Stack gap="lg">
      <Text size="sm" c="dimmed">
        {above === undefined ? t('tiers.highest') : t('tiers.nextTo', { title: above.title })}
      </Text>
      {useRows(tiers).map(({ title, rows }) => (
        <Table key={title} verticalSpacing="xs" fz="sm" layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col" w="44%">
                {title}
              </Table.Th>
              {columns.map((column) => (
                <Table.Th key={column.id} scope="col" fw={column === tier ? 650 : 450}>
                  {column.title}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.id} bg={gains(row, tier, above) ? 'var(--mantine-color-accent-light)' : undefined}>
                <Table.Th scope="row" fw={400}>
                  <Group gap={6}>{row.label}</Group>
                </Table.Th>
                {columns.map((column) => (
                  <Table.Td key={column.id}>
                    <Value value={row.value(column)} />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      ))}
    </Stack>
  );
}

const gains = (row: Row, tier: Tier, above: Tier | undefined): boolean =>
  above !== undefined && row.value(tier) !== row.value(above);
