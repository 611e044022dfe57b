// The page of api keys.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function KeysPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('keys.title')} />;
}
