// What the organization is called.

import type { Organization } from '@latchkey/client';
import { Button, Code, Group, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../data/self';
import { ErrorState } from '../../kit/error-state';
import { GuardedForm } from '../../kit/guarded-form';
import { Section } from '../../kit/section';
import { useChangeOrganization } from './organization-queries';

export function NameSection({ organization }: { organization: Organization }) {
  const { t } = useTranslation();
  const may = useMay();
  const change = useChangeOrganization(organization);
  // undefined: nothing was typed, and it is called what it is called now.
  const [name, setName] = useState<string>();
  const typed = (name ?? organization.name).trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed === '') return;
    change.mutate({ to: { name: typed }, back: { name: organization.name } }, { onSuccess: () => setName(undefined) });
  };
  return (
    <Section title={t('organization.general')}>
      <GuardedForm onSubmit={submit} isDirty={typed !== organization.name} isPending={change.isPending}>
        <Stack gap="md" maw={460}>
          <TextInput
            label={t('organization.name')}
            value={name ?? organization.name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={100}
            readOnly={!may('updateOrganization')}
          />
          <Text size="sm" c="dimmed">
            {t('organization.id')} <Code>{organization.id}</Code>
          </Text>
          {change.error !== null && <ErrorState error={change.error} />}
          {may('updateOrganization') && (
            <Group>
              <Button type="submit" loading={change.isPending} disabled={typed === '' || typed === organization.name}>
                {t('common.save')}
              </Button>
            </Group>
          )}
        </Stack>
      </GuardedForm>
    </Section>
  );
}
