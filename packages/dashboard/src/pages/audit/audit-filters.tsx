// The filters of the audit log.

import { Button, Group, SegmentedControl, Select, SimpleGrid, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useIsOperator, useScope } from '../../data/self';
import { FILTERS, type Filters, isFiltered } from './filters';
import type { Person } from './names';
import { useAuditWords } from './words-of';

interface Props {
  filters: Filters;
  change(next: Filters): void;
  people: readonly Person[];
}

const TYPING_MS = 300;

export function AuditFilters({ filters, change, people }: Props) {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const { projects } = useScope();
  const words = useAuditWords();
  const choice = (name: 'action' | 'actor' | 'within', data: { value: string; label: string }[]) => {
    const value = filters[name] ?? null;
    const isListed = value === null || data.some((each) => each.value === value);
    return (
      <Select
        label={t(`audit.filter.${name}`)}
        placeholder={t('audit.any')}
        data={isListed ? data : [...data, { value, label: value }]}
        value={value}
        onChange={(next) => change({ [name]: next ?? undefined })}
        searchable
        clearable
        nothingFoundMessage={t('common.nothingFound')}
        clearButtonProps={{ 'aria-label': t('audit.clear') }}
      />
    );
  };
  const day = (name: 'from' | 'to') => (
    <TextInput
      type="date"
      label={t(`audit.filter.${name}`)}
      value={filters[name] ?? ''}
      onChange={(event) => change({ [name]: event.currentTarget.value || undefined })}
    />
  );
  const actions = words.actions.map((value) => ({ value, label: words.action(value) }));
  return (
    <search aria-label={t('audit.filters')}>
      <SimpleGrid cols={{ base: 2, md: 3 }} spacing="sm" mb="md" style={{ alignItems: 'end' }}>
        {choice(
          'action',
          actions.sort((a, b) => a.label.localeCompare(b.label)),
        )}
        {choice(
          'actor',
          people.map(({ id, name }) => ({ value: id, label: name })),
        )}
        <TargetField value={filters.target} onChange={(target) => change({ target })} />
        {choice(
          'within',
          projects.map(({ id, name }) => ({ value: id, label: name })),
        )}
        {day('from')}
        {day('to')}
      </SimpleGrid>
      {/* One line of its own, or none: the table comes right after the fields. */}
      <Group justify="space-between" mb="lg">
        {isOperator && (
          <SegmentedControl
            size="xs"
            aria-label={t('audit.whose')}
            data={(['organization', 'installation'] as const).map((value) => ({
              value,
              label: t(`audit.of.${value}`),
            }))}
            value={filters.of === 'installation' ? 'installation' : 'organization'}
            onChange={(of) => change({ of })}
          />
        )}
        {isFiltered(filters) && (
          <Button
            variant="subtle"
            size="compact-sm"
            onClick={() =>
              change(Object.fromEntries(FILTERS.filter((name) => name !== 'of').map((name) => [name, undefined])))
            }
          >
            {t('audit.clearAll')}
          </Button>
        )}
      </Group>
    </search>
  );
}

/** Asks when the typing pauses, not at each letter. */
function TargetField({ value, onChange }: { value: string | undefined; onChange(value: string | undefined): void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(value ?? '');
  const tell = useDebouncedCallback((text: string) => onChange(text.trim() || undefined), TYPING_MS);
  useEffect(() => setTyped((now) => (now.trim() === (value ?? '') ? now : (value ?? ''))), [value]);
  return (
    <TextInput
      label={t('audit.filter.target')}
      placeholder="key_…"
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        tell(event.currentTarget.value);
      }}
      spellCheck={false}
    />
  );
}
