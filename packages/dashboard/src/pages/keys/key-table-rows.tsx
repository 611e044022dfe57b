// The rows of the list of keys as a table: its head, by which it is sorted, and one for each key.

import { VisuallyHidden } from '@mantine/core';
import { type CSSProperties, memo } from 'react';
import { Chevron } from '../../kit/icons';
import type { Column } from './key-columns';
import type { KeyRow, SortBy, Wanted } from './key-rows';
import styles from './keys.module.css';
import { isUsable } from './usable';

interface HeadProps {
  columns: readonly Column[];
  template: string;
  wanted: Wanted;
  onSort(by: SortBy): void;
}

export function Head({ columns, template, wanted, onSort }: HeadProps) {
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
export const Row = memo(function Row({ index, row, columns, template, top, isLast }: RowProps) {
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
