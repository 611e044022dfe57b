// Whose usage, and how far back; both stand in the address.

import { Group, SegmentedControl } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { usePageSearch } from '../../data/page-search';
import { useIsOperator, useScope, useSelf } from '../../data/self';
import { isRange, RANGES, type Range } from './series';
import type { Whose } from './usage-queries';

const LEVELS = ['project', 'organization', 'installation'] as const;
type Level = (typeof LEVELS)[number];

/** What is chosen, in so far as the reader has it; the widest for an operator, the project for a member. */
export function useUsageChoices() {
  const { projectId: onlyProject } = useSelf();
  const isOperator = useIsOperator();
  const { organizationId, projectId, isPending } = useScope();
  const [search, change] = usePageSearch(['of', 'range']);
  const offered = LEVELS.filter((level) => {
    if (level === 'installation') return isOperator;
    return level === 'project' ? projectId !== undefined : organizationId !== undefined && onlyProject === null;
  });
  const level = offered.find((each) => each === search.of) ?? (isOperator ? offered.at(-1) : offered[0]);
  const range: Range = isRange(search.range) ? search.range : '24h';
  const whose: Whose = level === 'project' ? { projectId } : level === 'organization' ? { organizationId } : {};
  return { offered, level, whose, range, change, isKnown: !isPending && level !== undefined };
}

interface Props {
  offered: readonly Level[];
  level: Level | undefined;
  range: Range;
  change(next: { of?: string; range?: string }): void;
}

export function UsageChoices({ offered, level, range, change }: Props) {
  const { t } = useTranslation();
  return (
    <Group gap="sm" role="group" aria-label={t('usage.choices')}>
      {offered.length > 1 && (
        <SegmentedControl
          size="xs"
          aria-label={t('usage.whose')}
          data={offered.map((value) => ({ value, label: t(`usage.levels.${value}`) }))}
          value={level}
          onChange={(of) => change({ of })}
        />
      )}
      <SegmentedControl
        size="xs"
        aria-label={t('usage.range')}
        data={(Object.keys(RANGES) as Range[]).map((value) => ({ value, label: t(`usage.ranges.${value}`) }))}
        value={range}
        onChange={(next) => change({ range: next })}
      />
    </Group>
  );
}
