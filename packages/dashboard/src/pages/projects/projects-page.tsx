// The page of projects.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function ProjectsPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('projects.title')} />;
}
