// Backup codes, shown once: to copy, or to keep as a file.

import { Alert, Button, Code, Group, SimpleGrid, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { saveFile } from '../../data/save-file';
import { CopyButton } from '../../kit/copy-button';
import { Download } from '../../kit/icons';

export function BackupCodes({ codes, onDone }: { codes: readonly string[]; onDone(): void }) {
  const { t } = useTranslation();
  const text = `${codes.join('\n')}\n`;
  const download = () => saveFile('latchkey-backup-codes.txt', 'text/plain', text);
  return (
    <Stack gap="md">
      <Alert role="status" variant="light">
        {t('account.keepCodes')}
      </Alert>
      <SimpleGrid component="ul" cols={2} spacing="xs" m={0} p={0} style={{ listStyle: 'none' }} data-secret>
        {codes.map((code) => (
          <Code key={code} component="li" ta="center" p={6} fz="sm">
            {code}
          </Code>
        ))}
      </SimpleGrid>
      <Group gap="sm">
        <CopyButton text={text} thing={t('account.backupCodes')} size="sm" />
        <Button variant="default" leftSection={<Download size={16} />} onClick={download}>
          {t('account.download')}
        </Button>
      </Group>
      <Button onClick={onDone}>{t('account.haveKept')}</Button>
    </Stack>
  );
}
