// What stands in place of a page that the reader may not see, or that is about an organization where there is none.

import type { OperationName } from '@latchkey/client';
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useScope } from '../data/self';
import { EmptyState } from '../kit/empty-state';
import { Building, Shield } from '../kit/icons';

interface Props {
  /** The operation that the page lives of. */
  needs: OperationName;
  /** The page is about the chosen organization. */
  inOrganization?: boolean;
  children: ReactNode;
}

export function Guard({ needs, inOrganization = false, children }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const { organizationId, isPending } = useScope();
  if (inOrganization && organizationId === undefined && !isPending) return <NoOrganization />;
  if (may(needs)) return children;
  return <EmptyState icon={<Shield />} title={t('common.notAllowed')} headingOrder={1} />;
}

function NoOrganization() {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <EmptyState
      icon={<Building />}
      title={t('common.noOrganization')}
      text={t('common.noOrganizationText')}
      headingOrder={1}
    >
      {may('createOrganization') && (
        <Button component={Link} to="/dashboard/organizations">
          {t('organizations.create')}
        </Button>
      )}
    </EmptyState>
  );
}
