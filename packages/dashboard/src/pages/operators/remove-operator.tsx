// Removing an operator: asked once, then the root keys that they made, each to be revoked here.

import type { RootKey, User } from '@latchkey/client';
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useMay } from '../../data/self';
import { ConfirmDialog } from '../../kit/confirm-dialog';
import { DialogButtons } from '../../kit/dialog-buttons';
import { ErrorState } from '../../kit/error-state';
import { useNotify } from '../../kit/notify';
import { StateBadge } from '../../kit/state-badge';
import { useOperatorChange } from './operator-queries';

interface Props {
  /** null: closed. */
  operator: User | null;
  onClose(): void;
}

export function RemoveOperator({ operator, onClose }: Props) {
  const { t } = useTranslation();
  const notify = useNotify();
  const remove = useOperatorChange((api, userId: string) => api.operators.remove({ userId }));
  const [left, setLeft] = useState<{ name: string; keys: RootKey[] } | null>(null);
  const name = operator?.name ?? '';
  const close = () => {
    remove.reset();
    onClose();
  };
  const run = () => {
    if (operator === null) return;
    remove.mutate(operator.id, {
      onSuccess: ({ rootKeysToRevoke }) => {
        close();
        if (rootKeysToRevoke.length === 0) notify(t('members.removed', { name }));
        else setLeft({ name, keys: rootKeysToRevoke });
      },
    });
  };
  return (
    <>
      <ConfirmDialog
        opened={operator !== null}
        onClose={close}
        title={t('operators.removeTitle', { name })}
        confirmLabel={t('common.remove')}
        danger
        onConfirm={run}
        isPending={remove.isPending}
        error={remove.error}
      >
        <Text size="sm">{t('operators.removeText')}</Text>
      </ConfirmDialog>
      <Modal opened={left !== null} onClose={() => setLeft(null)} title={t('operators.revokeTitle')}>
        <Stack gap="md">
          <Text size="sm">{t('operators.revokeText', { name: left?.name ?? '' })}</Text>
          {left?.keys.map((key) => (
            <LeftKey key={key.id} rootKey={key} />
          ))}
          <DialogButtons>
            <Button variant="default" onClick={() => setLeft(null)}>
              {t('members.done')}
            </Button>
          </DialogButtons>
        </Stack>
      </Modal>
    </>
  );
}

function LeftKey({ rootKey: { id, name, hint } }: { rootKey: RootKey }) {
  const { t } = useTranslation();
  const api = useApi();
  const may = useMay();
  const revoke = useMutation({ mutationFn: () => api.rootKeys.revoke({ rootKeyId: id }) });
  return (
    <Stack gap="xs">
      <Group justify="space-between" gap="sm">
        <Text size="sm">
          {name} (…{hint})
        </Text>
        {revoke.isSuccess && <StateBadge tone="good">{t('operators.keyRevoked')}</StateBadge>}
        {!revoke.isSuccess && may('revokeRootKey') && (
          <Button
            size="xs"
            color="red.9"
            loading={revoke.isPending}
            onClick={() => revoke.mutate()}
            aria-label={`${t('operators.revokeKey')}: ${name}`}
          >
            {t('operators.revokeKey')}
          </Button>
        )}
      </Group>
      {revoke.error !== null && <ErrorState error={revoke.error} />}
    </Stack>
  );
}
