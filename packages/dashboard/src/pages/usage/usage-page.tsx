// The page of usage: how many requests there were, why some were refused, which keys made them, and what today will bring.

import { SimpleGrid, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Guard } from '../../app/guard';
import { count, share } from '../../data/numbers';
import { useIsOperator } from '../../data/self';
import { ErrorState } from '../../kit/error-state';
import { PageHeader } from '../../kit/page-header';
import { Stat } from '../../kit/stat';
import { useLocale } from '../../words/locale';
import { DayOutlook } from './day-outlook';
import { Refusals } from './refusals';
import { RequestsOverTime } from './requests-over-time';
import { TopKeys } from './top-keys';
import { UsageChoices, useUsageChoices } from './usage-choices';
import { useTopKeys, useUsage } from './usage-queries';

export function UsagePage() {
  const isOperator = useIsOperator();
  return (
    <Guard needs="getUsage" inOrganization={!isOperator}>
      <Usage />
    </Guard>
  );
}

function Usage() {
  const { t } = useTranslation();
  const locale = useLocale();
  const choices = useUsageChoices();
  const usage = useUsage(choices.whose, choices.range, choices.isKnown);
  const top = useTopKeys(choices.whose, choices.range, choices.isKnown);
  const totals = usage.data?.totals;
  const number = (value: number | undefined) => (value === undefined ? undefined : count(value, locale));
  const summary = t('usage.summary', { allowed: number(totals?.allowed ?? 0), refused: number(totals?.refused ?? 0) });
  return (
    <>
      <PageHeader title={t('usage.title')} text={t('usage.text')}>
        <UsageChoices {...choices} />
      </PageHeader>
      {usage.error !== null && usage.data === undefined ? (
        <ErrorState error={usage.error} onRetry={() => void usage.refetch()} />
      ) : (
        <Stack gap="lg">
          <SimpleGrid cols={3} spacing={{ base: 'xs', sm: 'md' }}>
            <Stat
              label={t('usage.requests')}
              value={number(totals?.requests)}
              note={t(`usage.ranges.${choices.range}`)}
            />
            <Stat
              label={t('usage.groups.allowed')}
              value={number(totals?.allowed)}
              note={totals && t('usage.ofAll', { share: share(totals.allowed, totals.requests, locale) })}
            />
            <Stat
              label={t('usage.refused')}
              value={number(totals?.refused)}
              note={totals && t('usage.ofAll', { share: share(totals.refused, totals.requests, locale) })}
            />
          </SimpleGrid>
          <RequestsOverTime range={usage.data?.range ?? choices.range} slots={usage.data?.slots} summary={summary} />
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
            <Refusals totals={totals} />
            <DayOutlook keys={top.data ?? (top.error === null ? undefined : [])} />
          </SimpleGrid>
          <TopKeys
            keys={top.data}
            error={top.error}
            onRetry={() => void top.refetch()}
            requests={totals?.requests ?? 0}
          />
        </Stack>
      )}
    </>
  );
}
