// The page of usage.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function UsagePage() {
  const { t } = useTranslation();
  return <PageHeader title={t('usage.title')} />;
}
