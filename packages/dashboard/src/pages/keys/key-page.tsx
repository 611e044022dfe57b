// The page of one key.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function KeyPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('keys.title')} />;
}
