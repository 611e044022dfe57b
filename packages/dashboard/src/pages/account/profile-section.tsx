// Name and address of the account.

import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callAuth, signInOptions } from '../../data/auth';
import { useSelf } from '../../data/self';
import { GuardedForm } from '../../kit/guarded-form';
import { useNotify } from '../../kit/notify';
import { Section } from '../../kit/section';
import { AuthError } from '../sign-in/auth-error';
import { ChangeEmail } from './change-email';

export function ProfileSection() {
  const { t } = useTranslation();
  const { user } = useSelf();
  const queries = useQueryClient();
  const notify = useNotify();
  const { data: options } = useQuery(signInOptions);
  const [isChanging, setChanging] = useState(false);
  // undefined: nothing was typed, and they are called what they are called now.
  const [name, setName] = useState<string>();
  const current = user?.name ?? '';
  const typed = (name ?? current).trim();
  const save = useMutation({
    mutationFn: () => callAuth('/update-user', { name: typed }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['self'] });
      setName(undefined);
      notify(t('common.saved'));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed !== '') save.mutate();
  };
  return (
    <Section title={t('account.profile')}>
      <GuardedForm onSubmit={submit} isDirty={typed !== current} isPending={save.isPending}>
        <Stack gap="md" maw={420}>
          <AuthError error={save.error} />
          <TextInput
            label={t('signIn.name')}
            value={name ?? current}
            onChange={(event) => setName(event.currentTarget.value)}
            error={typed === '' ? t('signIn.nameMissing') : undefined}
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
            <Button type="submit" loading={save.isPending} disabled={typed === '' || typed === current}>
              {t('common.save')}
            </Button>
            {options?.mail === true && (
              <Button variant="default" onClick={() => setChanging(true)}>
                {t('account.changeEmail')}
              </Button>
            )}
          </Group>
        </Stack>
      </GuardedForm>
      {isChanging && <ChangeEmail onClose={() => setChanging(false)} />}
    </Section>
  );
}
