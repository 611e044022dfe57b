// The link of an invitation that no mail server could send: shown once, to be handed over by hand.

import { Alert, Button, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { DialogButtons } from '../../kit/dialog-buttons';
import { Alert as AlertIcon } from '../../kit/icons';
import { Secret } from '../../kit/secret';

/** `link` null: closed. */
export function InvitationLink({ link, onClose }: { link: string | null; onClose(): void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={link !== null}
      onClose={onClose}
      title={t('members.linkTitle')}
      size="lg"
      closeOnClickOutside={false}
    >
      <Stack gap="md">
        <Text size="sm">{t('members.linkText')}</Text>
        {link !== null && <Secret value={link} thing={t('members.link')} />}
        <Alert color="orange" variant="light" icon={<AlertIcon />}>
          {t('members.linkOnce')}
        </Alert>
        <DialogButtons>
          <Button onClick={onClose}>{t('members.done')}</Button>
        </DialogButtons>
      </Stack>
    </Modal>
  );
}
