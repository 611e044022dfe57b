// What a tier allows, in short texts for tables.

import type { Tier } from '@latchkey/client';
import { useTranslation } from 'react-i18next';
import { count } from '../../data/numbers';
import { useLocale } from '../../words/locale';

export function useTierTexts() {
  const { t } = useTranslation();
  const locale = useLocale();
  const figure = (value: number | 'custom' | null) => {
    if (value === null) return t('tiers.noLimit');
    return value === 'custom' ? t('tiers.perKey') : count(value, locale);
  };
  return {
    figure,
    perDay: ({ perDay }: Tier['limits']) => {
      if (perDay === null) return t('tiers.noLimit');
      const text = figure(perDay.limit);
      return perDay.metered || perDay.limit === 'custom' ? text : t('tiers.notRefused', { limit: text });
    },
    list: (values: readonly string[] | null, none: string, all: string) => {
      if (values === null) return all;
      return values.length === 0 ? none : values.join(', ');
    },
  };
}
