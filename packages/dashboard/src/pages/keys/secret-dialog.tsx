// The dialog of a call that answers with a secret: what is asked first, then the secret, with one way out of it.

import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { type NewSecret, SecretPanel } from './secret-panel';

interface SecretDialogProps {
  title: string;
  /** What the call answered; undefined: nothing yet, or its secret is stored. */
  made: NewSecret | undefined;
  isPending: boolean;
  onStored(): void;
  onClose(): void;
  /** As long as there is no secret to show. */
  children: ReactNode;
}

export function SecretDialog({ title, made, isPending, onStored, onClose, children }: SecretDialogProps) {
  // Of a call that is on its way, whoever closed now would never see the secret.
  const canClose = made === undefined && !isPending;
  return (
    <Modal
      opened
      onClose={() => canClose && onClose()}
      title={title}
      size="lg"
      closeOnEscape={canClose}
      closeOnClickOutside={false}
      withCloseButton={canClose}
    >
      {made === undefined ? children : <SecretPanel value={made} onStored={onStored} />}
    </Modal>
  );
}
