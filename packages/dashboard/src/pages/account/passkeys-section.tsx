// Passkeys of the account: add, name, remove.

import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { addPasskey, callAuth, type Passkey, passkeysQuery } from '../../data/auth';
import { ConfirmDialog } from '../../kit/confirm-dialog';
import { ErrorState } from '../../kit/error-state';
import { Loading } from '../../kit/loading';
import { Section } from '../../kit/section';
import { TimeText } from '../../kit/time-text';
import { AuthError } from '../sign-in/auth-error';
import { NamePasskey } from './name-passkey';

export function PasskeysSection() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const passkeys = useQuery(passkeysQuery);
  const [naming, setNaming] = useState<Passkey | null>(null);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const reload = () => queries.invalidateQueries({ queryKey: passkeysQuery.queryKey });
  const add = useMutation({ mutationFn: addPasskey, onSuccess: reload });
  const remove = useMutation({
    mutationFn: ({ id }: Passkey) => callAuth('/passkey/delete-passkey', { id }),
    onSuccess: () => {
      setRemoving(null);
      return reload();
    },
  });
  const nameOf = (passkey: Passkey) => passkey.name || t('account.passkey');
  return (
    <Section
      title={t('account.passkeys')}
      text={t('account.passkeysText')}
      side={
        <Button variant="default" loading={add.isPending} onClick={() => add.mutate()}>
          {t('account.addPasskey')}
        </Button>
      }
    >
      <Stack gap="sm">
        <AuthError error={add.error} />
        {passkeys.error !== null && <ErrorState error={passkeys.error} onRetry={() => void passkeys.refetch()} />}
        {passkeys.isPending && <Loading lines={2} />}
        {passkeys.data?.length === 0 && (
          <Text size="sm" c="dimmed">
            {t('account.noPasskeys')}
          </Text>
        )}
        {passkeys.data?.map((passkey) => (
          <Group key={passkey.id} justify="space-between" gap="sm">
            <div>
              <Text size="sm" fw={550}>
                {nameOf(passkey)}
              </Text>
              <Text size="xs" c="dimmed">
                {t('account.added')} <TimeText at={passkey.createdAt} none="–" inText />
              </Text>
            </div>
            <Group gap="xs">
              <Button
                size="xs"
                variant="default"
                onClick={() => setNaming(passkey)}
                aria-label={`${t('account.rename')}: ${nameOf(passkey)}`}
              >
                {t('account.rename')}
              </Button>
              <Button
                size="xs"
                variant="default"
                onClick={() => setRemoving(passkey)}
                aria-label={`${t('common.remove')}: ${nameOf(passkey)}`}
              >
                {t('common.remove')}
              </Button>
            </Group>
          </Group>
        ))}
      </Stack>
      {naming !== null && (
        <NamePasskey
          passkey={naming}
          onClose={() => {
            setNaming(null);
            void reload();
          }}
        />
      )}
      <ConfirmDialog
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={t('account.removePasskey')}
        confirmLabel={t('common.remove')}
        danger
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() => removing !== null && remove.mutate(removing)}
      >
        <Text size="sm">{t('account.removePasskeyText', { name: removing === null ? '' : nameOf(removing) })}</Text>
      </ConfirmDialog>
    </Section>
  );
}
