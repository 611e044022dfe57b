// What narrows the list of keys: search, state, mode, tier, and on a phone the order.

import { ActionIcon, Group, Progress, Select, Text, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { count } from '../../data/numbers';
import { Cross, Rotate, Search } from '../../kit/icons';
import { useLocale } from '../../words/locale';
import { SORTS, type SortBy, STATES, type StateFilter, type Wanted } from './key-rows';

interface KeyFiltersProps {
  wanted: Wanted;
  onChange(change: Partial<Wanted>): void;
  hasModes: boolean;
  tiers: ReadonlyMap<string, string>;
  shown: number;
  all: number;
  isComplete: boolean;
  isFetching: boolean;
  onRefresh(): void;
}

export function KeyFilters(props: KeyFiltersProps) {
  const { wanted, onChange, hasModes, tiers, shown, all, isComplete, isFetching, onRefresh } = props;
  const { t } = useTranslation();
  const locale = useLocale();
  const number = (value: number) => count(value, locale);
  return (
    <Group gap="sm" mb="md" role="search" aria-label={t('keys.filters.label')}>
      <TextInput
        flex="1 1 220px"
        maw={{ md: 380 }}
        leftSection={<Search size={16} />}
        placeholder={t('keys.filters.searchExample')}
        aria-label={t('keys.filters.search')}
        value={wanted.search}
        onChange={(event) => onChange({ search: event.currentTarget.value })}
        autoComplete="off"
        spellCheck={false}
        rightSection={
          wanted.search !== '' && (
            <ActionIcon
              variant="subtle"
              color="gray"
              c="dimmed"
              onClick={() => onChange({ search: '' })}
              aria-label={t('keys.filters.clear')}
            >
              <Cross size={14} />
            </ActionIcon>
          )
        }
      />
      <Select
        flex="1 1 140px"
        maw={{ sm: 172 }}
        aria-label={t('keys.filters.state')}
        data={STATES.map((value) => ({ value, label: t(`keys.filters.${value}`) }))}
        value={wanted.state}
        onChange={(state) => onChange({ state: (state ?? 'all') as StateFilter })}
        allowDeselect={false}
      />
      {hasModes && (
        <Select
          flex="1 1 140px"
          maw={{ sm: 140 }}
          aria-label={t('keys.mode.label')}
          data={[
            { value: 'all', label: t('keys.filters.modes') },
            { value: 'live', label: t('keys.mode.live') },
            { value: 'test', label: t('keys.mode.test') },
          ]}
          value={wanted.mode}
          onChange={(mode) => onChange({ mode: (mode ?? 'all') as Wanted['mode'] })}
          allowDeselect={false}
        />
      )}
      {tiers.size > 0 && (
        <Select
          flex="1 1 140px"
          maw={{ sm: 140 }}
          aria-label={t('keys.tier')}
          data={[{ value: '', label: t('keys.filters.tiers') }].concat(
            [...tiers].map(([value, label]) => ({ value, label })),
          )}
          value={wanted.tier ?? ''}
          onChange={(tier) => onChange({ tier: tier === '' ? null : tier })}
          allowDeselect={false}
        />
      )}
      <Select
        hiddenFrom="md"
        flex="1 1 140px"
        maw={{ sm: 172 }}
        aria-label={t('keys.filters.sort')}
        data={SORTS.map((value) => ({ value, label: t(`keys.filters.by.${value}`) }))}
        value={wanted.sortBy}
        onChange={(by) => onChange({ sortBy: (by ?? 'createdAt') as SortBy, descending: by !== 'name' })}
        allowDeselect={false}
      />
      <Group gap="xs" mih={26} ml={{ md: 'auto' }}>
        <Text size="xs" c="dimmed" role="status">
          {shown === all
            ? t('keys.filters.count', { count: all, number: number(all) })
            : t('keys.filters.some', { shown: number(shown), all: number(all) })}
          {!isComplete && ` ${t('keys.filters.loading')}`}
        </Text>
        {isComplete ? (
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            c="dimmed"
            onClick={onRefresh}
            loading={isFetching}
            aria-label={t('keys.filters.refresh')}
          >
            <Rotate size={14} />
          </ActionIcon>
        ) : (
          <Progress value={100} animated w={120} size="xs" aria-hidden />
        )}
      </Group>
    </Group>
  );
}
