// One project: its key model and tier say how its keys are shown.

import { useQuery } from '@tanstack/react-query';
import { useApi } from '../../data/api';

export function useProject(projectId: string | undefined) {
  const api = useApi();
  return useQuery({
    queryKey: ['projects', 'one', projectId],
    queryFn: () => api.projects.get({ projectId: projectId as string }),
    enabled: projectId !== undefined,
    staleTime: 60_000,
    // Once it is known, a page that is open stays: a new secret may stand on it.
    throwOnError: (_, { state }) => state.data === undefined,
  });
}
