// The list of keys. Only the rows in sight are drawn, so that ten thousand scroll like ten; on a phone a row is a card.

import type { Key } from '@latchkey/client';
import { Badge, Box, Button, Group, Paper, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import {
  type CSSProperties,
  memo,
  type ReactNode,
  useCallback,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import { Chevron, Toggle } from '../../kit/icons';
import { exactTime, loneTime } from '../../kit/time-text';
import { useLocale } from '../../words/locale';
import { KeyMenu } from './key-actions';
import type { KeyRow, SortBy, Wanted } from './key-rows';
import { KeyEnds, KeyMode, KeyState } from './key-state';
import styles from './keys.module.css';
import { KeyLink } from './place';
import { isUsable } from './usable';

interface KeyListProps {
  rows: readonly KeyRow[];
  wanted: Wanted;
  onSort(by: SortBy): void;
  /** Opens or closes the older generations of a family. */
  onToggle(familyId: string, isOpen: boolean): void;
  hasModes: boolean;
  /** Titles of tiers by name; empty: there are none. */
  tiers: ReadonlyMap<string, string>;
}

interface Column {
  id: string;
  label: string;
  width: string;
  sortBy?: SortBy;
  hideLabel?: boolean;
  cell(row: KeyRow): ReactNode;
}

const ROW_HEIGHT = 64;
const CARD_HEIGHT = 208;

export function KeyList(props: KeyListProps) {
  const { rows } = props;
  const { t } = useTranslation();
  const isNarrow = useMediaQuery('(max-width: 62em)', undefined, { getInitialValueInEffect: false });
  const space = useRef<HTMLElement>(null);
  const [top, setTop] = useState(0);
  // Where the list begins on the page; it moves when what stands above it does.
  useLayoutEffect(() => {
    const place = () => {
      const box = space.current?.getBoundingClientRect();
      if (box !== undefined) setTop(Math.round(box.top + window.scrollY));
    };
    place();
    const watch = new ResizeObserver(place);
    watch.observe(document.body);
    return () => watch.disconnect();
  }, []);
  // The same function for the same rows: with another one the place of every row is worked out anew.
  const getItemKey = useCallback((at: number) => rows[at]?.key.id ?? at, [rows]);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => (isNarrow ? CARD_HEIGHT : ROW_HEIGHT),
    overscan: 6,
    scrollMargin: top,
    getItemKey,
  });
  const columns = useColumns(props);
  const template = columns.map(({ width }) => width).join(' ');
  const items = virtual.getVirtualItems().map(({ index, key, start }) => {
    const row = rows[index] as KeyRow;
    return { index, key, row, offset: start - top };
  });
  if (isNarrow) {
    return (
      <ul
        ref={(list) => {
          space.current = list;
        }}
        className={`${styles.space} ${styles.cards}`}
        style={{ height: virtual.getTotalSize() }}
        aria-label={t('keys.title')}
      >
        {items.map(({ index, key, row, offset }) => (
          <li
            key={key}
            className={`${styles.placed} ${styles.card}`}
            style={{ transform: `translateY(${offset}px)` }}
            data-index={index}
            ref={virtual.measureElement}
            aria-setsize={rows.length}
            aria-posinset={index + 1}
          >
            <Card row={row} {...props} />
          </li>
        ))}
      </ul>
    );
  }
  return (
    <table
      className={styles.table}
      aria-label={t('keys.title')}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
    >
      <thead className={styles.head}>
        <Head {...props} columns={columns} template={template} />
      </thead>
      <tbody
        ref={(body) => {
          space.current = body;
        }}
        className={styles.space}
        style={{ height: virtual.getTotalSize() }}
      >
        {items.map(({ index, key, row, offset }) => (
          <Row
            key={key}
            index={index}
            row={row}
            columns={columns}
            template={template}
            top={offset}
            isLast={index === rows.length - 1}
          />
        ))}
      </tbody>
    </table>
  );
}

