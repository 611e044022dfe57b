// Says at the edge of the page that something was done, with a way back where there is one.

import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useErrorText } from './error-state';

/** Long enough to be reached by keyboard. */
const UNDO_MS = 12_000;

let shown = 0;

/** What went wrong where no page says it: the one that it was done on may be gone by then. */
export function useNotifyFailure() {
  const { t } = useTranslation();
  const textOf = useErrorText();
  return (error: unknown) => notifications.show({ color: 'red', title: t('common.failed'), message: textOf(error) });
}

export function useNotify() {
  const { t } = useTranslation();
  const fail = useNotifyFailure();
  return (text: string, undo?: () => Promise<unknown>) => {
    const id = `notice-${++shown}`;
    const back = () => {
      notifications.hide(id);
      undo?.().catch(fail);
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
