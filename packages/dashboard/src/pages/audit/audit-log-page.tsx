// The page of audit log.

import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';

export function AuditLogPage() {
  const { t } = useTranslation();
  return <PageHeader title={t('audit.title')} />;
}
