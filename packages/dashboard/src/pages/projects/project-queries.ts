// What the page of projects asks for and changes.

import type { OperationInputs, Project } from '@latchkey/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useList } from '../../data/list';
import { useScope } from '../../data/self';
import { useNotify } from '../../kit/notify';

export function useProjectList() {
  const api = useApi();
  const { organizationId = '' } = useScope();
  return useList(
    ['projects', 'list', organizationId],
    (cursor, signal) => api.projects.list({ organizationId, cursor, limit: 50 }, { signal }),
    { enabled: organizationId !== '' },
  );
}

type Change = Omit<OperationInputs['updateProject'], 'projectId'>;

export function useProjectChanges() {
  const { t } = useTranslation();
  const api = useApi();
  const notify = useNotify();
  const queries = useQueryClient();
  // The menu of places has their names too.
  const refresh = () => queries.invalidateQueries({ queryKey: ['projects'] });
  const create = useMutation({
    mutationFn: (input: OperationInputs['createProject']) => api.projects.create(input),
    onSuccess: async ({ name }) => {
      await refresh();
      notify(t('projects.created', { name }));
    },
  });
  const update = useMutation({
    mutationFn: ({ project, to }: { project: Project; to: Change; back?: Change }) =>
      api.projects.update({ projectId: project.id, ...to }),
    onSuccess: async (_, { project, to, back }) => {
      await refresh();
      notify(
        t('common.saved'),
        back === undefined ? undefined : () => update.mutateAsync({ project, to: back, back: to }),
      );
    },
  });
  const suspend = useMutation({
    mutationFn: ({ project, to }: { project: Project; to: 'suspend' | 'resume' }) =>
      api.projects[to]({ projectId: project.id }),
    onSuccess: async (_, { project, to }) => {
      await refresh();
      const text = t(to === 'suspend' ? 'projects.suspendedNow' : 'projects.resumedNow', { name: project.name });
      notify(text, () => suspend.mutateAsync({ project, to: to === 'suspend' ? 'resume' : 'suspend' }));
    },
  });
  const remove = useMutation({
    mutationFn: (project: Project) => api.projects.delete({ projectId: project.id }),
    onSuccess: async (_, { name }) => {
      await refresh();
      notify(t('projects.deletedNow', { name }));
    },
  });
  return { create, update, suspend, remove };
}
