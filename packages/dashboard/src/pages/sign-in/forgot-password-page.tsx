// The page at /forgot-password.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function ForgotPasswordPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('signIn.title')} />;
}
