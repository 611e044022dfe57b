// The page of docs.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function DocsPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('docs.title')} />;
}
