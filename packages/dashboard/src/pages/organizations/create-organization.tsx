// Making an organization; then the page goes on to it.

import { TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { FormDialog } from '../../kit/form-dialog';
import { useNotify } from '../../kit/notify';
import { useRefreshOrganizations } from '../organization/organization-queries';

export function CreateOrganization({ opened, onClose }: { opened: boolean; onClose(): void }) {
  const { t } = useTranslation();
  const api = useApi();
  const notify = useNotify();
  const navigate = useNavigate();
  const refresh = useRefreshOrganizations();
  const [name, setName] = useState('');
  const close = () => {
    create.reset();
    setName('');
    onClose();
  };
  const create = useMutation({
    mutationFn: () => api.organizations.create({ name: name.trim() }),
    onSuccess: async (made) => {
      await refresh();
      close();
      notify(t('organizations.created', { name: made.name }));
      await navigate({ to: '/settings/members', search: { organization: made.id, project: undefined } });
    },
  });
  return (
    <FormDialog
      opened={opened}
      onClose={close}
      title={t('organizations.create')}
      submitLabel={t('organizations.create')}
      onSubmit={() => create.mutate()}
      canSubmit={name.trim() !== ''}
      isPending={create.isPending}
      error={create.error}
    >
      <TextInput
        label={t('organizations.name')}
        description={t('organizations.nameHelp')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={100}
        required
        data-autofocus
      />
    </FormDialog>
  );
}
