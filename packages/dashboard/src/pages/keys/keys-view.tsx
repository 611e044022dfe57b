// The keys of one project: many in a list, or the one of a legacy project. The same behind the sign-in and in the portal.

import type { Project } from '@latchkey/client';
import { Box, Button, Paper } from '@mantine/core';
import { useCallback, useDeferredValue, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useProfile } from '../../data/profile';
import { useIsOperator, useMayIn } from '../../data/self';
import { CodeSample } from '../../kit/code-sample';
import { EmptyState } from '../../kit/empty-state';
import { ErrorState } from '../../kit/error-state';
import { Key as KeyIcon, Plus, Search } from '../../kit/icons';
import { PageHeader } from '../../kit/page-header';
import { Waiting } from '../../kit/waiting';
import { CreateKey } from './create-key';
import { KeyActionsProvider } from './key-actions';
import { KeyFilters } from './key-filters';
import { KeyList } from './key-list';
import { EVERYTHING, filterGroups, groupGenerations, rowsOf, type SortBy, sortGroups } from './key-rows';
import { useOpenKey } from './place';
import { firstCalls } from './samples';
import { SingleKey } from './single-key';
import { SuspensionNotice } from './suspension-notice';
import { useKeys } from './use-keys';
import { useWanted } from './use-wanted';

export function KeysView({ project }: { project: Project }) {
  const { t } = useTranslation();
  const may = useMayIn(project.organizationId);
  const isOperator = useIsOperator();
  const openKey = useOpenKey();
  const [isCreating, setCreating] = useState(false);
  const list = useKeys(project.id);
  const isLegacy = project.keyModel === 'legacy';
  const isEmpty = list.isComplete && list.keys?.length === 0;
  const isOffered = may('createKey') && !isLegacy;
  return (
    <KeyActionsProvider may={may}>
      <PageHeader title={t('keys.title')} text={t(isLegacy ? 'keys.introSingle' : 'keys.intro')}>
        {isOffered && !isEmpty && (
          <Button leftSection={<Plus size={16} />} onClick={() => setCreating(true)}>
            {t('keys.create.open')}
          </Button>
        )}
      </PageHeader>
      <SuspensionNotice project={project} />
      {list.keys === undefined ? (
        <Waiting error={list.error} onRetry={list.refetch} lines={6} card />
      ) : isLegacy ? (
        <SingleKey keys={list.keys} onCreate={may('createKey') ? () => setCreating(true) : undefined} />
      ) : isEmpty ? (
        <NoKeys onCreate={isOffered ? () => setCreating(true) : undefined} />
      ) : (
        <ManyKeys {...list} keys={list.keys} projectId={project.id} />
      )}
      {isCreating && (
        <CreateKey
          project={project}
          isOperator={isOperator}
          onClose={() => setCreating(false)}
          onMade={isLegacy ? undefined : openKey}
        />
      )}
    </KeyActionsProvider>
  );
}

function NoKeys({ onCreate }: { onCreate?: (() => void) | undefined }) {
  const { t } = useTranslation();
  const { profile } = useProfile();
  return (
    <Paper withBorder>
      <EmptyState
        icon={<KeyIcon size={26} />}
        title={t('keys.empty.title')}
        text={t('keys.empty.text', { title: profile.title })}
      >
        {onCreate !== undefined && (
          <Button leftSection={<Plus size={16} />} onClick={onCreate} mb="lg">
            {t('keys.create.first')}
          </Button>
        )}
        <div style={{ width: '100%', maxWidth: 620, textAlign: 'left' }}>
          <CodeSample samples={firstCalls(profile, null)} />
        </div>
      </EmptyState>
    </Paper>
  );
}

type ManyKeysProps = Pick<ReturnType<typeof useKeys>, 'error' | 'isComplete' | 'isFetching' | 'refetch'> & {
  keys: NonNullable<ReturnType<typeof useKeys>['keys']>;
  projectId: string;
};

function ManyKeys({ keys, projectId, error, isComplete, isFetching, refetch }: ManyKeysProps) {
  const { t } = useTranslation();
  const { profile, tiers } = useProfile();
  const [wanted, change] = useWanted(projectId);
  const [opened, setOpened] = useState<ReadonlyMap<string, boolean>>(new Map());
  // The field answers at once; the list follows when there is time.
  const settled = useDeferredValue(wanted);
  const groups = useMemo(() => groupGenerations(keys), [keys]);
  const shown = useMemo(() => sortGroups(filterGroups(groups, settled), settled), [groups, settled]);
  const rows = useMemo(() => rowsOf(shown, opened), [shown, opened]);
  const titles = useMemo(() => new Map(tiers.map(({ name, title }) => [name, title])), [tiers]);
  const hasModes = profile.policy.prefixes.test !== undefined;
  const toggle = useCallback(
    (familyId: string, isOpen: boolean) => setOpened((before) => new Map(before).set(familyId, isOpen)),
    [],
  );
  const sort = (sortBy: SortBy) =>
    change({ sortBy, descending: wanted.sortBy === sortBy ? !wanted.descending : sortBy !== 'name' });
  return (
    <>
      <KeyFilters
        wanted={wanted}
        onChange={change}
        hasModes={hasModes}
        tiers={titles}
        shown={shown.length}
        all={groups.length}
        isComplete={isComplete || error !== null}
        isFetching={isFetching}
        onRefresh={refetch}
      />
      {error !== null && (
        <Box mb="md">
          <ErrorState error={error} onRetry={refetch} />
        </Box>
      )}
      {rows.length === 0 ? (
        <Paper withBorder>
          <EmptyState icon={<Search size={24} />} title={t('keys.filters.none')} text={t('keys.filters.noneText')}>
            <Button
              variant="default"
              onClick={() => change({ ...EVERYTHING, sortBy: wanted.sortBy, descending: wanted.descending })}
            >
              {t('keys.filters.reset')}
            </Button>
          </EmptyState>
        </Paper>
      ) : (
        <KeyList rows={rows} wanted={settled} onSort={sort} onToggle={toggle} hasModes={hasModes} tiers={titles} />
      )}
    </>
  );
}
