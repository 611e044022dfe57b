// A secret that is on the page now and nowhere else: shown, hidden again, copied. It comes as a prop from React state.

import { ActionIcon, Code, Group, Paper } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from './copy-button';
import { Eye, EyeOff } from './icons';

interface SecretProps {
  value: string;
  /** What it is, for accessible names; e.g. "API key". */
  thing: string;
  shownAtFirst?: boolean;
  onCopied?: () => void;
}

export function Secret({ value, thing, shownAtFirst = true, onCopied }: SecretProps) {
  const { t } = useTranslation();
  const [isShown, setShown] = useState(shownAtFirst);
  return (
    <Paper withBorder p="xs" radius="md">
      <Group gap="xs" justify="space-between">
        <Code bg="transparent" fz="sm" flex="1 1 240px" style={{ overflowWrap: 'anywhere' }} data-secret>
          {isShown ? value : '•'.repeat(24)}
        </Code>
        <Group gap="xs" wrap="nowrap" ml="auto">
          <ActionIcon
            variant="subtle"
            color="gray"
            c="dimmed"
            onClick={() => setShown(!isShown)}
            aria-label={`${isShown ? t('common.hideValue') : t('common.showValue')}: ${thing}`}
          >
            {isShown ? <EyeOff /> : <Eye />}
          </ActionIcon>
          <CopyButton text={value} thing={thing} variant={shownAtFirst ? 'filled' : 'default'} onCopied={onCopied} />
        </Group>
      </Group>
    </Paper>
  );
}
