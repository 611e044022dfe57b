// What the page of members asks for and changes.

import type { Invitation, Member } from '@latchkey/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useList } from '../../data/list';
import { useIsOperator, useMay, useScope, useSelf } from '../../data/self';
import { useNotify } from '../../kit/notify';
import type { Role } from './roles';

/** The reader's own standing in the chosen organization. */
export function useOwnRole(): string {
  const { organizations } = useSelf();
  const { organizationId } = useScope();
  const isOperator = useIsOperator();
  if (isOperator) return 'operator';
  return organizations.find(({ id }) => id === organizationId)?.role ?? '';
}

export function useMembers() {
  const api = useApi();
  const { organizationId = '' } = useScope();
  return useList(
    ['members', 'list', organizationId],
    (cursor, signal) => api.members.list({ organizationId, cursor, limit: 50 }, { signal }),
    { enabled: organizationId !== '' },
  );
}

export function useInvitations() {
  const api = useApi();
  const may = useMay();
  const { organizationId = '' } = useScope();
  return useList(
    ['invitations', 'list', organizationId],
    (cursor, signal) => api.invitations.list({ organizationId, cursor, limit: 100 }, { signal }),
    { enabled: organizationId !== '' && may('listInvitations') },
  );
}

/** A role can be given back as long as the notice stands. */
export function useChangeRole() {
  const { t } = useTranslation();
  const api = useApi();
  const notify = useNotify();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: ({ member: { organizationId, userId }, role }: { member: Member; role: Role }) =>
      api.members.update({ organizationId, userId, role }),
    onSuccess: async (_, { member, role }) => {
      await queries.invalidateQueries({ queryKey: ['members'] });
      const undo = () => change.mutateAsync({ member: { ...member, role }, role: member.role });
      notify(t('members.roleChanged', { name: member.name, role: t(`common.role.${role}`) }), undo);
    },
  });
  return change;
}

export function useRemoveMember() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ organizationId, userId }: Member) => api.members.remove({ organizationId, userId }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['members'] }),
  });
}

export function useInvite() {
  const api = useApi();
  const queries = useQueryClient();
  const { organizationId = '' } = useScope();
  return useMutation({
    mutationFn: (invited: { email: string; role: Role }) => api.invitations.create({ organizationId, ...invited }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['invitations'] }),
  });
}

interface TakenBack {
  /** Makes one like it. */
  again(invitation: { email: string; role: Role }): Promise<{ link: string | null }>;
  /** Where the link of that one was not sent. */
  onLink(link: string | null): void;
}

/** Says that an invitation was taken back. Undone, it is made again: the link of the one before stays invalid. */
export function useTakenBack({ again, onLink }: TakenBack) {
  const { t } = useTranslation();
  const notify = useNotify();
  return ({ email, role }: Invitation) => {
    const undo = async (to: string) => {
      const { link } = await again({ email: to, role: role as Role });
      onLink(link);
      if (link === null) notify(t('members.sent', { email: to }));
    };
    notify(t('members.revoked'), email === null ? undefined : () => undo(email));
  };
}

export function useRevokeInvitation(onLink: TakenBack['onLink']) {
  const api = useApi();
  const queries = useQueryClient();
  const { organizationId = '' } = useScope();
  const { mutateAsync: again } = useInvite();
  const takenBack = useTakenBack({ again, onLink });
  return useMutation({
    mutationFn: ({ id: invitationId }: Invitation) => api.invitations.revoke({ organizationId, invitationId }),
    onSuccess: async (_, invitation) => {
      await queries.invalidateQueries({ queryKey: ['invitations'] });
      takenBack(invitation);
    },
  });
}
