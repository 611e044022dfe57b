// The page at /invitation.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function InvitationPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('signIn.title')} />;
}
