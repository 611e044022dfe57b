// What stands in place of a page: nothing here, or it could not be opened.

import { Button, Stack } from '@mantine/core';
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Brand } from '../kit/brand';
import { EmptyState } from '../kit/empty-state';
import { ErrorState } from '../kit/error-state';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <EmptyState title={t('common.notFoundTitle')} text={t('common.notFoundText')} headingOrder={1}>
      <Button component={Link} to="/dashboard/api-keys">
        {t('common.toStart')}
      </Button>
    </EmptyState>
  );
}

/** For an address that no route knows: there is no frame around it. */
export const NothingHere = () => (
  <Stack component="main" mih="100dvh" justify="center" align="center" gap={0}>
    <Brand />
    <NotFound />
  </Stack>
);

export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return <ErrorState error={error} onRetry={retry} />;
}
