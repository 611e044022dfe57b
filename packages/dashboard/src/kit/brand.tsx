// The mark and the name: Latchkey's, or the provider's whose dashboard it is.

import { Box, Group, Text } from '@mantine/core';

export function Brand({ name = 'Latchkey', nameFrom }: { name?: string; nameFrom?: 'sm' }) {
  return (
    <Group gap={10} wrap="nowrap">
      <svg aria-hidden="true" width="28" height="28" viewBox="0 0 32 32">
        <rect width="32" height="32" rx="8" fill="#086650" />
        <g fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round">
          <circle cx="11.5" cy="16" r="4.5" />
          <path d="M16 16h9v4M21 16v3" />
        </g>
      </svg>
      <Box visibleFrom={nameFrom}>
        <Text span fw={680} size="lg" style={{ letterSpacing: '-0.01em' }}>
          {name}
        </Text>
      </Box>
    </Group>
  );
}
