// The secret of a key, the one time it can be seen: to copy, with the first call, and no way past it by accident.

import { Alert, Button, Modal, Stack, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { type RefObject, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useProfile } from '../../data/profile';
import { CodeSample } from '../../kit/code-sample';
import { DialogButtons } from '../../kit/dialog-buttons';
import { Alert as AlertIcon } from '../../kit/icons';
import { Secret } from '../../kit/secret';
import { firstCalls } from './samples';

interface NewSecret {
  name: string;
  secret: string;
  webhookSecret?: string | undefined;
}

/** Asks before anything leads away from the page: a link, the way back, closing the tab. */
function LeaveGuard({ isStored }: { isStored: RefObject<boolean> }) {
  const { t } = useTranslation();
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: () => !isStored.current,
    enableBeforeUnload: () => !isStored.current,
    withResolver: true,
  });
  return (
    <Modal opened={status === 'blocked'} onClose={() => reset?.()} title={t('keys.secret.leaveTitle')} zIndex={400}>
      <Stack>
        <Text size="sm">{t('keys.secret.leaveText')}</Text>
        <DialogButtons>
          <Button variant="default" onClick={() => proceed?.()}>
            {t('keys.secret.leave')}
          </Button>
          <Button onClick={() => reset?.()} data-autofocus>
            {t('keys.secret.stay')}
          </Button>
        </DialogButtons>
      </Stack>
    </Modal>
  );
}

/** Inside a dialog that cannot be closed in another way. */
export function SecretPanel({ value, onStored }: { value: NewSecret; onStored(): void }) {
  const { t } = useTranslation();
  const { profile } = useProfile();
  // Read in the same moment in which the panel closes and the page moves on.
  const isStored = useRef(false);
  const store = () => {
    isStored.current = true;
    onStored();
  };
  return (
    <Stack gap="md">
      <LeaveGuard isStored={isStored} />
      <Alert color="orange" variant="light" icon={<AlertIcon />} radius="md">
        <Text size="sm">{t('keys.secret.once')}</Text>
      </Alert>
      <div>
        <Text size="sm" fw={600} mb={6}>
          {t('keys.secret.key')}
        </Text>
        <Secret value={value.secret} thing={t('keys.secret.key')} />
      </div>
      {value.webhookSecret !== undefined && (
        <div>
          <Text size="sm" fw={600} mb={2}>
            {t('keys.secret.webhook')}
          </Text>
          <Text size="xs" c="dimmed" mb={6}>
            {t('keys.secret.webhookHelp')}
          </Text>
          <Secret value={value.webhookSecret} thing={t('keys.secret.webhook')} shownAtFirst={false} />
        </div>
      )}
      <div>
        <Text size="sm" fw={600} mb={6}>
          {t('keys.secret.firstCall')}
        </Text>
        <CodeSample samples={firstCalls(profile, value.secret)} />
      </div>
      <DialogButtons>
        <Button onClick={store}>{t('keys.secret.stored')}</Button>
      </DialogButtons>
    </Stack>
  );
}
