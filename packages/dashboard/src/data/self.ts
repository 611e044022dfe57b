// Who is signed in, what they may do, and where they are: the organization and project that the page is about.

import { LatchkeyClientError, type OperationName, type OperationOutputs } from '@latchkey/client';
import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type Api, sessionApi, setCsrfToken, useApi } from './api';
import { readAll } from './list';
import { forgetPersonal } from './memory';
import { queryClient } from './queries';

type Self = OperationOutputs['getSelf'];

export const selfQuery = (api: Api) =>
  queryOptions({
    queryKey: ['self'],
    queryFn: async () => {
      const self = await api.self.get();
      setCsrfToken(self.csrfToken);
      return self;
    },
    staleTime: 60_000,
    // Another tab may have signed somebody else in.
    refetchOnWindowFocus: 'always',
  });

/** For pages behind the sign-in, which the router opens only once this is known. */
export const useSelf = (): Self => useSuspenseQuery(selfQuery(useApi())).data;

/** One of the operator's users, who sees the whole installation. */
export const useIsOperator = (): boolean => useSelf().user?.isOperator === true;

/** After signing in or out nothing that was known before may stay. */
export function forgetSelf(): void {
  cameSignedOut = false;
  setCsrfToken(null);
  forgetPersonal();
  queryClient.clear();
}

/** The server saw no session when it sent this document: to ask at its start would only be refused. */
let cameSignedOut = document.querySelector<HTMLMetaElement>('meta[name="session"]')?.content === 'none';

/** @throws LatchkeyClientError with status 401 for nobody */
export function readSelf(): Promise<Self> {
  if (cameSignedOut) {
    cameSignedOut = false;
    return Promise.reject(new LatchkeyClientError({ code: 'unauthenticated', status: 401, detail: 'Not signed in.' }));
  }
  return queryClient.fetchQuery(selfQuery(sessionApi));
}

/** Whether an operation may be called in an organization, or anywhere when it is about none. */
export function useMayIn(organizationId: string | undefined): (operation: OperationName) => boolean {
  const self = useSelf();
  const isOperator = useIsOperator();
  const here = self.organizations.find(({ id }) => id === organizationId);
  return (operation) => (here && !isOperator ? here.operations : self.operations).includes(operation);
}

/** The same for the chosen organization. */
export const useMay = () => useMayIn(useScope().organizationId);

export interface Place {
  id: string;
  name: string;
}

/** Organizations to choose from: one's own, or all of the installation for its operator. */
function useOrganizations(): { organizations: Place[]; isPending: boolean } {
  const api = useApi();
  const self = useSelf();
  const isOperator = useIsOperator();
  const all = useQuery({
    queryKey: ['organizations', 'choice'],
    queryFn: () => readAll<Place>((cursor) => api.organizations.list({ limit: 100, cursor })),
    enabled: isOperator,
  });
  return isOperator
    ? { organizations: all.data ?? [], isPending: all.isPending }
    : { organizations: self.organizations, isPending: false };
}

function useProjects(organizationId: string | undefined): { projects: Place[]; isPending: boolean } {
  const api = useApi();
  const { data, isPending } = useQuery({
    queryKey: ['projects', 'choice', organizationId],
    queryFn: () =>
      readAll<Place>((cursor) => api.projects.list({ limit: 100, organizationId: organizationId as string, cursor })),
    enabled: organizationId !== undefined,
  });
  return { projects: data ?? [], isPending: organizationId !== undefined && isPending };
}

/**
 * Where the page is: `?organization=` and `?project=`, else the first there is. `projectId` is undefined until projects are
 * known and where there are none; `isPending` tells the two apart.
 */
export function useScope() {
  const search = useSearch({ strict: false }) as { organization?: string; project?: string };
  const { organizations, isPending: areOrganizationsPending } = useOrganizations();
  // A link to an organization that one has left, or never was in, leads to one's own.
  const isThere = areOrganizationsPending || organizations.some(({ id }) => id === search.organization);
  const organizationId = (isThere ? search.organization : undefined) ?? organizations[0]?.id;
  const { projects, isPending: areProjectsPending } = useProjects(organizationId);
  const projectId = projects.find(({ id }) => id === search.project)?.id ?? projects[0]?.id;
  const isPending = areOrganizationsPending || areProjectsPending;
  return { organizations, organizationId, projects, projectId, isPending };
}

/** Goes to another organization or project on the page that is open. */
export function useMoveTo() {
  const navigate = useNavigate();
  return (place: { organization?: string | undefined; project?: string | undefined }) =>
    navigate({ to: '.', search: (before: object) => ({ ...before, ...place }) } as never);
}
