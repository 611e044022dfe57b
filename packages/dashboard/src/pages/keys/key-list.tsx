// The list of keys. Only the rows in sight are drawn, so that ten thousand scroll like ten; on a phone a row is a card.

import { useMediaQuery } from '@mantine/hooks';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Card } from './key-card';
import { type Shown, useColumns } from './key-columns';
import type { KeyRow, SortBy, Wanted } from './key-rows';
import { Head, Row } from './key-table-rows';
import styles from './keys.module.css';

interface KeyListProps extends Shown {
  rows: readonly KeyRow[];
  wanted: Wanted;
  onSort(by: SortBy): void;
}

const ROW_HEIGHT = 64;
const CARD_HEIGHT = 208;

export function KeyList(props: KeyListProps) {
  const { rows } = props;
  const { t } = useTranslation();
  const isNarrow = useMediaQuery('(max-width: 62em)', undefined, { getInitialValueInEffect: false });
  const space = useRef<HTMLElement>(null);
  const top = useTop(space);
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

/** Where the list begins on the page; it moves when what stands above it does. */
function useTop(list: RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const place = () => {
      const box = list.current?.getBoundingClientRect();
      if (box !== undefined) setTop(Math.round(box.top + window.scrollY));
    };
    place();
    const watch = new ResizeObserver(place);
    watch.observe(document.body);
    return () => watch.disconnect();
  }, [list]);
  return top;
}
