// Lines of code to copy, in one language or several behind tabs.

import { Box, Code, Group, Paper, Tabs } from '@mantine/core';
import { CopyButton } from './copy-button';

export interface Sample {
  /** The name on the tab, e.g. "curl". */
  name: string;
  /** For a screen reader, where several samples on a page have one name. */
  label?: string;
  code: string;
}

const Lines = ({ name, label = name, code }: Sample) => (
  <Box pos="relative">
    <Code
      block
      bg="transparent"
      p="md"
      pr={104}
      fz="xs"
      lh={1.65}
      tabIndex={0}
      role="group"
      aria-label={label}
      style={{ overflowX: 'auto' }}
    >
      {code}
    </Code>
    <Group pos="absolute" top={10} right={10}>
      <CopyButton text={code} thing={label} />
    </Group>
  </Box>
);

export function CodeSample({ samples }: { samples: readonly Sample[] }) {
  const [first] = samples;
  if (first === undefined) return null;
  return (
    <Paper withBorder radius="md" style={{ overflow: 'hidden' }}>
      {samples.length === 1 ? (
        <Lines {...first} />
      ) : (
        <Tabs defaultValue={first.name} keepMounted={false}>
          <Tabs.List px="xs">
            {samples.map(({ name }) => (
              <Tabs.Tab key={name} value={name}>
                {name}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {samples.map((sample) => (
            <Tabs.Panel key={sample.name} value={sample.name}>
              <Lines {...sample} />
            </Tabs.Panel>
          ))}
        </Tabs>
      )}
    </Paper>
  );
}
