// The frame of the pages before the sign-in: one card in the middle, the mark above, preferences below.

import { Box, Paper, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef } from 'react';
import { signInOptions } from '../../data/auth';
import { Brand } from '../../kit/brand';
import { Preferences } from '../../kit/preferences';

interface AuthFrameProps {
  title: string;
  text?: ReactNode;
  children?: ReactNode;
  /** Below the card: the way to another page. */
  footer?: ReactNode;
}

export function AuthFrame({ title, text, children, footer }: AuthFrameProps) {
  const { data: options } = useQuery(signInOptions);
  const heading = useRef<HTMLHeadingElement>(null);
  useDocumentTitle(`${title} · Latchkey`);
  // A step that takes the place of another is announced, unless the new one put the focus into a field of its own.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the title is what tells steps apart.
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus();
  }, [title]);
  return (
    <Stack mih="100dvh" align="center" justify="center" px="md" py="xl" gap="xl" component="main">
      <Brand name={options?.provider} />
      <Box w="100%" maw={420}>
        <Paper withBorder p={{ base: 'lg', xs: 'xl' }} shadow="xs">
          <Title order={1} ref={heading} tabIndex={-1} size="h2" fz="1.3rem">
            {title}
          </Title>
          {text !== undefined && (
            <Text c="dimmed" size="sm" mt={6}>
              {text}
            </Text>
          )}
          <Box mt="lg">{children}</Box>
        </Paper>
        {footer !== undefined && (
          <Text ta="center" size="sm" mt="lg">
            {footer}
          </Text>
        )}
      </Box>
      <Preferences />
    </Stack>
  );
}