function Head({ columns, template, wanted, onSort }: KeyListProps & { columns: Column[]; template: string }) {
  return (
    <tr aria-rowindex={1} className={`${styles.row} ${styles.headRow}`} style={{ gridTemplateColumns: template }}>
      {columns.map(({ id, label, sortBy, hideLabel }) => {
        const isSorted = sortBy !== undefined && sortBy === wanted.sortBy;
        return (
          <th
            key={id}
            scope="col"
            className={styles.cell}
            aria-sort={isSorted ? (wanted.descending ? 'descending' : 'ascending') : undefined}
          >
            {sortBy !== undefined ? (
              <button
                type="button"
                className={`${styles.sort} ${isSorted ? styles.sorted : ''}`}
                onClick={() => onSort(sortBy)}
              >
                {label}
                <span aria-hidden style={arrow(isSorted, wanted.descending)}>
                  <Chevron size={14} />
                </span>
              </button>
            ) : hideLabel ? (
              <VisuallyHidden>{label}</VisuallyHidden>
            ) : (
              <span className={styles.label}>{label}</span>
            )}
          </th>
        );
      })}
    </tr>
  );
}

const arrow = (isSorted: boolean, descending: boolean): CSSProperties => ({
  display: 'inline-flex',
  opacity: isSorted ? 1 : 0,
  transform: descending ? undefined : 'rotate(180deg)',
});

interface RowProps {
  index: number;
  row: KeyRow;
  columns: readonly Column[];
  template: string;
  top: number;
  isLast: boolean;
}

