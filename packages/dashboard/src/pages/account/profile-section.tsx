// Name and address of the account.

import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callAuth, signInOptions } from '../../data/auth';
import { useSelf } from '../../data/self';
import { Section } from '../../kit/section';
import { AuthError } from '../sign-in/auth-error';
import { ChangeEmail } from './change-email';

export function ProfileSection() {
  const { t } = useTranslation();
  const { user } = useSelf();
  const queries = useQueryClient();
  const { data: options } = useQuery(signInOptions);
  const [isChanging, setChanging] = useState(false);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: user?.name ?? '' },
    validate: { name: (value) => (value.trim() === '' ? t('signIn.nameMissing') : null) },
  });
  const save = useMutation({
    mutationFn: ({ name }: { name: string }) => callAuth('/update-user', { name: name.trim() }),
    onSuccess: () => {
      notifications.show({ message: t('common.saved') });
      return queries.invalidateQueries({ queryKey: ['self'] });
    },
  });
  return (
    <Section title={t('account.profile')}>
      <form noValidate onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="md" maw={420}>
          <AuthError error={save.error} />
          <TextInput
            {...form.getInputProps('name')}
            key={form.key('name')}
            label={t('signIn.name')}
            autoComplete="name"
            maxLength={200}
            required
            withAsterisk={false}
          />
          <TextInput
            label={t('signIn.email')}
            description={options?.mail === false ? t('account.noMail') : undefined}
            value={user?.email ?? ''}
            readOnly
            variant="filled"
          />
          <Group gap="sm">
            <Button type="submit" variant="default" loading={save.isPending}>
              {t('common.save')}
            </Button>
            {options?.mail === true && (
              <Button variant="default" onClick={() => setChanging(true)}>
                {t('account.changeEmail')}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
      {isChanging && <ChangeEmail onClose={() => setChanging(false)} />}
    </Section>
  );
}
