// One figure with what it counts.

import { Paper, Skeleton, Text } from '@mantine/core';
import type { ReactNode } from 'react';

interface StatProps {
  label: string;
  /** undefined: on its way. */
  value: ReactNode | undefined;
  note?: ReactNode;
}

export function Stat({ label, value, note }: StatProps) {
  return (
    <Paper withBorder p={{ base: 'sm', sm: 'md' }} h="100%">
      <Text size="xs" c="dimmed" fw={600}>
        {label}
      </Text>
      {value === undefined ? (
        <Skeleton h={26} w={90} mt={7} mb={7} />
      ) : (
        <Text fz={{ base: 20, sm: 26 }} fw={650} lh={1.5} style={{ fontVariantNumeric: 'tabular-nums' }}>
          {value}
        </Text>
      )}
      {note !== undefined && (
        <Text size="xs" c="dimmed" mih={18}>
          {note}
        </Text>
      )}
    </Paper>
  );
}
