// What a key is called and what is noted on it: name, environment, metadata. Read, and changed in place.

import type { Key } from '@latchkey/client';
import { Button, Code, Group, JsonInput, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { ErrorState, useErrorText } from '../../kit/error-state';
import { Facts } from '../../kit/facts';
import { GuardedForm } from '../../kit/guarded-form';
import { useNotify } from '../../kit/notify';
import { Section } from '../../kit/section';
import { fieldErrors } from './field-errors';
import { useKeyActions } from './key-actions';
import { isUsable } from './usable';
import { useKeyCache } from './use-keys';

type Labels = Pick<Key, 'name' | 'environment' | 'metadata'>;

/** undefined: not a JSON object. */
function readObject(text: string): Record<string, unknown> | null | undefined {
  if (text.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

export function KeyLabels({ value: key }: { value: Key }) {
  const { t } = useTranslation();
  const { may } = useKeyActions();
  const [isEditing, setEditing] = useState(false);
  const canEdit = may('updateKey') && isUsable(key);
  return (
    <Section
      title={t('keys.labels.title')}
      side={
        canEdit && !isEditing ? (
          <Button size="xs" variant="default" onClick={() => setEditing(true)}>
            {t('common.edit')}
          </Button>
        ) : undefined
      }
    >
      {isEditing ? (
        <Form value={key} onDone={() => setEditing(false)} />
      ) : (
        <Stack gap="md">
          <Facts
            facts={[
              [t('keys.name'), key.name],
              [t('keys.environment'), key.environment ?? '–'],
              ...(key.metadata === null ? [[t('keys.labels.metadata'), '–'] as const] : []),
            ]}
          />
          {key.metadata !== null && (
            <Code block tabIndex={0} aria-label={t('keys.labels.metadata')} role="region">
              {JSON.stringify(key.metadata, null, 2)}
            </Code>
          )}
        </Stack>
      )}
    </Section>
  );
}

function Form({ value: key, onDone }: { value: Key; onDone(): void }) {
  const { t } = useTranslation();
  const api = useApi();
  const cache = useKeyCache();
  const notify = useNotify();
  const [name, setName] = useState(key.name);
  const [environment, setEnvironment] = useState(key.environment ?? '');
  const [metadata, setMetadata] = useState(key.metadata === null ? '' : JSON.stringify(key.metadata, null, 2));
  const [isTried, setTried] = useState(false);
  const change = useMutation({
    mutationFn: (body: Labels) => api.keys.update({ keyId: key.id, ...body }),
    onSuccess: (changed) => {
      cache.put(changed);
      const { name, environment, metadata } = key;
      notify(t('common.saved'), async () =>
        cache.put(await api.keys.update({ keyId: key.id, name, environment, metadata })),
      );
      onDone();
    },
  });
  const { byField, isRest } = fieldErrors(change.error, ['name', 'environment', 'metadata'], useErrorText());
  const read = readObject(metadata);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (name.trim() === '' || read === undefined) return;
    change.mutate({ name: name.trim(), environment: environment.trim() || null, metadata: read });
  };
  return (
    <GuardedForm onSubmit={submit} noValidate isPending={change.isPending}>
      <Stack gap="md" maw={560}>
        <TextInput
          label={t('keys.create.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={isTried && name.trim() === '' ? t('keys.create.nameMissing') : byField.name}
          maxLength={100}
          required
          autoComplete="off"
          ref={(input) => {
            if (input !== null && input.dataset.seen === undefined) {
              input.dataset.seen = '';
              input.focus();
            }
          }}
        />
        <TextInput
          label={t('keys.create.environment')}
          value={environment}
          onChange={(event) => setEnvironment(event.currentTarget.value)}
          error={byField.environment}
          maxLength={100}
          autoComplete="off"
        />
        <JsonInput
          label={t('keys.labels.metadata')}
          description={t('keys.labels.metadataHelp')}
          value={metadata}
          onChange={setMetadata}
          error={isTried && read === undefined ? t('keys.labels.metadataBad') : byField.metadata}
          autosize
          minRows={3}
          maxRows={12}
          formatOnBlur
        />
        {isRest && <ErrorState error={change.error} />}
        <Group>
          <Button type="submit" loading={change.isPending}>
            {t('common.save')}
          </Button>
          <Button variant="default" onClick={onDone}>
            {t('common.cancel')}
          </Button>
        </Group>
      </Stack>
    </GuardedForm>
  );
}
