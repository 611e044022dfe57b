// The provider's own page on authentication, from the profile and tiers in force.

import { Box, Paper, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { CopyButton } from '../../kit/copy-button';
import { ErrorState } from '../../kit/error-state';
import { Loading } from '../../kit/loading';
import { PageHeader } from '../../kit/page-header';
import { BlockView } from './block-view';
import { Contents } from './contents';
import classes from './docs.module.css';
import { type ProviderPage, readPage } from './page-blocks';

export function DocsPage() {
  const { t } = useTranslation();
  const api = useApi();
  const { data, error, refetch } = useQuery({
    queryKey: ['provider-page'],
    queryFn: () => api.profiles.page(),
    staleTime: 60_000,
  });
  const page = useMemo(() => (data === undefined ? undefined : readPage(data)), [data]);
  if (error !== null && data === undefined) {
    return (
      <>
        <PageHeader title={t('docs.title')} />
        <ErrorState error={error} onRetry={() => void refetch()} />
      </>
    );
  }
  return (
    <>
      <PageHeader title={page?.title ?? t('docs.title')} text={t('docs.text')}>
        {data !== undefined && <CopyButton text={data.markdown} label={t('docs.copyPage')} size="sm" />}
      </PageHeader>
      {page === undefined ? <Loading lines={12} /> : <Page {...page} />}
    </>
  );
}

function Page({ blocks }: ProviderPage) {
  const headings = useMemo(
    () => blocks.flatMap(({ block }) => (block.kind === 'heading' && block.level === 2 ? [block] : [])),
    [blocks],
  );
  // The address may name a section that was not there yet when the browser looked for it.
  useEffect(() => {
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, []);
  return (
    <div className={classes.frame}>
      <Paper component="article" withBorder p={{ base: 'md', sm: 'xl' }} lang="en" miw={0}>
        <Stack gap="md">
          {blocks.map(({ id, name, block }) => (
            <BlockView key={id} block={block} name={name} />
          ))}
        </Stack>
      </Paper>
      <Box className={classes.contents}>
        <Contents headings={headings} />
      </Box>
    </div>
  );
}
