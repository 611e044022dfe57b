// How a key is called at a glance: its state, its mode, and both ends of its secret.

import type { Key } from '@latchkey/client';
import { Badge, Text, type TextProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { StateBadge, type Tone } from '../../kit/state-badge';

const TONES: Record<Key['state'], Tone> = {
  active: 'good',
  grace: 'waiting',
  disabled: 'paused',
  revoked: 'ended',
  expired: 'neutral',
};

/** A key that another took the place of and whose grace period is over shows as rotated. */
export function KeyState({ value }: { value: Pick<Key, 'state' | 'graceEndsAt'> }) {
  const { t } = useTranslation();
  const isRotated = value.state === 'expired' && value.graceEndsAt !== null;
  return <StateBadge tone={TONES[value.state]}>{t(`keys.state.${isRotated ? 'rotated' : value.state}`)}</StateBadge>;
}

export function KeyMode({ mode }: Pick<Key, 'mode'>) {
  const { t } = useTranslation();
  return (
    <Badge
      variant="default"
      radius="sm"
      tt="none"
      fw={550}
      style={{ verticalAlign: 'middle' }}
      bd="1px solid var(--mantine-color-default-border)"
    >
      {t(`keys.mode.${mode}`)}
    </Badge>
  );
}

export function KeyEnds({ value, ...text }: { value: Pick<Key, 'prefix' | 'hint'> } & TextProps) {
  return (
    <Text span ff="monospace" fz="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }} {...text}>
      {value.prefix}…{value.hint}
    </Text>
  );
}
