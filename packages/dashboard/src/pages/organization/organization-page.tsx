// The page of organization.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function OrganizationPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('organization.title')} />;
}
