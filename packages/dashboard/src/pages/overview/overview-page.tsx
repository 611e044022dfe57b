// Where people arrive: members at their keys, the operator at a view over the installation.

import { Grid, SimpleGrid, Stack } from '@mantine/core';
import { Navigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { count, share } from '../../data/numbers';
import { useIsOperator, useSelf } from '../../data/self';
import { ErrorState } from '../../kit/error-state';
import { PageHeader } from '../../kit/page-header';
import { Stat } from '../../kit/stat';
import { useLocale } from '../../words/locale';
import { RequestsOverTime } from '../usage/requests-over-time';
import { useUsage } from '../usage/usage-queries';
import { FirstSteps } from './first-steps';
import { MOST, NewestOrganizations, useNewestOrganizations } from './newest-organizations';
import { RecentChanges } from './recent-changes';

export function OverviewPage() {
  return useIsOperator() ? <Overview /> : <Navigate to="/dashboard/api-keys" replace />;
}

function Overview() {
  const { t } = useTranslation();
  const locale = useLocale();
  const { user } = useSelf();
  const usage = useUsage({}, '24h');
  const organizations = useNewestOrganizations();
  const totals = usage.data?.totals;
  const number = (value: number | undefined) => (value === undefined ? undefined : count(value, locale));
  const isMore = organizations.data?.nextCursor != null;
  return (
    <>
      <PageHeader title={t('overview.title')} text={t('overview.text', { name: user?.name })} />
      <Stack gap="lg">
        {usage.error !== null && usage.data === undefined && (
          <ErrorState error={usage.error} onRetry={() => void usage.refetch()} />
        )}
        <Grid gap={{ base: 'xs', sm: 'md' }}>
          <Grid.Col span={{ base: 12, xs: 4 }}>
            <Stat
              label={t('organizations.title')}
              value={organizations.data && (isMore ? `${MOST}+` : number(organizations.data.data.length))}
            />
          </Grid.Col>
          <Grid.Col span={{ base: 6, xs: 4 }}>
            <Stat label={t('overview.requests')} value={number(totals?.requests)} />
          </Grid.Col>
          <Grid.Col span={{ base: 6, xs: 4 }}>
            <Stat
              label={t('overview.refused')}
              value={number(totals?.refused)}
              note={totals && t('usage.ofAll', { share: share(totals.refused, totals.requests, locale) })}
            />
          </Grid.Col>
        </Grid>
        {totals?.requests === 0 && <FirstSteps />}
        <RequestsOverTime
          range="24h"
          slots={usage.data?.slots}
          summary={t('usage.summary', { allowed: number(totals?.allowed ?? 0), refused: number(totals?.refused ?? 0) })}
        />
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
          <NewestOrganizations organizations={organizations.data?.data} />
          <RecentChanges />
        </SimpleGrid>
      </Stack>
    </>
  );
}
