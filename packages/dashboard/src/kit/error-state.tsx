// What went wrong, with the id that finds it in the log and a way on.

import { LatchkeyClientError } from '@latchkey/client';
import { Alert, Button, Code, Group, List, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Alert as AlertIcon } from './icons';

interface ErrorStateProps {
  error: unknown;
  onRetry?: () => void;
}

/** One sentence for a person: the page's where it has one for the code, else the server's, which is English. */
export function useErrorText(): (error: unknown) => string {
  const { t, i18n } = useTranslation();
  return (error) => {
    if (!(error instanceof LatchkeyClientError)) return t('common.failed');
    if (error.code === 'network_error' || error.code === 'timeout') return t('common.offline');
    const ownWords: unknown = i18n.getResource(i18n.language, 'words', `errors.${error.code}`);
    return (typeof ownWords === 'string' && ownWords) || error.detail || t('common.failed');
  };
}

export function ErrorState({ error, onRetry }: ErrorStateProps) {
  const { t, i18n } = useTranslation();
  const textOf = useErrorText();
  const known = error instanceof LatchkeyClientError ? error : null;
  const text = textOf(error);
  // It has the figures and names. Where nobody is signed in, it is for programs.
  const original = known?.status != null && known.status !== 401 && i18n.language !== 'en' ? known.detail : '';
  return (
    <Alert role="alert" color="red" variant="light" icon={<AlertIcon />} title={t('common.failed')} radius="md">
      <Text size="sm">{text}</Text>
      {original !== '' && original !== text && (
        <Text size="xs" mt={4} lang="en">
          {original}
        </Text>
      )}
      {known !== null && known.errors.length > 0 && (
        <List size="sm" mt="xs" lang="en">
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
