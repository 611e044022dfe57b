// The page of operators.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function OperatorsPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('operators.title')} />;
}
