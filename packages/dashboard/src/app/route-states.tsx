// What stands in place of a page: nothing here, or it could not be opened.

import { Button, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { signInOptions } from '../data/auth';
import { Brand } from '../kit/brand';
import { EmptyState } from '../kit/empty-state';
import { ErrorState } from '../kit/error-state';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <EmptyState title={t('common.notFoundTitle')} text={t('common.notFoundText')} headingOrder={1}>
      <Button component={Link} to="/dashboard">
        {t('common.toStart')}
      </Button>
    </EmptyState>
  );
}

/** For an address that no route knows: there is no frame around it. */
export function NothingHere() {
  const { data: options } = useQuery(signInOptions);
  return (
    <Stack component="main" mih="100dvh" justify="center" align="center" gap={0}>
      <Brand name={options?.provider} />
      <NotFound />
    </Stack>
  );
}

export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return <ErrorState error={error} onRetry={retry} />;
}
