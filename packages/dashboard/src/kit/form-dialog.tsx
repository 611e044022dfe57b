// A short form over the page: fields, what went wrong, and two buttons.

import { Button, Modal, Stack } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { DialogButtons } from './dialog-buttons';
import { ErrorState } from './error-state';
import { GuardedForm } from './guarded-form';

interface FormDialogProps {
  opened: boolean;
  onClose(): void;
  title: string;
  children: ReactNode;
  submitLabel: string;
  onSubmit(): void;
  /** false: something is missing still. */
  canSubmit?: boolean;
  isPending?: boolean;
  error?: unknown;
}

export function FormDialog(props: FormDialogProps) {
  const { opened, onClose, title, children, submitLabel, onSubmit, canSubmit = true, isPending, error } = props;
  const { t } = useTranslation();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (canSubmit && !isPending) onSubmit();
  };
  return (
    <Modal opened={opened} onClose={onClose} title={title}>
      <GuardedForm onSubmit={submit} isPending={isPending}>
        <Stack gap="md">
          {children}
          {error != null && <ErrorState error={error} />}
          <DialogButtons>
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={isPending} disabled={!canSubmit}>
              {submitLabel}
            </Button>
          </DialogButtons>
        </Stack>
      </GuardedForm>
    </Modal>
  );
}
