// The page of api keys.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function PortalPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('portal.title')} />;
}
