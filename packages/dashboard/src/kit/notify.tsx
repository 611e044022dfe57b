// Says at the edge of the page that something was done, with a way back where there is one.

import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';

/** Long enough to be reached by keyboard. */
const UNDO_MS = 12_000;

export function useNotify() {
  const { t } = useTranslation();
  return (text: string, undo?: () => void) => {
    const id = crypto.randomUUID();
    const back = () => {
      notifications.hide(id);
      undo?.();
    };
    notifications.show({
      id,
      color: 'accent',
      autoClose: undo === undefined ? 4000 : UNDO_MS,
      message: (
        <Group justify="space-between" wrap="nowrap" gap="md">
          <Text size="sm">{text}</Text>
          {undo !== undefined && (
            <Button size="compact-sm" variant="default" onClick={back} flex="none">
              {t('common.undo')}
            </Button>
          )}
        </Group>
      ),
    });
  };
}