/** Scrolling changes which rows there are, not what is in them: those that stay are not drawn again. */
const Row = memo(function Row({ index, row, columns, template, top, isLast }: RowProps) {
  const names = [
    styles.placed,
    styles.row,
    styles.body,
    row.kind === 'older' && styles.older,
    !isUsable(row.key) && styles.ended,
    isLast && styles.last,
  ];
  const style = { transform: `translateY(${top}px)`, gridTemplateColumns: template };
  return (
    <tr className={names.filter(Boolean).join(' ')} style={style} aria-rowindex={index + 2}>
      {columns.map(({ id, cell }) => (
        <td key={id} className={styles.cell}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
});

function useColumns({ onToggle, hasModes, tiers }: KeyListProps): Column[] {
  const { t } = useTranslation();
  return useMemo(
    () => [
      {
        id: 'name',
        label: t('keys.name'),
        width: 'minmax(180px, 2.2fr)',
        sortBy: 'name',
        cell: (row) => <Name row={row} onToggle={onToggle} />,
      },
      ...(hasModes
        ? [
            {
              id: 'mode',
              label: t('keys.mode.label'),
              width: '64px',
              cell: ({ key }: KeyRow) => <KeyMode mode={key.mode} />,
            },
          ]
        : []),
      ...(tiers.size > 0
        ? [
            {
              id: 'tier',
              label: t('keys.tier'),
              width: 'minmax(72px, 0.7fr)',
              cell: ({ key }: KeyRow) => <Text inherit>{tiers.get(key.tier ?? '') ?? key.tier ?? '–'}</Text>,
            },
          ]
        : []),
      { id: 'state', label: t('keys.stateLabel'), width: '146px', cell: ({ key }) => <KeyState value={key} /> },
      {
        id: 'created',
        label: t('keys.created'),
        width: 'minmax(92px, 0.9fr)',
        sortBy: 'createdAt',
        cell: ({ key }) => <When at={key.createdAt} />,
      },
      {
        id: 'lastUsed',
        label: t('keys.lastUsed'),
        width: 'minmax(112px, 1.1fr)',
        sortBy: 'lastUsedAt',
        cell: ({ key }) => <LastUsed value={key} />,
      },
      {
        id: 'expires',
        label: t('keys.expires'),
        width: 'minmax(88px, 0.9fr)',
        sortBy: 'expiresAt',
        cell: ({ key }) => <Expires value={key} />,
      },
      {
        id: 'menu',
        label: t('common.actions'),
        width: '34px',
        hideLabel: true,
        cell: ({ key }) => <KeyMenu value={key} />,
      },
    ],
    [t, hasModes, tiers, onToggle],
  );
}

/** As TimeText of the kit, without what that needs to float: there are three in each row. */
function When({ at, none }: { at: string | null; none?: string }) {
  const locale = useLocale();
  if (at === null) return none;
  return (
    <time dateTime={at} title={exactTime(at, locale)}>
      {loneTime(at, locale)}
    </time>
  );
}

function LastUsed({ value: key }: { value: Key }) {
  const { t } = useTranslation();
  return (
    <>
      <When at={key.lastUsedAt} none={t('keys.never')} />
      {key.lastUsedIp !== null && (
        <Text ff="monospace" fz="xs" c="dimmed" truncate title={key.lastUsedIp}>
          {key.lastUsedIp}
        </Text>
      )}
    </>
  );
}

function Expires({ value: key }: { value: Key }) {
  const { t } = useTranslation();
  // Of a key that is revoked already, the end that it would have had says nothing.
  if (key.revokedAt !== null) return '–';
  return <When at={key.graceEndsAt ?? key.expiresAt} none={t('keys.expiry.never')} />;
}

function Name({ row, onToggle }: { row: KeyRow } & Pick<KeyListProps, 'onToggle'>) {
  const { t } = useTranslation();
  const { key } = row;
  return (
    <Stack gap={1} miw={0}>
      <Group gap={8} wrap="nowrap" miw={0}>
        <KeyLink keyId={key.id} fz="sm" fw={600} c="var(--mantine-color-text)" truncate title={key.name}>
          {key.name}
        </KeyLink>
        {key.environment !== null && (
          <Badge
            variant="light"
            color="gray"
            size="sm"
            radius="sm"
            tt="none"
            fw={500}
            c="dimmed"
            style={{ flexShrink: 0 }}
          >
            {key.environment}
          </Badge>
        )}
      </Group>
      <Group gap={8} wrap="nowrap">
        <KeyEnds value={key} />
        {row.kind === 'newest' && row.older > 0 && (
          <Button
            size="compact-xs"
            variant="subtle"
            px={4}
            h={18}
            fw={500}
            rightSection={<Toggle isOpen={row.isOpen} size={14} />}
            styles={{ section: { marginInlineStart: 2 } }}
            onClick={() => onToggle(key.familyId, !row.isOpen)}
            aria-expanded={row.isOpen}
          >
            {t('keys.older', { count: row.older })}
          </Button>
        )}
        {row.kind === 'older' && (
          <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
            {t('keys.generations.number', { number: key.generation })}
          </Text>
        )}
      </Group>
    </Stack>
  );
}

function Card({ row, onToggle, hasModes, tiers }: KeyListProps & { row: KeyRow }) {
  const { t } = useTranslation();
  const { key } = row;
  const facts: [string, ReactNode][] = [
    ...(tiers.size > 0 ? [[t('keys.tier'), tiers.get(key.tier ?? '') ?? '–'] as [string, ReactNode]] : []),
    [t('keys.created'), <When key="created" at={key.createdAt} />],
    [t('keys.lastUsed'), <LastUsed key="lastUsed" value={key} />],
    [t('keys.expires'), <Expires key="expires" value={key} />],
  ];
  return (
    <Paper withBorder p="md" ml={row.kind === 'older' ? 'md' : 0}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <Name row={row} onToggle={onToggle} />
        <KeyMenu value={key} />
      </Group>
      <Group gap="xs" mt="xs" mb="sm">
        <KeyState value={key} />
        {hasModes && <KeyMode mode={key.mode} />}
      </Group>
      <Stack gap={6}>
        {facts.map(([label, fact]) => (
          <Group key={label} justify="space-between" align="baseline" wrap="nowrap" gap="md">
            <Text size="xs" c="dimmed">
              {label}
            </Text>
            <Box fz="sm" ta="right" miw={0}>
              {fact}
            </Box>
          </Group>
        ))}
      </Stack>
    </Paper>
  );
}
