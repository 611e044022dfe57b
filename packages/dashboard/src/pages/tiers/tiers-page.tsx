// The page of tiers.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function TiersPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('tiers.title')} />;
}
