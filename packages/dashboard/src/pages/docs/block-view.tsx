// One block of the provider's page, in the dashboard's own looks.

import { Box, Code, List, Text, Title } from '@mantine/core';
import { Breakable } from '../../kit/breakable';
import { CodeSample } from '../../kit/code-sample';
import { DataTable } from '../../kit/data-table';
import classes from './docs.module.css';
import type { Block, Pieces } from './page-blocks';

/** Below the bar at the top, when a link leads there. */
const BELOW_HEADER = { scrollMarginTop: 84 };

const Inline = ({ of }: { of: Pieces }) =>
  of.map(({ kind, text }, at) => {
    const key = `${at} ${text}`;
    if (kind === 'code')
      return (
        <Code key={key}>
          <Breakable text={text} />
        </Code>
      );
    return kind === 'strong' ? <strong key={key}>{text}</strong> : text;
  });

const textOf = (pieces: Pieces) => pieces.map(({ text }) => text).join('');

/** What the languages of samples are called; others as the page names them. */
const LANGUAGES: Readonly<Record<string, string>> = {
  sh: 'curl',
  js: 'JavaScript',
  javascript: 'JavaScript',
  ts: 'TypeScript',
  python: 'Python',
  http: 'HTTP',
  json: 'JSON',
};

/** `name`: what samples and tables are told apart by. */
export function BlockView({ block, name }: { block: Block; name: string }) {
  switch (block.kind) {
    case 'heading':
      return (
        <Title
          order={block.level}
          id={block.id}
          mt={block.level === 2 ? 'xl' : 'sm'}
          size={block.level === 2 ? 'h2' : 'h3'}
          tabIndex={-1}
          style={BELOW_HEADER}
        >
          {block.text}
        </Title>
      );
    case 'paragraph':
      return (
        <Text c={block.lead ? 'dimmed' : undefined} size={block.lead ? 'md' : 'sm'} lh={1.65}>
          <Inline of={block.text} />
        </Text>
      );
    case 'list':
      return (
        <List type={block.ordered ? 'ordered' : 'unordered'} size="sm" spacing={6} pr="md">
          {block.items.map((item) => (
            <List.Item key={textOf(item)}>
              <Inline of={item} />
            </List.Item>
          ))}
        </List>
      );
    case 'code':
      return (
        <CodeSample
          samples={block.samples.map(({ language, code }) => {
            const title = LANGUAGES[language] ?? language;
            return { name: title, label: `${name}: ${title}`, code };
          })}
        />
      );
    case 'table':
      return <BlockTable {...block} />;
  }
}

/** Longer than what stands beside its label on a phone. */
const LONG = 30;

function BlockTable({ head, rows }: Extract<Block, { kind: 'table' }>) {
  const columns = head.map((cell, at) => ({
    id: textOf(cell),
    label: textOf(cell),
    isLong: rows.some((row) => textOf(row[at] ?? []).length > LONG),
    cell: ({ [at]: pieces = [] }: readonly Pieces[]) => (pieces.length === 0 ? '–' : <Inline of={pieces} />),
  }));
  return (
    <Box className={classes.table}>
      <DataTable
        label={head.map(textOf).join(', ')}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.map(textOf).join(' | ')}
        isSlim={head.length < 3}
        empty={null}
      />
    </Box>
  );
}
