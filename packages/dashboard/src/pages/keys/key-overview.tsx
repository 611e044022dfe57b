// The first page of a key: facts, generations after a rotation, what is left of its limits, how it is used.

import type { Key } from '@latchkey/client';
import { Alert, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useProfile } from '../../data/profile';
import { CopyButton } from '../../kit/copy-button';
import { Facts } from '../../kit/facts';
import { Alert as AlertIcon } from '../../kit/icons';
import { Mono } from '../../kit/mono';
import { Section } from '../../kit/section';
import { TimeText } from '../../kit/time-text';
import { usePeople } from '../audit/names';
import { Generations } from './generations';
import { useKeyActions } from './key-actions';
import { KeyBudgets } from './key-budgets';
import { KeyLabels } from './key-labels';
import { KeyUsage } from './key-usage';
import { KeyLink } from './place';
import { isUsable } from './usable';
import { useFamily } from './use-keys';

export function KeyOverview({ value: key }: { value: Key }) {
  const { t } = useTranslation();
  const { may, revoke } = useKeyActions();
  const { data: family } = useFamily(key, 60_000);
  const newest = family?.[0];
  const isRotating = family !== undefined && family.length > 1 && family.filter(isUsable).length > 1;
  return (
    <Stack gap="lg">
      {newest !== undefined && newest.id !== key.id && (
        <Alert color="blue" variant="light" radius="md" icon={<AlertIcon />} title={t('keys.replaced.title')}>
          <KeyLink keyId={newest.id} size="sm">
            {t('keys.replaced.link')}
          </KeyLink>
        </Alert>
      )}
      {key.revokedAt !== null && (
        <Alert color="red" variant="light" radius="md" icon={<AlertIcon />} title={t('keys.revoked.title')}>
          <Text size="sm">
            <TimeText at={key.revokedAt} />
            {key.revokedReason !== null && `: ${key.revokedReason}`}
          </Text>
        </Alert>
      )}
      {isRotating && (
        <Section title={t('keys.generations.title')} text={t('keys.generations.text')}>
          <Generations value={key} onRevoke={may('revokeKey') ? revoke : undefined} />
        </Section>
      )}
      {isUsable(key) && <KeyBudgets value={key} />}
      <KeyUsage value={key} />
      <KeyFacts value={key} generations={family?.length ?? 1} />
      <KeyLabels value={key} />
    </Stack>
  );
}

function KeyFacts({ value: key, generations }: { value: Key; generations: number }) {
  const { t } = useTranslation();
  const owner = usePeople().find(({ id }) => id === key.ownerId);
  const { tiers } = useProfile();
  return (
    <Section title={t('keys.facts')}>
      <Facts
        facts={[
          [
            t('keys.id'),
            <Group key="id" gap={4}>
              <Mono>{key.id}</Mono>
              <CopyButton text={key.id} thing={t('keys.id')} leftSection={null} variant="subtle" size="compact-xs" />
            </Group>,
          ],
          [t('keys.created'), <TimeText key="created" at={key.createdAt} />],
          [
            t('keys.lastUsed'),
            <Text key="used" inherit component="div">
              <TimeText at={key.lastUsedAt} none={t('keys.never')} />
              {key.lastUsedIp !== null && (
                <>
                  {' '}
                  {t('keys.from')} <Mono>{key.lastUsedIp}</Mono>
                </>
              )}
            </Text>,
          ],
          // Of a key that is revoked already, the end that it would have had says nothing.
          key.revokedAt === null && [
            t('keys.expires'),
            <TimeText key="expires" at={key.graceEndsAt ?? key.expiresAt} none={t('keys.expiry.never')} />,
          ],
          key.rotateBy !== null && [t('keys.rotateBy'), <TimeText key="rotateBy" at={key.rotateBy} />],
          key.tier !== null && [t('keys.tier'), tiers.find(({ name }) => name === key.tier)?.title ?? key.tier],
          generations > 1 && [
            t('keys.generation'),
            t('keys.generationOf', { number: key.generation, of: generations }),
          ],
          key.ownerId !== null && [t('keys.owner'), owner?.name ?? key.ownerId],
        ]}
      />
    </Section>
  );
}
