// A page that is one list: what it is of, the button that makes another one, and the table. Without rows the button stands in their place.

import type { ReactNode } from 'react';
import { DataTable, type DataTableProps } from './data-table';
import { EmptyState } from './empty-state';
import { PageHeader } from './page-header';

interface ListPageProps<Row> extends Omit<DataTableProps<Row>, 'label' | 'empty'> {
  title: string;
  text: string;
  /** false: the reader may not. */
  create: ReactNode;
  icon: ReactNode;
  none: string;
  noneText: string;
}

export function ListPage<Row>({ title, text, create, icon, none, noneText, ...table }: ListPageProps<Row>) {
  return (
    <>
      <PageHeader title={title} text={text}>
        {table.rows?.length !== 0 && create}
      </PageHeader>
      <DataTable
        {...table}
        label={title}
        empty={
          <EmptyState icon={icon} title={none} text={noneText}>
            {create}
          </EmptyState>
        }
      />
    </>
  );
}
