// The page of one's own account.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function AccountPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('account.title')} />;
}
