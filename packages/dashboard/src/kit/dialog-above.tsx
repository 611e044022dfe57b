// A dialog that may stand over another: Escape closes it alone, and not what lies below it.

import { Modal, type ModalProps } from '@mantine/core';
import type { FocusEvent, KeyboardEvent } from 'react';

/** The library listens on the window for every dialog at once; keys pressed on what is marked so are not for it. */
const keepKeys = ({ target }: FocusEvent) => target.setAttribute('data-mantine-stop-propagation', 'true');

export function DialogAbove({ onClose, ...modal }: ModalProps) {
  const closeOnEscape = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
  };
  return <Modal onClose={onClose} onFocusCapture={keepKeys} onKeyDown={closeOnEscape} {...modal} />;
}
