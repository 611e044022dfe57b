// A table that becomes a list of cards on a phone, with its own loading, empty and error states.

import { Box, Button, Center, Flex, Group, Paper, Stack, Table, Text, VisuallyHidden } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import type { CSSProperties, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorState } from './error-state';
import { Loading } from './loading';

export interface Column<Row> {
  /** Unique in the table. */
  id: string;
  label: string;
  cell(row: Row): ReactNode;
  align?: 'left' | 'right';
  /** Said to a screen reader, not shown: a column of buttons. */
  hideLabel?: boolean;
  /** Several lines: on a card it stands below its label, as wide as the card. */
  isLong?: boolean;
  /** Heads the card in place of the first column. */
  headsCard?: boolean;
}

export interface DataTableProps<Row> {
  /** What the table is of, for a screen reader. */
  label: string;
  columns: readonly Column<Row>[];
  /** undefined: on its way. */
  rows: readonly Row[] | undefined;
  rowKey(row: Row): string;
  error?: unknown;
  onRetry?: () => void;
  /** In place of a table without rows. */
  empty: ReactNode;
  /** A few short columns: no cards on a phone. */
  isSlim?: boolean;
  /** When there is more to load. */
  onMore?: (() => void) | undefined;
  isLoadingMore?: boolean;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { rows, error, onRetry, empty, onMore, isLoadingMore, isSlim = false } = props;
  const { t } = useTranslation();
  const isNarrow = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false });
  if (error != null && rows === undefined) return <ErrorState error={error} onRetry={onRetry} />;
  if (rows === undefined) return <Loading card />;
  if (rows.length === 0) return <Paper withBorder>{empty}</Paper>;
  return (
    <Stack gap="md">
      {isNarrow && !isSlim ? <Cards {...props} rows={rows} /> : <Grid {...props} rows={rows} isNarrow={isNarrow} />}
      {/* What is there stays; it may be old, or there would be more. */}
      {error != null && <ErrorState error={error} onRetry={onRetry} />}
      {onMore !== undefined && error == null && (
        <Center>
          <Button variant="default" onClick={onMore} loading={isLoadingMore}>
            {t('common.loadMore')}
          </Button>
        </Center>
      )}
    </Stack>
  );
}

type Filled<Row> = DataTableProps<Row> & { rows: readonly Row[] };

function Grid<Row>({ label, columns, rows, rowKey, isSlim = false, isNarrow }: Filled<Row> & { isNarrow: boolean }) {
  // Figures stay in one piece; names give way, but not letter by letter.
  const styleOf = (align: Column<Row>['align']): CSSProperties =>
    !isSlim ? {} : align === 'right' ? { whiteSpace: 'nowrap' } : { minWidth: '7em' };
  return (
    <Paper withBorder style={{ overflow: 'hidden' }}>
      <Table.ScrollContainer
        minWidth={isSlim ? columns.length * 80 : 560}
        scrollAreaProps={{ offsetScrollbars: 'present', viewportProps: { tabIndex: 0, 'aria-label': label } }}
      >
        <Table verticalSpacing={isSlim ? 'xs' : 'sm'} horizontalSpacing={isNarrow ? 8 : 'md'} aria-label={label}>
          <Table.Thead>
            <Table.Tr>
              {columns.map(({ id, label, align, hideLabel }) => (
                <Table.Th key={id} ta={align} fz="xs" fw={600} c="dimmed" scope="col" style={styleOf(align)}>
                  {hideLabel ? <VisuallyHidden>{label}</VisuallyHidden> : label}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={rowKey(row)}>
                {columns.map(({ id, cell, align }) => (
                  <Table.Td key={id} ta={align} fz="sm" style={styleOf(align)}>
                    {cell(row)}
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

/** One column heads the card, with what can be done at its right; the others stand below with their names. */
function Cards<Row>({ label, columns, rows, rowKey }: Filled<Row>) {
  const head = columns.find(({ headsCard }) => headsCard) ?? columns[0];
  const named = columns.filter((column) => column !== head && !column.hideLabel);
  const actions = columns.filter(({ hideLabel }) => hideLabel);
  return (
    <Stack component="ul" gap="sm" m={0} p={0} style={{ listStyle: 'none' }} aria-label={label}>
      {rows.map((row) => (
        <Paper key={rowKey(row)} component="li" withBorder p="md">
          <Stack gap="xs">
            <Group justify="space-between" gap="sm" wrap="nowrap" mih={34}>
              <Box fz="sm" miw={0}>
                {head?.cell(row)}
              </Box>
              {actions.map(({ id, cell }) => (
                <Box key={id} flex="none" fz="sm">
                  {cell(row)}
                </Box>
              ))}
            </Group>
            {named.map(({ id, label, cell, isLong = false }) => (
              <Flex
                key={id}
                direction={isLong ? 'column' : 'row'}
                justify="space-between"
                gap={isLong ? 4 : 'md'}
                align={isLong ? 'flex-start' : 'baseline'}
              >
                <Text size="xs" c="dimmed" lh={1.6} flex="none">
                  {label}
                </Text>
                <Box fz="sm" ta={isLong ? 'left' : 'right'} miw={0}>
                  {cell(row)}
                </Box>
              </Flex>
            ))}
          </Stack>
        </Paper>
      ))}
    </Stack>
  );
}
