// What the page of an organization asks for and changes.

import type { OperationInputs, Organization } from '@latchkey/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useScope } from '../../data/self';
import { useNotify } from '../../kit/notify';

export function useOrganization() {
  const api = useApi();
  const { organizationId = '' } = useScope();
  return useQuery({
    queryKey: ['organizations', 'one', organizationId],
    queryFn: () => api.organizations.get({ organizationId }),
    enabled: organizationId !== '',
  });
}

/** Names stand in many places: the menus above, the list, and what the person is a member of. */
export function useRefreshOrganizations() {
  const queries = useQueryClient();
  return () => Promise.all(['organizations', 'self'].map((key) => queries.invalidateQueries({ queryKey: [key] })));
}

type Change = Omit<OperationInputs['updateOrganization'], 'organizationId'>;

/** A change can be taken back as long as its notice stands. */
export function useChangeOrganization(organization: Organization) {
  const { t } = useTranslation();
  const api = useApi();
  const notify = useNotify();
  const refresh = useRefreshOrganizations();
  const change = useMutation({
    mutationFn: ({ to }: { to: Change; back?: Change }) =>
      api.organizations.update({ organizationId: organization.id, ...to }),
    onSuccess: async (_, { to, back }) => {
      await refresh();
      notify(t('common.saved'), back === undefined ? undefined : () => change.mutateAsync({ to: back, back: to }));
    },
  });
  return change;
}

export function useSuspension(organization: Pick<Organization, 'id' | 'name' | 'suspendedAt'>) {
  const { t } = useTranslation();
  const api = useApi();
  const notify = useNotify();
  const refresh = useRefreshOrganizations();
  const { id: organizationId, name } = organization;
  const change = useMutation({
    mutationFn: (suspend: boolean) => api.organizations[suspend ? 'suspend' : 'resume']({ organizationId }),
    onSuccess: async (_, suspend) => {
      await refresh();
      const text = t(suspend ? 'organization.suspendedNow' : 'organization.resumedNow', { name });
      notify(text, () => change.mutateAsync(!suspend));
    },
  });
  return change;
}
