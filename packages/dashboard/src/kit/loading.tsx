// Grey lines where something is on its way, said once to a screen reader.

import { Skeleton, Stack, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const WIDTHS = ['38%', '100%', '92%', '97%', '84%', '90%'];

export function Loading({ lines = 5 }: { lines?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="md" role="status" py="sm">
      <VisuallyHidden>{t('common.loading')}</VisuallyHidden>
      {Array.from({ length: lines }, (_, line) => `line ${line}`).map((key, line) => (
        <Skeleton key={key} h={line === 0 ? 22 : 14} w={WIDTHS[line % WIDTHS.length]} radius="sm" aria-hidden />
      ))}
    </Stack>
  );
}
