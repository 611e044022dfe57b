// The state of something as a word with a sign of its own, so that colour is never the only difference.

import { Badge } from '@mantine/core';
import type { ReactNode } from 'react';
import { Alert, Check, Clock, Cross, Minus, Pause } from './icons';

export type Tone = 'good' | 'waiting' | 'paused' | 'warning' | 'ended' | 'neutral';

const LOOKS: Record<Tone, { color: string; sign: ReactNode }> = {
  good: { color: 'accent', sign: <Check size={12} /> },
  waiting: { color: 'blue', sign: <Clock size={12} /> },
  paused: { color: 'gray', sign: <Pause size={12} /> },
  warning: { color: 'orange', sign: <Alert size={12} /> },
  ended: { color: 'red', sign: <Cross size={12} /> },
  neutral: { color: 'gray', sign: <Minus size={12} /> },
};

export function StateBadge({ tone, children }: { tone: Tone; children: ReactNode }) {
  const { color, sign } = LOOKS[tone];
  return (
    <Badge
      color={color}
      variant="light"
      radius="sm"
      tt="none"
      fw={550}
      leftSection={sign}
      style={{ verticalAlign: 'middle' }}
      styles={{
        root: {
          color: `light-dark(color-mix(in srgb, var(--mantine-color-${color}-9) 72%, black), var(--mantine-color-${color}-3))`,
        },
      }}
    >
      {children}
    </Badge>
  );
}
