// What is known of one thing: names with their values below them, side by side where there is room.

import { SimpleGrid, Text } from '@mantine/core';
import type { ReactNode } from 'react';

type Fact = readonly [label: string, value: ReactNode];

/** `false`: one that does not hold here, and is left out. */
export function Facts({ facts }: { facts: readonly (Fact | false)[] }) {
  return (
    <SimpleGrid component="dl" cols={{ base: 1, xs: 2, md: 3 }} spacing="lg" verticalSpacing="md" m={0}>
      {facts
        .filter((fact) => fact !== false)
        .map(([label, value]) => (
          <div key={label}>
            <Text component="dt" size="xs" c="dimmed" mb={2}>
              {label}
            </Text>
            <Text component="dd" size="sm" m={0}>
              {value}
            </Text>
          </div>
        ))}
    </SimpleGrid>
  );
}
