// Asks once before something that cannot be taken back; for the gravest, a word has to be typed.

import { Button, Stack, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { DialogAbove } from './dialog-above';
import { DialogButtons } from './dialog-buttons';
import { ErrorState } from './error-state';

interface ConfirmDialogProps {
  opened: boolean;
  onClose(): void;
  title: string;
  /** What will happen. */
  children: ReactNode;
  confirmLabel: string;
  /** Red, for what destroys. */
  danger?: boolean;
  /** Has to be typed first. */
  word?: string;
  onConfirm(): void;
  isPending?: boolean;
  /** It cannot be done now; the text says why. */
  isBlocked?: boolean;
  error?: unknown;
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const {
    opened,
    onClose,
    title,
    children,
    confirmLabel,
    danger = false,
    word,
    onConfirm,
    isPending,
    isBlocked = false,
    error,
  } = props;
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const form = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isBlocked && (word === undefined || typed.trim() === word)) onConfirm();
  };
  return (
    <DialogAbove opened={opened} onClose={onClose} title={title} onExitTransitionEnd={() => setTyped('')}>
      <form id={form} onSubmit={submit}>
        <Stack gap="md">
          {children}
          {word !== undefined && (
            <TextInput
              label={t('common.typeToConfirm', { word })}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              autoComplete="off"
              spellCheck={false}
              data-autofocus
            />
          )}
          {error != null && <ErrorState error={error} />}
          <DialogButtons>
            {/* Where it is grave, Enter must not do it by itself. */}
            <Button variant="default" onClick={onClose} data-autofocus={(danger && word === undefined) || undefined}>
              {t('common.cancel')}
            </Button>
            <Button
              type="submit"
              color={danger ? 'red.9' : undefined}
              loading={isPending}
              disabled={isBlocked || (word !== undefined && typed.trim() !== word)}
            >
              {confirmLabel}
            </Button>
          </DialogButtons>
        </Stack>
      </form>
    </DialogAbove>
  );
}
