// Suspending, resuming or deleting a project: asked once, deleting by its name.

import type { Project } from '@latchkey/client';
import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../kit/confirm-dialog';
import { useProjectChanges } from './project-queries';

export interface Ending {
  project: Project;
  act: 'suspend' | 'resume' | 'delete';
}

/** `ending` null: closed. */
export function EndProject({ ending, onClose }: { ending: Ending | null; onClose(): void }) {
  const { t } = useTranslation();
  const { suspend, remove } = useProjectChanges();
  const act = ending?.act ?? 'suspend';
  const name = ending?.project.name ?? '';
  const close = () => {
    suspend.reset();
    remove.reset();
    onClose();
  };
  const run = () => {
    if (ending === null) return;
    if (ending.act === 'delete') remove.mutate(ending.project, { onSuccess: close });
    else suspend.mutate({ project: ending.project, to: ending.act }, { onSuccess: close });
  };
  return (
    <ConfirmDialog
      opened={ending !== null}
      onClose={close}
      title={t(`projects.acts.${act}.ask`, { name })}
      confirmLabel={t(`projects.acts.${act}.button`)}
      danger={act !== 'resume'}
      word={act === 'delete' ? name : undefined}
      onConfirm={run}
      isPending={suspend.isPending || remove.isPending}
      error={suspend.error ?? remove.error}
    >
      <Text size="sm">{t(`projects.acts.${act}.text`)}</Text>
    </ConfirmDialog>
  );
}
