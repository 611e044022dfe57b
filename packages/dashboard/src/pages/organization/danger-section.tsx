// What ends something: leaving, suspending, deleting. Each asks once; deleting asks for the name.

import type { Organization } from '@latchkey/client';
import { Box, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useMay, useSelf } from '../../data/self';
import { ConfirmDialog } from '../../kit/confirm-dialog';
import { useNotify } from '../../kit/notify';
import { Section } from '../../kit/section';
import { useRefreshOrganizations, useSuspension } from './organization-queries';

type Act = 'leave' | 'suspend' | 'resume' | 'delete';

/** Those that may be done here, in the order of how grave they are. */
function useActs({ id, suspendedAt }: Organization): Act[] {
  const may = useMay();
  const self = useSelf();
  const isMember = self.organizations.some((each) => each.id === id && !each.role.startsWith('portal'));
  const acts: [Act, boolean][] = [
    ['leave', isMember && may('leaveOrganization')],
    ['suspend', suspendedAt === null && may('suspendOrganization')],
    ['resume', suspendedAt !== null && may('resumeOrganization')],
    ['delete', may('deleteOrganization')],
  ];
  return acts.flatMap(([act, offered]) => (offered ? [act] : []));
}

/** Ends the organization for this person, or for all; then the page is about another. */
function useEnd({ id: organizationId, name }: Organization) {
  const { t } = useTranslation();
  const api = useApi();
  const notify = useNotify();
  const navigate = useNavigate();
  const refresh = useRefreshOrganizations();
  return useMutation({
    mutationFn: (act: Act): Promise<unknown> =>
      act === 'delete' ? api.organizations.delete({ organizationId }) : api.members.leave({ organizationId }),
    onSuccess: async (_, act) => {
      await navigate({ to: '/dashboard', search: { organization: undefined, project: undefined } });
      await refresh();
      notify(t(act === 'delete' ? 'organization.deletedNow' : 'organization.leftNow', { name }));
    },
  });
}

export function DangerSection({ organization }: { organization: Organization }) {
  const { t } = useTranslation();
  const acts = useActs(organization);
  const [act, setAct] = useState<Act | null>(null);
  if (acts.length === 0) return null;
  return (
    <Section title={t('organization.danger')} danger>
      <Stack gap="lg">
        {acts.map((each) => (
          <Group key={each} justify="space-between" gap="md">
            <Box flex="1 1 260px">
              <Text size="sm" fw={600}>
                {t(`organization.acts.${each}.title`)}
              </Text>
              <Text size="sm" c="dimmed">
                {t(`organization.acts.${each}.text`)}
              </Text>
            </Box>
            <Button
              variant="default"
              c={each === 'resume' ? undefined : 'var(--mantine-color-error)'}
              onClick={() => setAct(each)}
            >
              {t(`organization.acts.${each}.button`)}
            </Button>
          </Group>
        ))}
      </Stack>
      <Confirm organization={organization} act={act} onClose={() => setAct(null)} />
    </Section>
  );
}

interface ConfirmProps {
  organization: Organization;
  /** null: closed. */
  act: Act | null;
  onClose(): void;
}

function Confirm({ organization, act, onClose }: ConfirmProps) {
  const { t } = useTranslation();
  const suspension = useSuspension(organization);
  const end = useEnd(organization);
  const shown = act ?? 'leave';
  const close = () => {
    suspension.reset();
    end.reset();
    onClose();
  };
  const run = () => {
    if (shown === 'leave' || shown === 'delete') end.mutate(shown, { onSuccess: close });
    else suspension.mutate(shown === 'suspend', { onSuccess: close });
  };
  return (
    <ConfirmDialog
      opened={act !== null}
      onClose={close}
      title={t(`organization.acts.${shown}.ask`, { name: organization.name })}
      confirmLabel={t(`organization.acts.${shown}.button`)}
      danger={shown !== 'resume'}
      word={shown === 'delete' ? organization.name : undefined}
      onConfirm={run}
      isPending={suspension.isPending || end.isPending}
      error={suspension.error ?? end.error}
    >
      <Text size="sm">{t(`organization.acts.${shown}.text`)}</Text>
    </ConfirmDialog>
  );
}
