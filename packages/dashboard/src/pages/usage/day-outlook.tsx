// What the rest of the day will bring for the busiest keys: "reaches its daily limit at about 17:20".

import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { count } from '../../data/numbers';
import { Loading } from '../../kit/loading';
import { Section } from '../../kit/section';
import { StateBadge, type Tone } from '../../kit/state-badge';
import { clockTime } from '../../kit/time-text';
import { useLocale } from '../../words/locale';
import type { Outlook } from './forecast';
import { KeyLink } from './top-keys';
import { type TopKey, useOutlooks } from './usage-queries';

const TONES: Record<Outlook['kind'], Tone> = { used_up: 'ended', reaches: 'warning', enough: 'good' };

/** `keys` undefined: on their way. */
export function DayOutlook({ keys }: { keys: readonly TopKey[] | undefined }) {
  const { t } = useTranslation();
  const { outlooks, isPending } = useOutlooks(keys ?? []);
  let content: ReactNode = (
    <Stack component="ul" gap="md" m={0} p={0} style={{ listStyle: 'none' }}>
      {outlooks.map(({ key, outlook }) => (
        <Stack key={key.keyId} component="li" gap={4} align="flex-start">
          <StateBadge tone={TONES[outlook.kind]}>{t(`usage.outlook.${outlook.kind}`)}</StateBadge>
          <Text size="sm">
            <KeyLink {...key} inText /> <OutlookText {...outlook} />
          </Text>
        </Stack>
      ))}
    </Stack>
  );
  if (keys === undefined || isPending) content = <Loading lines={3} />;
  else if (outlooks.length === 0) content = <Text size="sm">{t('usage.noDailyLimits')}</Text>;
  return (
    <Section title={t('usage.today')} text={t('usage.todayText')}>
      {content}
    </Section>
  );
}

function OutlookText(outlook: Outlook) {
  const { t } = useTranslation();
  const locale = useLocale();
  const time = (at: string) => clockTime(at, locale);
  const limit = count(outlook.limit, locale);
  switch (outlook.kind) {
    case 'used_up':
      return t('usage.usedUp', { limit, time: outlook.resetAt === null ? '' : time(outlook.resetAt) });
    case 'reaches':
      return t('usage.reachesLimit', { limit, time: time(outlook.at) });
    case 'enough':
      return t('usage.enoughLeft', { limit, remaining: count(outlook.remaining, locale) });
  }
}
