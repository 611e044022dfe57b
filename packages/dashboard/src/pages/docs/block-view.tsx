// One block of the provider's page, in the dashboard's own looks.

import { Code, List, Paper, Table, Text, Title } from '@mantine/core';
import { Fragment } from 'react';
import { CodeSample } from '../../kit/code-sample';
import classes from './docs.module.css';
import type { Block, Pieces } from './page-blocks';

/** Below the bar at the top, when a link leads there. */
const BELOW_HEADER = { scrollMarginTop: 84 };

/** Where it has to be broken, `ERROR_CODES` and paths are after a sign, not within a word. */
const breakable = (code: string) =>
  code.split(/(?<=[_/])/).map((part, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text stay where they are
    <Fragment key={at}>
      {at > 0 && <wbr />}
      {part}
    </Fragment>
  ));

const Inline = ({ of }: { of: Pieces }) =>
  of.map(({ kind, text }, at) => {
    const key = `${at} ${text}`;
    if (kind === 'code') return <Code key={key}>{breakable(text)}</Code>;
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

function BlockTable({ head, rows }: Extract<Block, { kind: 'table' }>) {
  const label = head.map(textOf).join(', ');
  return (
    <Paper withBorder radius="md" style={{ overflow: 'hidden' }}>
      <Table.ScrollContainer
        minWidth={head.length > 2 ? 560 : 320}
        scrollAreaProps={{ offsetScrollbars: 'present', viewportProps: { tabIndex: 0 } }}
      >
        <Table className={classes.table} verticalSpacing="xs" horizontalSpacing="md" fz="sm" aria-label={label}>
          <Table.Thead>
            <Table.Tr>
              {head.map((cell) => (
                <Table.Th key={textOf(cell)} scope="col">
                  <Inline of={cell} />
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.map(textOf).join(' | ')}>
                {row.map((cell, at) => (
                  <Table.Td key={`${textOf(head[at] ?? [])} ${textOf(cell)}`}>
                    <Inline of={cell} />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}
