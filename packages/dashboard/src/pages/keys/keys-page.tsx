// The keys of the chosen project.

import { Navigate } from '@tanstack/react-router';
import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useScope } from '../../data/self';
import { EmptyState } from '../../kit/empty-state';
import { Folder } from '../../kit/icons';
import { Loading } from '../../kit/loading';
import { PageHeader } from '../../kit/page-header';
import { KeysView } from './keys-view';
import { useProject } from './use-project';

export function KeysPage() {
  const { t } = useTranslation();
  const { projectId, isPending } = useScope();
  const project = useProject(projectId);
  const may = useMay();
  // The start of everybody leads here; who may only see what was used and paid starts there.
  if (!may('listKeys') && may('getUsage')) return <Navigate to="/dashboard/usage" replace />;
  if (project.data !== undefined) {
    return (
      <Suspense fallback={<Loading lines={6} />}>
        {/* Another project is another page: what was searched or opened is not carried over. */}
        <KeysView key={project.data.id} project={project.data} />
      </Suspense>
    );
  }
  return (
    <>
      <PageHeader title={t('keys.title')} text={t('keys.intro')} />
      {projectId === undefined && !isPending ? (
        <EmptyState icon={<Folder size={26} />} title={t('keys.noProject')} text={t('keys.noProjectText')} />
      ) : (
        <Loading lines={6} />
      )}
    </>
  );
}
