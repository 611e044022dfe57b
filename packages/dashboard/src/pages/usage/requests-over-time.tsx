// Requests by hour or day and outcome: as a chart, or the same as a table.

import { Box, Center, ColorSwatch, Group, SegmentedControl, Skeleton, Text } from '@mantine/core';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { count } from '../../data/numbers';
import { DataTable } from '../../kit/data-table';
import { Section } from '../../kit/section';
import { useLocale } from '../../words/locale';
import { COLORS, GROUPS } from './outcomes';
import { groupsIn, RANGES, type Range, type Slot } from './series';

const UsageChart = lazy(() => import('./usage-chart'));
const HEIGHT = 280;
const QUIET_HEIGHT = 120;

/** Hours as the clock at the reader's wall shows them; days as they are counted, in UTC. */
function useSlotLabel(range: Range) {
  const locale = useLocale();
  const format = new Intl.DateTimeFormat(
    locale,
    RANGES[range].by === 'hour'
      ? { hour: '2-digit', minute: '2-digit' }
      : { day: 'numeric', month: 'short', timeZone: 'UTC' },
  );
  return (at: string) => format.format(new Date(at));
}

interface Props {
  range: Range;
  slots: readonly Slot[] | undefined;
  /** What it shows, in one sentence. */
  summary: string;
  /** Stands before what the axis is. */
  text?: ReactNode;
  /** Stands before the choice of chart or table. */
  side?: ReactNode;
}

export function RequestsOverTime({ range, slots, summary, text, side }: Props) {
  const { t } = useTranslation();
  const [view, setView] = useState<'chart' | 'table'>('chart');
  const labelOf = useSlotLabel(range);
  const isQuiet = slots?.every((slot) => GROUPS.every((group) => slot[group] === 0)) ?? false;
  const views = (['chart', 'table'] as const).map((value) => ({ value, label: t(`usage.${value}`) }));
  return (
    <Section
      title={t('usage.overTime')}
      text={
        <>
          {text} {t(RANGES[range].by === 'hour' ? 'usage.byHour' : 'usage.byDay')}
        </>
      }
      side={
        <Group gap="sm">
          {side}
          <SegmentedControl size="xs" data={views} value={view} onChange={setView} aria-label={t('usage.viewOf')} />
        </Group>
      }
    >
      {view === 'table' ? (
        <SlotTable slots={slots} labelOf={labelOf} />
      ) : (
        <Box component="figure" m={0} role="img" aria-label={summary} mih={isQuiet ? undefined : HEIGHT}>
          <Suspense fallback={<Skeleton h={HEIGHT} />}>
            {slots === undefined ? (
              <Skeleton h={HEIGHT} />
            ) : isQuiet ? (
              <Center h={QUIET_HEIGHT} c="dimmed" fz="sm">
                {t('usage.quiet')}
              </Center>
            ) : (
              <UsageChart slots={slots} labelOf={labelOf} height={HEIGHT} />
            )}
          </Suspense>
          {!isQuiet && <Legend slots={slots ?? []} />}
        </Box>
      )}
    </Section>
  );
}

function Legend({ slots }: { slots: readonly Slot[] }) {
  const { t } = useTranslation();
  return (
    <Group gap="md" justify="flex-end" mt="sm" mih={22}>
      {groupsIn(slots).map((group) => (
        <Group key={group} gap={6} wrap="nowrap">
          <ColorSwatch size={10} withShadow={false} color={`var(--mantine-color-${COLORS[group].replace('.', '-')})`} />
          <Text size="xs">{t(`usage.groups.${group}`)}</Text>
        </Group>
      ))}
    </Group>
  );
}

function SlotTable({ slots, labelOf }: { slots: readonly Slot[] | undefined; labelOf(at: string): string }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const groups = groupsIn(slots ?? []);
  return (
    <DataTable
      label={t('usage.overTime')}
      rows={slots?.toReversed()}
      rowKey={({ at }) => at}
      empty={null}
      isSlim
      columns={[
        { id: 'at', label: t('usage.time'), cell: ({ at }) => <time dateTime={at}>{labelOf(at)}</time> },
        ...groups.map((group) => ({
          id: group,
          label: t(`usage.groups.${group}`),
          align: 'right' as const,
          cell: (slot: Slot) => count(slot[group], locale),
        })),
      ]}
    />
  );
}
