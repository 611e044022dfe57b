// The page at /verify-email.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function VerifyEmailPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('signIn.title')} />;
}
