// The page of members.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function MembersPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('members.title')} />;
}
