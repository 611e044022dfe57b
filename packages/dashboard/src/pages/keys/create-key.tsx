// The dialog that makes a key: its form, then the secret once.

import type { Project } from '@latchkey/client';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { CreateKeyForm } from './create-key-form';
import { SecretDialog } from './secret-dialog';
import { useSecretCall } from './secret-once';
import { useKeyCache } from './use-keys';

interface CreateKeyProps {
  project: Pick<Project, 'id' | 'name' | 'tier'>;
  isOperator: boolean;
  onClose(): void;
  /** After the secret was stored. */
  onMade?: ((keyId: string) => void) | undefined;
}

export function CreateKey({ project, isOperator, onClose, onMade }: CreateKeyProps) {
  const { t } = useTranslation();
  const api = useApi();
  const cache = useKeyCache();
  const creation = useSecretCall(api.keys.create, ({ key }) => cache.add(key));
  const made = creation.data;
  const close = () => {
    creation.reset();
    onClose();
    if (made !== undefined) onMade?.(made.key.id);
  };
  const title =
    made === undefined
      ? t('keys.create.title', { project: project.name })
      : t('keys.create.done', { name: made.key.name });
  return (
    <SecretDialog title={title} made={made} isPending={creation.isPending} onStored={close} onClose={close}>
      <CreateKeyForm
        project={project}
        isOperator={isOperator}
        onSend={(body) => creation.mutate({ projectId: project.id, ...body })}
        isPending={creation.isPending}
        error={creation.error}
        onCancel={close}
      />
    </SecretDialog>
  );
}
