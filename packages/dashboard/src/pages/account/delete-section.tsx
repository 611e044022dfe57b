// Deleting one's own account: what goes and what stays, the password, and at the end the keys that somebody else should replace.

import { Button, Group, List, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callAuth, type DeletedAccount, leaveForSignIn } from '../../data/auth';
import { DialogButtons } from '../../kit/dialog-buttons';
import { Section } from '../../kit/section';
import { PasswordStep } from './password-step';

export function DeleteSection() {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <Section danger title={t('account.delete')} text={t('account.deleteText')}>
      <Group>
        <Button variant="default" c="var(--mantine-color-error)" onClick={() => setOpen(true)}>
          {t('account.delete')}
        </Button>
      </Group>
      {isOpen && <DeleteAccount onClose={() => setOpen(false)} />}
    </Section>
  );
}

function DeleteAccount({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const remove = useMutation({
    mutationFn: (password: string | undefined) => callAuth<DeletedAccount>('/delete-account', { password }),
  });
  return (
    <Modal
      opened
      onClose={remove.isSuccess ? leaveForSignIn : onClose}
      title={remove.isSuccess ? t('account.deleted') : t('account.deleteTitle')}
      closeOnClickOutside={!remove.isSuccess}
    >
      {remove.isSuccess ? (
        <Known {...remove.data} />
      ) : (
        <PasswordStep
          text={t('account.deleteSure')}
          label={t('account.delete')}
          danger
          error={remove.error}
          isPending={remove.isPending}
          onPassword={remove.mutate}
          onCancel={onClose}
        />
      )}
    </Modal>
  );
}

function Known({ keysToRotate, rootKeysToRevoke }: DeletedAccount) {
  const { t } = useTranslation();
  return (
    <Stack gap="md">
      {keysToRotate.length + rootKeysToRevoke.length > 0 && <Text size="sm">{t('account.deletedKeys')}</Text>}
      <List size="sm" spacing="xs">
        {keysToRotate.map(({ id, name, hint, organizationName }) => (
          <List.Item key={id}>
            {name} (…{hint}), {organizationName}
          </List.Item>
        ))}
        {rootKeysToRevoke.map(({ id, name, hint }) => (
          <List.Item key={id}>
            {name} (…{hint}), {t('audit.kinds.root_key')}
          </List.Item>
        ))}
      </List>
      <DialogButtons>
        <Button onClick={leaveForSignIn}>{t('signIn.toSignIn')}</Button>
      </DialogButtons>
    </Stack>
  );
}
