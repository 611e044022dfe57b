// Grey lines where something is on its way, said once to a screen reader.

import { Paper, Skeleton, Stack, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const WIDTHS = ['38%', '100%', '92%', '97%', '84%', '90%'];

export interface LoadingProps {
  lines?: number | undefined;
  /** A card of its own, where there is none around it. */
  card?: boolean;
}

export function Loading({ lines = 5, card = false }: LoadingProps) {
  const { t } = useTranslation();
  return (
    <Paper withBorder={card} bg={card ? undefined : 'transparent'} px={card ? 'md' : 0} py={card ? 'xs' : 0}>
      <Stack gap="md" role="status" py="sm">
        <VisuallyHidden>{t('common.loading')}</VisuallyHidden>
        {Array.from({ length: lines }, (_, line) => `line ${line}`).map((key, line) => (
          <Skeleton key={key} h={line === 0 ? 22 : 14} w={WIDTHS[line % WIDTHS.length]} radius="sm" aria-hidden />
        ))}
      </Stack>
    </Paper>
  );
}
