// The page at /reset-password.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function ResetPasswordPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('signIn.title')} />;
}
