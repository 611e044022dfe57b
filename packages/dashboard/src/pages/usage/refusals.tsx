// Why requests were refused: each reason in plain words, how often, and what helps.

import { Box, Group, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { count, share } from '../../data/numbers';
import { EmptyState } from '../../kit/empty-state';
import { Check } from '../../kit/icons';
import { Loading } from '../../kit/loading';
import { Section } from '../../kit/section';
import type { en } from '../../words/en';
import { useLocale } from '../../words/locale';

type Known = keyof typeof en.usage.reasons;

/** Title and advice of a reason; one that is newer than these words stands as it is. */
function useReasonWords() {
  const { t, i18n } = useTranslation();
  return (reason: string) => {
    if (!i18n.exists(`usage.reasons.${reason}`)) return { title: reason, advice: '' };
    return { title: t(`usage.reasons.${reason as Known}.title`), advice: t(`usage.reasons.${reason as Known}.advice`) };
  };
}

interface Totals {
  refused: number;
  reasons: readonly { reason: string; count: number }[];
}

export function Refusals({ totals }: { totals: Totals | undefined }) {
  const { t } = useTranslation();
  return (
    <Section title={t('usage.refusals')} text={t('usage.refusalsText')}>
      {totals === undefined && <Loading />}
      {totals?.refused === 0 && <EmptyState icon={<Check />} title={t('usage.noRefusals')} headingOrder={3} />}
      {totals !== undefined && totals.refused > 0 && (
        <Stack component="ul" gap="md" m={0} p={0} style={{ listStyle: 'none' }}>
          {totals.reasons.map((row) => (
            <Reason key={row.reason} {...row} of={totals.refused} />
          ))}
        </Stack>
      )}
    </Section>
  );
}

function Reason({ reason, count: times, of }: { reason: string; count: number; of: number }) {
  const locale = useLocale();
  const { title, advice } = useReasonWords()(reason);
  return (
    <Box component="li">
      <Group justify="space-between" gap="md" wrap="nowrap" align="baseline">
        <Text size="sm" fw={550}>
          {title}
        </Text>
        <Text size="sm" style={{ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}>
          {count(times, locale)}{' '}
          <Text span c="dimmed" size="xs">
            {share(times, of, locale)}
          </Text>
        </Text>
      </Group>
      <Progress value={(100 * times) / of} size={6} my={6} color="red.7" aria-hidden />
      <Text size="xs" c="dimmed">
        {advice}
      </Text>
    </Box>
  );
}
