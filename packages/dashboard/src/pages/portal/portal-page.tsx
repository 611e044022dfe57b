// The key portal: the pages of keys for one customer, framed by the provider's own site. It has no sign-in and no frame of its own.

import { createManagementClient, LatchkeyClientError } from '@latchkey/client';
import { Container, Select, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProvider, useApi } from '../../data/api';
import { fragmentToken } from '../../data/fragment';
import { isHeld } from '../../data/held';
import { selfQuery, useMoveTo, useScope, useSelf } from '../../data/self';
import { EmptyState } from '../../kit/empty-state';
import { Clock } from '../../kit/icons';
import { Loading } from '../../kit/loading';
import { TimeText } from '../../kit/time-text';
import { Waiting } from '../../kit/waiting';
import { KeyView } from '../keys/key-view';
import { KeysPage } from '../keys/keys-page';
import { InPortal } from '../keys/place';
import { useNow } from '../keys/use-now';

/** Whoever comes with another link begins anew: see data/fragment. */
function portalApi() {
  const token = fragmentToken();
  if (token === null) return null;
  return createManagementClient({ url: globalThis.location.origin, credential: { portalToken: token } });
}

export function PortalPage() {
  const [api] = useState(portalApi);
  return (
    <Container component="main" size={1120} py={{ base: 'md', sm: 'xl' }} px={{ base: 'md', sm: 'lg' }}>
      {api === null ? (
        <Over />
      ) : (
        <ApiProvider api={api}>
          <InPortal>
            <Portal />
          </InPortal>
        </ApiProvider>
      )}
    </Container>
  );
}

/** The site that frames or opened the portal, to name where to go. */
function siteBefore(): string | null {
  try {
    const { host } = new URL(document.referrer);
    return host === globalThis.location.host ? null : host;
  } catch {
    return null;
  }
}

function Over() {
  const { t } = useTranslation();
  const site = siteBefore();
  return (
    <EmptyState
      icon={<Clock size={26} />}
      headingOrder={1}
      title={t('portal.over')}
      text={site === null ? t('portal.openAgain') : t('portal.openAgainFrom', { site })}
    />
  );
}

function Portal() {
  const now = useNow(5000);
  const { data: self, error, refetch } = useQuery(selfQuery(useApi()));
  // A new secret that is on show stays until it was stored, however short the time.
  const isKept = self !== undefined && isHeld();
  if (error instanceof LatchkeyClientError && error.status === 401 && !isKept) return <Over />;
  if (self === undefined) return <Waiting error={error} onRetry={refetch} lines={6} />;
  if (self.expiresAt !== null && Date.parse(self.expiresAt) <= now && !isKept) return <Over />;
  return (
    <Suspense fallback={<Loading lines={6} />}>
      <Pages />
    </Suspense>
  );
}

function Pages() {
  const { key } = useSearch({ strict: false }) as { key?: string };
  return (
    <>
      {key === undefined && <ProjectChoice />}
      {key === undefined ? <KeysPage /> : <KeyView key={key} keyId={key} />}
      <EndsAt />
    </>
  );
}

function ProjectChoice() {
  const { t } = useTranslation();
  const { projects, projectId } = useScope();
  const moveTo = useMoveTo();
  if (projects.length < 2) return null;
  return (
    <Select
      label={t('common.project')}
      data={projects.map(({ id, name }) => ({ value: id, label: name }))}
      value={projectId}
      onChange={(project) => moveTo({ project: project ?? undefined })}
      allowDeselect={false}
      searchable={projects.length > 8}
      maw={320}
      mb="lg"
    />
  );
}

function EndsAt() {
  const { t } = useTranslation();
  const { organizations, expiresAt } = useSelf();
  const isReadOnly = organizations[0]?.role === 'portal_read_only';
  if (expiresAt === null) return null;
  return (
    <Text size="xs" c="dimmed" ta="center" mt="xl">
      {isReadOnly && `${t('portal.readOnly')} `}
      {t('portal.endsAt')} <TimeText at={expiresAt} inText />.
    </Text>
  );
}
