// The page at /sign-up.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function SignUpPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('signIn.title')} />;
}
