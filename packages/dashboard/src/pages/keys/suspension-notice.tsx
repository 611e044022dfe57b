// Why every key of a project is refused, whatever state each is in: it is suspended, or its organization is.

import type { Project } from '@latchkey/client';
import { Alert } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useMayIn } from '../../data/self';
import { Pause } from '../../kit/icons';

export function SuspensionNotice({ project: { organizationId, suspendedAt } }: { project: Project }) {
  const { t } = useTranslation();
  const api = useApi();
  const may = useMayIn(organizationId);
  const organization = useQuery({
    queryKey: ['organization', organizationId],
    queryFn: () => api.organizations.get({ organizationId }),
    enabled: may('getOrganization'),
  });
  const isWhole = organization.data?.suspendedAt != null;
  if (!isWhole && suspendedAt === null) return null;
  return (
    <Alert
      color="orange"
      variant="light"
      icon={<Pause />}
      mb="lg"
      title={t(isWhole ? 'keys.suspended.organization' : 'keys.suspended.project')}
    >
      {t('keys.suspended.text')}
    </Alert>
  );
}
