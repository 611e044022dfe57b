// Names in place of ids, for whatever the reader may see the name of.

import type { AuditEvent } from '@latchkey/client';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useMay, useScope, useSelf } from '../../data/self';
import { useOperators } from '../operators/operator-queries';
import { useTiers } from '../tiers/tier-queries';

/** Keys are looked up project by project. */
const PROJECTS = 5;

export interface Person {
  id: string;
  name: string;
}

/** Members of the organization and users of the operator, as far as they may be listed. */
export function usePeople(): Person[] {
  const api = useApi();
  const may = useMay();
  const { user } = useSelf();
  const { organizationId = '' } = useScope();
  const members = useQuery({
    queryKey: ['members', 'names', organizationId],
    queryFn: async () => (await api.members.list({ organizationId, limit: 100 })).data,
    enabled: organizationId !== '' && may('listMembers'),
  });
  const operators = useOperators(may('listOperators'));
  const people = new Map<string, string>();
  if (user !== null) people.set(user.id, user.name);
  for (const { id, name } of operators.data?.data ?? []) people.set(id, name);
  for (const { userId, name } of members.data ?? []) people.set(userId, name);
  return [...people].map(([id, name]) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name));
}

function useKeyNames(projectIds: readonly string[]) {
  const api = useApi();
  const may = useMay();
  const answers = useQueries({
    queries: (may('listKeys') ? projectIds.slice(0, PROJECTS) : []).map((projectId) => ({
      queryKey: ['keys', 'names', projectId],
      queryFn: async () => (await api.keys.list({ projectId, limit: 100 })).data,
      staleTime: 60_000,
    })),
  });
  return answers.flatMap(({ data }) => data ?? []);
}

type Named = Pick<AuditEvent, 'actor' | 'target' | 'changes'>;

export function useNames(events: readonly AuditEvent[]) {
  const { t } = useTranslation();
  const may = useMay();
  const { organizations, projects } = useScope();
  const people = usePeople();
  const tiers = useTiers(may('listTiers')).data ?? [];
  const keys = useKeyNames([...new Set(events.flatMap(({ projectId }) => (projectId === null ? [] : [projectId])))]);
  const names = new Map<string, string>();
  for (const { id, name } of [...organizations, ...projects, ...people, ...keys]) names.set(id, name);
  for (const { id, title } of tiers) names.set(id, title);
  return {
    people,
    nameOf: (id: string) => names.get(id),
    who: ({ actor }: Named): string => {
      if (actor.type === 'system') return t('audit.system');
      if (actor.type === 'anonymous') return t('audit.anonymous');
      return names.get(actor.id) ?? (actor.type === 'operator' ? t('audit.operator') : actor.id);
    },
    /** What was deleted is still named by its entry. */
    what: ({ target, changes }: Named): string =>
      names.get(target.id) ?? (typeof changes.name === 'string' ? changes.name : target.id),
  };
}
