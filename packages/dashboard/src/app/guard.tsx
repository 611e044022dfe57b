// A page that lives of one operation, for readers who may not call it: the sentence that says so, in place of errors.

import type { OperationName } from '@latchkey/client';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../data/self';
import { EmptyState } from '../kit/empty-state';
import { Shield } from '../kit/icons';

export function Guard({ needs, children }: { needs: OperationName; children: ReactNode }) {
  const { t } = useTranslation();
  const may = useMay();
  if (may(needs)) return children;
  return <EmptyState icon={<Shield />} title={t('common.notAllowed')} headingOrder={1} />;
}
