// Removing a member: asked once, then the keys whose secrets they saw, each leading to its page.

import type { Key, Member } from '@latchkey/client';
import { Anchor, Button, List, Modal, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../kit/confirm-dialog';
import { DialogButtons } from '../../kit/dialog-buttons';
import { useNotify } from '../../kit/notify';
import { useRemoveMember } from './member-queries';

interface Props {
  /** null: closed. */
  member: Member | null;
  onClose(): void;
}

export function RemoveMember({ member, onClose }: Props) {
  const { t } = useTranslation();
  const notify = useNotify();
  const remove = useRemoveMember();
  const [toRotate, setToRotate] = useState<{ name: string; keys: Key[] } | null>(null);
  const name = member?.name ?? '';
  const close = () => {
    remove.reset();
    onClose();
  };
  const run = () => {
    if (member === null) return;
    remove.mutate(member, {
      onSuccess: ({ keysToRotate }) => {
        close();
        if (keysToRotate.length === 0) notify(t('members.removed', { name }));
        else setToRotate({ name, keys: keysToRotate });
      },
    });
  };
  return (
    <>
      <ConfirmDialog
        opened={member !== null}
        onClose={close}
        title={t('members.removeTitle', { name })}
        confirmLabel={t('common.remove')}
        danger
        onConfirm={run}
        isPending={remove.isPending}
        error={remove.error}
      >
        <Text size="sm">{t('members.removeText')}</Text>
      </ConfirmDialog>
      <Modal opened={toRotate !== null} onClose={() => setToRotate(null)} title={t('members.rotateTitle')}>
        <Stack gap="md">
          <Text size="sm">{t('members.rotateText', { name: toRotate?.name ?? '' })}</Text>
          <List size="sm" spacing="xs">
            {toRotate?.keys.map((key) => (
              <List.Item key={key.id}>
                <KeyLink {...key} />
              </List.Item>
            ))}
          </List>
          <DialogButtons>
            <Button variant="default" onClick={() => setToRotate(null)}>
              {t('members.done')}
            </Button>
          </DialogButtons>
        </Stack>
      </Modal>
    </>
  );
}

/** In a tab of its own, so that the list stays until all are done. */
const KeyLink = ({ id, name, projectId }: Key) => (
  <Anchor
    inherit
    underline="always"
    renderRoot={(props) => (
      <Link
        {...props}
        to="/dashboard/api-keys/$keyId"
        params={{ keyId: id }}
        search={(before) => ({ organization: before.organization, project: projectId })}
        target="_blank"
      />
    )}
  >
    {name}
  </Anchor>
);
