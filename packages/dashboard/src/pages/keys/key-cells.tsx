// What is said of a key in the list, in a row as on a card.

import type { Key } from '@latchkey/client';
import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Toggle } from '../../kit/icons';
import { exactTime, loneTime } from '../../kit/time-text';
import { useLocale } from '../../words/locale';
import type { Shown } from './key-columns';
import type { KeyRow } from './key-rows';
import { KeyEnds } from './key-state';
import { KeyLink } from './place';

/** As TimeText of the kit, without what that needs to float: there are three in each row. */
export function When({ at, none }: { at: string | null; none?: string }) {
  const locale = useLocale();
  if (at === null) return none;
  return (
    <time dateTime={at} title={exactTime(at, locale)}>
      {loneTime(at, locale)}
    </time>
  );
}

export function LastUsed({ value: key }: { value: Key }) {
  const { t } = useTranslation();
  return (
    <>
      <When at={key.lastUsedAt} none={t('keys.never')} />
      {key.lastUsedIp !== null && (
        <Text ff="monospace" fz="xs" c="dimmed" truncate title={key.lastUsedIp}>
          {key.lastUsedIp}
        </Text>
      )}
    </>
  );
}

export function Expires({ value: key }: { value: Key }) {
  const { t } = useTranslation();
  // Of a key that is revoked already, the end that it would have had says nothing.
  if (key.revokedAt !== null) return '–';
  return <When at={key.graceEndsAt ?? key.expiresAt} none={t('keys.expiry.never')} />;
}

export function Name({ row, onToggle }: { row: KeyRow } & Pick<Shown, 'onToggle'>) {
  const { t } = useTranslation();
  const { key } = row;
  return (
    <Stack gap={1} miw={0}>
      <Group gap={8} wrap="nowrap" miw={0}>
        <KeyLink keyId={key.id} fz="sm" fw={600} c="var(--mantine-color-text)" truncate title={key.name}>
          {key.name}
        </KeyLink>
        {key.environment !== null && (
          <Badge
            variant="light"
            color="gray"
            size="sm"
            radius="sm"
            tt="none"
            fw={500}
            c="dimmed"
            style={{ flexShrink: 0 }}
          >
            {key.environment}
          </Badge>
        )}
      </Group>
      <Group gap={8} wrap="nowrap">
        <KeyEnds value={key} />
        {row.kind === 'newest' && row.older > 0 && (
          <Button
            size="compact-xs"
            variant="subtle"
            px={4}
            h={18}
            fw={500}
            rightSection={<Toggle isOpen={row.isOpen} size={14} />}
            styles={{ section: { marginInlineStart: 2 } }}
            onClick={() => onToggle(key.familyId, !row.isOpen)}
            aria-expanded={row.isOpen}
          >
            {t('keys.older', { count: row.older })}
          </Button>
        )}
        {row.kind === 'older' && (
          <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
            {t('keys.generations.number', { number: key.generation })}
          </Text>
        )}
      </Group>
    </Stack>
  );
}
