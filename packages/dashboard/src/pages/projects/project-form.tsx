// Making a project, or changing its name and tier.

import type { Project } from '@latchkey/client';
import { Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useIsOperator, useScope } from '../../data/self';
import { FormDialog } from '../../kit/form-dialog';
import { useTiers } from '../tiers/tier-queries';
import { useProjectChanges } from './project-queries';

interface Props {
  /** null: a new one. */
  project: Project | null;
  opened: boolean;
  onClose(): void;
}

export function ProjectForm({ project, opened, onClose }: Props) {
  // Anew for each project, so that its fields begin with what it is.
  return <Form key={`${project?.id} ${opened}`} project={project} opened={opened} onClose={onClose} />;
}

function Form({ project, opened, onClose }: Props) {
  const { t } = useTranslation();
  const { organizationId = '' } = useScope();
  const isOperator = useIsOperator();
  const tiers = useTiers(isOperator).data ?? [];
  const { create, update } = useProjectChanges();
  const [name, setName] = useState(project?.name ?? '');
  const [tier, setTier] = useState(project?.tier ?? null);
  const [keyModel, setKeyModel] = useState<'v2' | 'legacy' | null>(null);
  const typed = name.trim();
  const submit = () => {
    const done = { onSuccess: onClose };
    const ofOperator = isOperator ? { tier } : {};
    if (project !== null) {
      const back = { name: project.name, ...(isOperator && { tier: project.tier }) };
      update.mutate({ project, to: { name: typed, ...ofOperator }, back }, done);
    } else {
      create.mutate({ organizationId, name: typed, ...ofOperator, ...(keyModel !== null && { keyModel }) }, done);
    }
  };
  return (
    <FormDialog
      opened={opened}
      onClose={onClose}
      title={project === null ? t('projects.create') : t('projects.edit')}
      submitLabel={project === null ? t('projects.create') : t('common.save')}
      onSubmit={submit}
      canSubmit={typed !== '' && (project === null || typed !== project.name || tier !== project.tier)}
      isPending={create.isPending || update.isPending}
      error={create.error ?? update.error}
    >
      <TextInput
        label={t('projects.name')}
        description={project === null ? t('projects.nameHelp') : undefined}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={100}
        required
        data-autofocus
      />
      {isOperator && (
        <Select
          label={t('projects.tier')}
          description={t('projects.tierHelp')}
          placeholder={t('projects.usualTier')}
          data={tiers.map(({ name: value, title }) => ({ value, label: title }))}
          value={tier}
          onChange={setTier}
          clearable
          clearButtonProps={{ 'aria-label': t('projects.usualTier') }}
        />
      )}
      {isOperator && project === null && (
        <Select
          label={t('projects.keyModel')}
          description={t('projects.keyModelHelp')}
          placeholder={t('projects.usualModel')}
          data={(['v2', 'legacy'] as const).map((value) => ({ value, label: t(`projects.models.${value}`) }))}
          value={keyModel}
          onChange={setKeyModel}
          clearable
          clearButtonProps={{ 'aria-label': t('projects.usualModel') }}
        />
      )}
    </FormDialog>
  );
}
