// A person in a table: name and address, and whether a second factor guards their account.

import { Badge, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSelf } from '../../data/self';
import { Breakable } from '../../kit/breakable';
import { StateBadge } from '../../kit/state-badge';

export function PersonName({ id, name, email }: { id: string; name: string; email: string }) {
  const { t } = useTranslation();
  const { user } = useSelf();
  return (
    <Stack gap={0}>
      <Group gap={6}>
        <Text span inherit fw={600}>
          {name}
        </Text>
        {id === user?.id && (
          <Badge size="xs" variant="default" tt="none">
            {t('members.you')}
          </Badge>
        )}
      </Group>
      <Text span size="xs" c="dimmed">
        <Breakable text={email} />
      </Text>
    </Stack>
  );
}

/** `matters`: whoever has none is a risk to all. */
export function SecondFactor({ isOn, matters = false }: { isOn: boolean; matters?: boolean }) {
  const { t } = useTranslation();
  const off = matters ? 'warning' : 'neutral';
  return <StateBadge tone={isOn ? 'good' : off}>{t(isOn ? 'members.on' : 'members.off')}</StateBadge>;
}
