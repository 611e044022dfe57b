// What is read letter by letter: ids, addresses, names that programs use.

import { Text } from '@mantine/core';
import type { ReactNode } from 'react';

export const Mono = ({ children }: { children: ReactNode }) => (
  <Text span ff="monospace" fz="xs">
    {children}
  </Text>
);
