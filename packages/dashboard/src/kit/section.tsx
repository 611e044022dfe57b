// One part of a page: a card with a heading, what it is about, and its content.

import { Box, Group, Paper, Text, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';

interface SectionProps {
  title: string;
  text?: ReactNode;
  /** At the right of the heading. */
  side?: ReactNode;
  /** A red edge, for what cannot be taken back. */
  danger?: boolean;
  /** No card around it: its content is one itself. */
  bare?: boolean;
  children: ReactNode;
}

export function Section({ title, text, side, danger = false, bare = false, children }: SectionProps) {
  const id = useId();
  return (
    <Paper
      component="section"
      withBorder={!bare}
      bg={bare ? 'transparent' : undefined}
      p={bare ? 0 : { base: 'md', sm: 'lg' }}
      aria-labelledby={id}
      style={
        danger ? { borderColor: 'color-mix(in srgb, var(--mantine-color-red-outline) 60%, transparent)' } : undefined
      }
    >
      <Group justify="space-between" align="flex-start" gap="sm" mb="md">
        <Box flex="1 1 180px">
          <Title order={2} id={id}>
            {title}
          </Title>
          {text !== undefined && (
            <Text size="sm" c="dimmed" mt={2} maw={680}>
              {text}
            </Text>
          )}
        </Box>
        {side}
      </Group>
      {children}
    </Paper>
  );
}
