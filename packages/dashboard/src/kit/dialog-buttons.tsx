// The buttons at the end of a dialog. They stay in sight while what stands above them scrolls.

import { Group } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './dialog-buttons.module.css';

/** The last child of the dialog, or of the form that fills it. */
export function DialogButtons({ children }: { children: ReactNode }) {
  return (
    <Group className={classes.bar} justify="flex-end" gap="sm">
      {children}
    </Group>
  );
}
