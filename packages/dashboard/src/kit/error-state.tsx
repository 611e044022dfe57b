// What went wrong, in the words of the server's problem document, with the id that finds it in the log and a way on.

import { LatchkeyClientError } from '@latchkey/client';
import { Alert, Button, Code, Group, List, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Alert as AlertIcon } from './icons';

interface ErrorStateProps {
  error: unknown;
  onRetry?: () => void;
}

/** One sentence for a person. */
export function useErrorText(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (!(error instanceof LatchkeyClientError)) return t('common.failed');
    if (error.code === 'network_error' || error.code === 'timeout') return t('common.offline');
    return error.detail || t('common.failed');
  };
}

export function ErrorState({ error, onRetry }: ErrorStateProps) {
  const { t } = useTranslation();
  const textOf = useErrorText();
  const known = error instanceof LatchkeyClientError ? error : null;
  return (
    <Alert role="alert" color="red" variant="light" icon={<AlertIcon />} title={t('common.failed')} radius="md">
      <Text size="sm">{textOf(error)}</Text>
      {known !== null && known.errors.length > 0 && (
        <List size="sm" mt="xs">
          {known.errors.map(({ path, message, fix }) => (
            <List.Item key={path + message}>
              <Code>{path}</Code> {message} {fix}
            </List.Item>
          ))}
        </List>
      )}
      <Group gap="md" mt="sm" align="center">
        {onRetry !== undefined && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('common.tryAgain')}
          </Button>
        )}
        {known?.requestId != null && (
          <Text size="xs" ff="monospace">
            {t('common.requestId', { id: known.requestId })}
          </Text>
        )}
      </Group>
    </Alert>
  );
}
