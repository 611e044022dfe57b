// The head of a page: its name as the one h1 and the title of the tab, what it is for, and what can be done.

import { Box, Group, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { createContext, type ReactNode, useContext } from 'react';

interface PageHeaderProps {
  title: string;
  text?: ReactNode;
  /** Buttons, at the right. */
  children?: ReactNode;
}

/** Whose dashboard it is, for the title of the tab. */
export const SiteName = createContext('Latchkey');

export function PageHeader({ title, text, children }: PageHeaderProps) {
  useDocumentTitle(`${title} · ${useContext(SiteName)}`);
  return (
    <Group justify="space-between" align="flex-start" gap="md" mb="xl">
      <Box flex="1 1 200px">
        <Title order={1}>{title}</Title>
        {text !== undefined && (
          <Text c="dimmed" size="sm" mt={4} maw={680}>
            {text}
          </Text>
        )}
      </Box>
      {children !== undefined && <Group gap="sm">{children}</Group>}
    </Group>
  );
}
