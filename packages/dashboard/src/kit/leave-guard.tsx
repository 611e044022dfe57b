// Asks before anything leads away from what would be lost: a link, the way back, closing the tab.

import { Button, Stack, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { isWorthAsking } from '../data/held';
import { DialogAbove } from './dialog-above';
import { DialogButtons } from './dialog-buttons';

interface LeaveGuardProps {
  /** Asked in the moment in which something leads away. */
  isNeeded(): boolean;
  title: string;
  text: string;
  leaveLabel: string;
  stayLabel: string;
}

export function LeaveGuard({ isNeeded, title, text, leaveLabel, stayLabel }: LeaveGuardProps) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: isNeeded,
    enableBeforeUnload: () => isWorthAsking() && isNeeded(),
    withResolver: true,
  });
  return (
    <DialogAbove opened={status === 'blocked'} onClose={() => reset?.()} title={title} zIndex={400}>
      <Stack>
        <Text size="sm">{text}</Text>
        <DialogButtons>
          <Button variant="default" onClick={() => proceed?.()}>
            {leaveLabel}
          </Button>
          <Button onClick={() => reset?.()} data-autofocus>
            {stayLabel}
          </Button>
        </DialogButtons>
      </Stack>
    </DialogAbove>
  );
}
