// Gives a passkey a name by which its owner knows the device.

import { Button, Modal, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callAuth, type Passkey } from '../../data/auth';
import { DialogButtons } from '../../kit/dialog-buttons';
import { AuthError } from '../sign-in/auth-error';

export function NamePasskey({ passkey, onClose }: { passkey: Passkey; onClose(): void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(passkey.name ?? '');
  const save = useMutation({
    mutationFn: () => callAuth('/passkey/update-passkey', { id: passkey.id, name: name.trim() }),
    onSuccess: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') save.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('account.renamePasskey')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <AuthError error={save.error} />
          <TextInput
            label={t('signIn.name')}
            description={t('account.passkeyNameHint')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={100}
            required
            withAsterisk={false}
            data-autofocus
          />
          <DialogButtons>
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t('common.save')}
            </Button>
          </DialogButtons>
        </Stack>
      </form>
    </Modal>
  );
}
