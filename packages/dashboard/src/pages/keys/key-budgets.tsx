// What a key has left of each limit, looked at every few seconds, with when the day runs out at this pace.

import type { Key, OperationOutputs } from '@latchkey/client';
import { Alert, Group, Paper, Progress, SimpleGrid, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { count } from '../../data/numbers';
import { Alert as AlertIcon } from '../../kit/icons';
import { Section } from '../../kit/section';
import { clockTime } from '../../kit/time-text';
import { Waiting } from '../../kit/waiting';
import { useLocale } from '../../words/locale';
import { countdown } from './grace';
import { useNow } from './use-now';

type Budgets = OperationOutputs['getKeyBudgets'];
type Budget = Budgets['budgets'][number];

export function KeyBudgets({ value: key }: { value: Key }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const api = useApi();
  const { data, error, refetch } = useQuery({
    queryKey: ['keys', 'budgets', key.id],
    queryFn: () => api.keys.budgets({ keyId: key.id }),
    refetchInterval: 5000,
  });
  const shown = (data?.budgets.length ?? 0) + (data?.credits == null ? 0 : 1);
  const runsOut = data?.budgets.find(({ reachesLimitAt }) => reachesLimitAt !== null)?.reachesLimitAt;
  return (
    <Section title={t('keys.budgets.title')} text={t('keys.budgets.text')}>
      {data === undefined ? (
        <Waiting error={error} onRetry={refetch} lines={2} />
      ) : (
        <>
          {runsOut != null && (
            <Alert color="orange" variant="light" radius="md" icon={<AlertIcon />} mb="md">
              {t('keys.budgets.forecast', {
                at: clockTime(runsOut, locale),
              })}
            </Alert>
          )}
          {data.degraded && (
            <Alert color="gray" variant="light" radius="md" mb="md">
              {t('keys.budgets.degraded')}
            </Alert>
          )}
          {data.budgets.length === 0 && data.credits === null && (
            <Text size="sm" c="dimmed">
              {t('keys.budgets.none')}
            </Text>
          )}
          <SimpleGrid cols={{ base: 1, xs: Math.min(shown, 2) || 1, md: Math.min(shown, 4) || 1 }}>
            {data.budgets.map((budget) => (
              <OneBudget key={budget.name} value={budget} />
            ))}
            {data.credits !== null && (
              <Figure
                label={t('keys.budgets.credits')}
                figure={count(data.credits.balance, locale)}
                below={t('keys.budgets.creditsText')}
              />
            )}
          </SimpleGrid>
        </>
      )}
    </Section>
  );
}

function OneBudget({ value: { name, limit, remaining, resetAt } }: { value: Budget }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow(1000);
  const number = (value: number) => count(value, locale);
  const isMetered = remaining >= 0;
  const share = !isMetered || limit === 0 ? 0 : (100 * remaining) / limit;
  const left = resetAt === null ? '' : countdown(resetAt, now);
  return (
    <Figure
      label={t(`keys.limit.${name}`)}
      figure={isMetered ? number(remaining) : '∞'}
      of={
        isMetered
          ? t('keys.budgets.of', { limit: number(limit) })
          : t('keys.budgets.unmetered', { limit: number(limit) })
      }
      below={
        left === '' ? (name === 'concurrent' ? t('keys.budgets.atOnce') : '') : t('keys.budgets.resetsIn', { left })
      }
      share={isMetered ? share : undefined}
    />
  );
}

interface FigureProps {
  label: string;
  figure: string;
  of?: string;
  below: string;
  /** What is left, in percent. */
  share?: number | undefined;
}

function Figure({ label, figure, of, below, share }: FigureProps) {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="md" radius="md">
      <Text size="xs" c="dimmed" fw={600}>
        {label}
      </Text>
      <Group gap={6} align="baseline" mt={2}>
        <Text fz={26} fw={650} lh={1.2} style={{ fontVariantNumeric: 'tabular-nums' }}>
          {figure}
        </Text>
        {of !== undefined && (
          <Text size="sm" c="dimmed">
            {of}
          </Text>
        )}
      </Group>
      {share !== undefined && (
        <Progress
          value={share}
          color={share <= 10 ? 'red' : share <= 30 ? 'orange' : 'accent'}
          size="sm"
          mt="xs"
          aria-label={t('keys.budgets.left', { label })}
        />
      )}
      <Text size="xs" c="dimmed" mt={6} mih={18} style={{ fontVariantNumeric: 'tabular-nums' }}>
        {below}
      </Text>
    </Paper>
  );
}
