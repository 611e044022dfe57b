// What is shown where there is nothing yet: what would be here, and the first step towards it.

import { Stack, Text, ThemeIcon, Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface EmptyStateProps {
  title: string;
  text?: ReactNode;
  icon?: ReactNode;
  /** The level of its heading; 1 where it stands in place of a page. */
  headingOrder?: 1 | 2 | 3;
  children?: ReactNode;
}

export function EmptyState({ title, text, icon, headingOrder = 2, children }: EmptyStateProps) {
  return (
    <Stack align="center" gap="sm" py={56} px="md" ta="center">
      {icon !== undefined && (
        <ThemeIcon variant="light" size={52} radius="xl" aria-hidden>
          {icon}
        </ThemeIcon>
      )}
      <Title order={headingOrder} size="h3">
        {title}
      </Title>
      {text !== undefined && (
        <Text c="dimmed" size="sm" maw={460} mb={children === undefined ? 0 : 'xs'}>
          {text}
        </Text>
      )}
      {children}
    </Stack>
  );
}
