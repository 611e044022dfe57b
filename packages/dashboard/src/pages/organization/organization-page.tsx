// The settings of one organization.

import { Alert, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Guard } from '../../app/guard';
import { Pause } from '../../kit/icons';
import { PageHeader } from '../../kit/page-header';
import { Waiting } from '../../kit/waiting';
import { DangerSection } from './danger-section';
import { NameSection } from './name-section';
import { useOrganization } from './organization-queries';
import { RotationSection } from './rotation-section';

export function OrganizationPage() {
  return (
    <Guard needs="getOrganization" inOrganization>
      <Settings />
    </Guard>
  );
}

function Settings() {
  const { t } = useTranslation();
  const { data, error, refetch } = useOrganization();
  return (
    <>
      <PageHeader title={t('organization.title')} text={t('organization.text')} />
      {data === undefined ? (
        <Waiting error={error} onRetry={refetch} />
      ) : (
        <Stack gap="lg">
          {data.suspendedAt !== null && (
            <Alert color="orange" variant="light" icon={<Pause />} title={t('organization.isSuspended')}>
              {t('organization.isSuspendedText')}
            </Alert>
          )}
          <NameSection key={`name ${data.id}`} organization={data} />
          <RotationSection key={`rotation ${data.id} ${JSON.stringify(data.rotation)}`} organization={data} />
          <DangerSection organization={data} />
        </Stack>
      )}
    </>
  );
}
