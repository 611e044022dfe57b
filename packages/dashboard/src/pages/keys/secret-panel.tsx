// The secret of a key, the one time it can be seen: to copy, with the first call, and no way past it by accident.

import { Alert, Button, Stack, Text } from '@mantine/core';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useHeld } from '../../data/held';
import { useProfile } from '../../data/profile';
import { CodeSample } from '../../kit/code-sample';
import { DialogButtons } from '../../kit/dialog-buttons';
import { Alert as AlertIcon } from '../../kit/icons';
import { LeaveGuard } from '../../kit/leave-guard';
import { Secret } from '../../kit/secret';
import { firstCalls } from './samples';

export interface NewSecret {
  secret: string;
  webhookSecret?: string | undefined;
}

/** Inside a dialog that cannot be closed in another way. */
export function SecretPanel({ value, onStored }: { value: NewSecret; onStored(): void }) {
  const { t } = useTranslation();
  const { profile } = useProfile();
  // Read in the same moment in which the panel closes and the page moves on.
  const isStored = useRef(false);
  useHeld(true);
  const store = () => {
    isStored.current = true;
    onStored();
  };
  return (
    <Stack gap="md">
      <LeaveGuard
        isNeeded={() => !isStored.current}
        title={t('keys.secret.leaveTitle')}
        text={t('keys.secret.leaveText')}
        leaveLabel={t('keys.secret.leave')}
        stayLabel={t('keys.secret.stay')}
      />
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
