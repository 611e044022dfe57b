// Lines of code to copy, in one language or several behind tabs.

// The button stands beside the lines, or below them on a phone; never over them.
import { Box, Code, Flex, Paper, Tabs } from '@mantine/core';
import { CopyButton } from './copy-button';

export interface Sample {
  /** The name on the tab, e.g. "curl". */
  name: string;
  /** For a screen reader, where several samples on a page have one name. */
  label?: string;
  code: string;
}

const Lines = ({ name, label = name, code }: Sample) => (
  <Flex direction={{ base: 'column', xs: 'row' }}>
    <Code
      block
      bg="transparent"
      p="md"
      flex={1}
      miw={0}
      fz="xs"
      lh={1.65}
      tabIndex={0}
      role="group"
      aria-label={label}
      style={{ overflowX: 'auto' }}
    >
      {code}
    </Code>
    <Box p={10} pt={{ base: 0, xs: 10 }} pl={0} ta="right">
      <CopyButton text={code} thing={label} />
    </Box>
  </Flex>
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
