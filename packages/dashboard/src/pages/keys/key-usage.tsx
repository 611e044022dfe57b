// How a key is used: by hour or day and outcome.

import type { Key } from '@latchkey/client';
import { SegmentedControl, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { count } from '../../data/numbers';
import { ErrorState } from '../../kit/error-state';
import { Section } from '../../kit/section';
import { useLocale } from '../../words/locale';
import { RequestsOverTime } from '../usage/requests-over-time';
import { RANGES, type Range } from '../usage/series';
import { useUsage } from '../usage/usage-queries';

export function KeyUsage({ value: key }: { value: Key }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const [range, setRange] = useState<Range>('24h');
  const isLive = key.mode === 'live';
  const { data, error, refetch } = useUsage({ keyId: key.id }, range, isLive);
  if (!isLive) {
    return (
      <Section title={t('usage.overTime')}>
        <Text size="sm" c="dimmed">
          {t('keys.usage.test')}
        </Text>
      </Section>
    );
  }
  if (error !== null && data === undefined) return <ErrorState error={error} onRetry={refetch} />;
  const number = (value: number) => count(value, locale);
  const totals = data?.totals;
  return (
    <RequestsOverTime
      range={data?.range ?? range}
      slots={data?.slots}
      summary={t('usage.summary', { allowed: number(totals?.allowed ?? 0), refused: number(totals?.refused ?? 0) })}
      text={
        <span role="status">
          {totals !== undefined &&
            t('keys.usage.sum', {
              count: totals.requests,
              total: number(totals.requests),
              refused: number(totals.refused),
            })}
        </span>
      }
      side={
        <SegmentedControl
          size="xs"
          aria-label={t('usage.range')}
          value={range}
          onChange={setRange}
          data={(Object.keys(RANGES) as Range[]).map((value) => ({ value, label: t(`usage.ranges.${value}`) }))}
        />
      }
    />
  );
}
