// What a change of a tier would touch, before it is made.

import type { OperationOutputs } from '@latchkey/client';
import { Alert, List, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { count } from '../../data/numbers';
import { ChangeTable } from '../../kit/change-table';
import { Alert as AlertIcon } from '../../kit/icons';
import { Stat } from '../../kit/stat';
import { useLocale } from '../../words/locale';

type Touch = OperationOutputs['previewTier'];
const SHOWN = 20;

export function TierPreview({ touch }: { touch: Touch }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const number = (value: number) => count(value, locale);
  const { keys, requests, refusals, changes, data } = touch;
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <Stat
          label={t('tiers.keysTouched')}
          value={number(keys.touched)}
          note={t('tiers.overridden', { count: keys.overridden, number: number(keys.overridden) })}
        />
        <Stat label={t('tiers.lastDay')} value={number(requests.lastDay)} note={t('tiers.theirRequests')} />
        <Stat label={t('tiers.lastWeek')} value={number(requests.lastWeek)} note={t('tiers.theirRequests')} />
      </SimpleGrid>
      {refusals.requests > 0 && (
        <Alert color="orange" variant="light" icon={<AlertIcon />} title={t('tiers.wouldRefuse')}>
          {t('tiers.wouldRefuseText', { requests: number(refusals.requests), days: number(refusals.keyDays) })}
        </Alert>
      )}
      <Stack gap="xs">
        <Title order={3}>{t('tiers.changes')}</Title>
        <ChangeTable
          changes={changes.map(({ path, before, after }) => ({
            member: path.slice(1).replaceAll('/', '.'),
            before,
            after,
          }))}
        />
      </Stack>
      {data.length > 0 && (
        <Stack gap="xs">
          <Title order={3}>{t('tiers.touchedKeys')}</Title>
          <List size="sm" spacing={4}>
            {data.slice(0, SHOWN).map(({ id, name, overridden }) => (
              <List.Item key={id}>
                {name}
                {overridden.length > 0 && (
                  <Text span size="xs" c="dimmed">
                    {' '}
                    {t('tiers.ownFigure')}
                  </Text>
                )}
              </List.Item>
            ))}
          </List>
          {(data.length > SHOWN || touch.nextCursor !== null) && (
            <Text size="sm" c="dimmed">
              {t('tiers.andMore')}
            </Text>
          )}
        </Stack>
      )}
    </Stack>
  );
}
