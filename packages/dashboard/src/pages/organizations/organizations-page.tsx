// The page of organizations.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function OrganizationsPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('organizations.title')} />;
}
