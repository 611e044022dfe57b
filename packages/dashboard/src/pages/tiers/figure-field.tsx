// A limit in a form: none, a number, or left to each key.

import { Group, NumberInput, Select } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { separators } from '../../data/numbers';
import { useLocale } from '../../words/locale';
import type { Figure } from './draft';

interface Props {
  label: string;
  value: Figure;
  onChange(value: Figure): void;
  /** Whether the figure may be left to each key. */
  custom?: boolean;
  hasFault: boolean;
  min?: number;
}

export function FigureField({ label, value, onChange, custom = false, hasFault, min = 0 }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const kinds = [
    { value: 'none', label: t('tiers.noLimit') },
    { value: 'number', label: t('tiers.aNumber') },
    ...(custom ? [{ value: 'custom', label: t('tiers.perKey') }] : []),
  ];
  return (
    <Group gap="sm" align="flex-start" wrap="nowrap">
      <Select
        flex={1}
        label={label}
        data={kinds}
        value={value.kind}
        onChange={(kind) => onChange({ ...value, kind: (kind ?? 'none') as Figure['kind'] })}
        allowDeselect={false}
      />
      <NumberInput
        flex={1}
        // As high as the label beside it, however long its own name is.
        label={'\u00a0'}
        aria-label={t('tiers.figureOf', { label })}
        value={value.kind === 'number' ? value.value : ''}
        onChange={(typed) => onChange({ kind: 'number', value: typeof typed === 'number' ? typed : '' })}
        disabled={value.kind !== 'number'}
        error={hasFault && t('tiers.typeNumber')}
        min={min}
        max={1_000_000_000}
        allowDecimal={false}
        {...separators(locale)}
        hideControls
      />
    </Group>
  );
}
