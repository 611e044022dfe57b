// The page at /sign-in.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function SignInPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('signIn.title')} />;
}
