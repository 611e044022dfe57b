// What a change did, member by member: as it was, and as it is.

import { Paper, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../words/locale';
import { Mono } from './mono';
import { exactTime } from './time-text';

export interface MemberChange {
  member: string;
  /** undefined: it only says what is there now. */
  before?: unknown;
  after: unknown;
}

const MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** A value as people read it; structures as JSON. */
export function useValueText(): (value: unknown) => string {
  const { t } = useTranslation();
  const locale = useLocale();
  const textOf = (value: unknown): string => {
    if (value === null || value === undefined || value === '') return t('common.none');
    if (typeof value === 'boolean') return value ? t('common.yes') : t('common.no');
    if (Array.isArray(value) && value.every((each) => typeof each !== 'object' || each === null)) {
      return value.length === 0 ? t('common.none') : value.map(String).join(', ');
    }
    if (typeof value === 'string' && MOMENT.test(value)) return exactTime(value, locale);
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  };
  return textOf;
}

export function ChangeTable({ changes }: { changes: readonly MemberChange[] }) {
  const { t } = useTranslation();
  const textOf = useValueText();
  if (changes.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t('common.nothingChanged')}
      </Text>
    );
  }
  const hasBefore = changes.some(({ before }) => before !== undefined);
  return (
    <Paper withBorder radius="md" style={{ overflow: 'hidden' }}>
      <Table verticalSpacing={6} fz="sm" layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col" w="42%">
              {t('common.member')}
            </Table.Th>
            {hasBefore && <Table.Th scope="col">{t('common.before')}</Table.Th>}
            <Table.Th scope="col">{hasBefore ? t('common.after') : t('common.value')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {changes.map(({ member, before, after }) => (
            <Table.Tr key={member}>
              <Table.Th scope="row" fw={400}>
                <Mono>{member}</Mono>
              </Table.Th>
              {hasBefore && <Table.Td c="dimmed">{before === undefined ? '' : textOf(before)}</Table.Td>}
              <Table.Td>{textOf(after)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
