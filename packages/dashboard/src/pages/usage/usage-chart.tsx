// The chart of requests, a chunk of its own: whoever opens another page loads none of it.

import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { useTranslation } from 'react-i18next';
import { count } from '../../data/numbers';
import { useLocale } from '../../words/locale';
import { COLORS } from './outcomes';
import { groupsIn, type Slot } from './series';

interface UsageChartProps {
  slots: readonly Slot[];
  labelOf(at: string): string;
  height: number;
}

export default function UsageChart({ slots, labelOf, height }: UsageChartProps) {
  const { t } = useTranslation();
  const locale = useLocale();
  const data = slots.map((slot) => ({ ...slot, label: labelOf(slot.at) }));
  const series = groupsIn(slots).map((group) => ({
    name: group,
    label: t(`usage.groups.${group}`),
    color: COLORS[group],
  }));
  return (
    <BarChart
      h={height}
      data={data}
      dataKey="label"
      type="stacked"
      series={series}
      gridAxis="x"
      tickLine="none"
      maxBarWidth={38}
      valueFormatter={(value) => count(value, locale)}
      yAxisProps={{ width: 46, allowDecimals: false, tickFormatter: (value: number) => compact(value, locale) }}
      xAxisProps={{ interval: 'equidistantPreserveStart', minTickGap: 24 }}
      tooltipAnimationDuration={0}
      barProps={{ isAnimationActive: false }}
      // What it shows is said by the figure around it and by the table beside it.
      // Room above for half the figure of the topmost line.
      barChartProps={{ accessibilityLayer: false, margin: { top: 10 } }}
    />
  );
}

const compact = (value: number, language: string) =>
  new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(value);
