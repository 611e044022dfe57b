// Copies a text and says so, on the button and to a screen reader.

import { Button, type ButtonProps, VisuallyHidden } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { Check, Copy } from './icons';

interface CopyButtonProps extends Omit<ButtonProps, 'children'> {
  text: string;
  /** On the button, in place of "Copy". */
  label?: string;
  /** What is copied, for the accessible name; e.g. "key". */
  thing?: string;
  onCopied?: () => void;
}

export function CopyButton({ text, label: copyLabel, thing, onCopied, ...button }: CopyButtonProps) {
  const { t } = useTranslation();
  const clipboard = useClipboard({ timeout: 2500 });
  const copy = () => {
    clipboard.reset();
    clipboard.copy(text);
    onCopied?.();
  };
  // Where the browser, or a site that frames this page, lets nothing be copied, nobody may believe that it was.
  const hasFailed = clipboard.error !== null && !clipboard.copied;
  const said = clipboard.copied ? t('common.copied') : hasFailed ? t('common.copyFailed') : '';
  const label = said || (copyLabel ?? t('common.copy'));
  return (
    <>
      <Button
        size="xs"
        variant="default"
        leftSection={clipboard.copied ? <Check size={15} /> : <Copy size={15} />}
        onClick={copy}
        aria-label={thing === undefined ? undefined : `${label}: ${thing}`}
        {...button}
      >
        {label}
      </Button>
      <VisuallyHidden role="status">{said}</VisuallyHidden>
    </>
  );
}
