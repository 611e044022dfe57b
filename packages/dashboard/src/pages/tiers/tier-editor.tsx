// Making or changing a tier at the side of the page: the form, then what it would touch, then the change.

import type { Tier } from '@latchkey/client';
import { Button, Drawer, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useHeld } from '../../data/held';
import { DialogButtons } from '../../kit/dialog-buttons';
import { ErrorState } from '../../kit/error-state';
import { GuardedForm } from '../../kit/guarded-form';
import { Loading } from '../../kit/loading';
import { creationOf, type Draft, draftOf, emptyDraft, faultsOf, patchOf } from './draft';
import { TierForm } from './tier-form';
import { TierPreview } from './tier-preview';
import { useSaveTier, useTierPreview } from './tier-queries';

interface Props {
  /** null: a new one. */
  tier: Tier | null;
  /** The place of a new one. */
  nextRank: number;
  onClose(): void;
}

export function TierEditor({ opened, ...props }: Props & { opened: boolean }) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={opened}
      onClose={props.onClose}
      position="right"
      size="lg"
      closeOnClickOutside={false}
      title={props.tier === null ? t('tiers.newTier') : t('tiers.editTier', { title: props.tier.title })}
    >
      {opened && <Steps {...props} />}
    </Drawer>
  );
}

function Steps({ tier, nextRank, onClose }: Props) {
  const [draft, setDraft] = useState<Draft>(() => (tier === null ? emptyDraft(nextRank) : draftOf(tier)));
  const [step, setStep] = useState<'form' | 'preview'>('form');
  const { create, update } = useSaveTier(onClose);
  useHeld(step === 'preview');
  const patch = tier === null ? null : patchOf(tier, draft);
  if (step === 'preview' && tier !== null && patch !== null) {
    const save = () => update.mutate({ before: tier, patch });
    return (
      <Preview asked={{ tierId: tier.id, ...patch }} update={{ ...update, save }} onBack={() => setStep('form')} />
    );
  }
  return (
    <Form
      {...{ draft, setDraft }}
      isNew={tier === null}
      isUnchanged={patch !== null && Object.keys(patch).length === 0}
      error={create.error}
      isPending={create.isPending}
      onSubmit={() => (tier === null ? create.mutate(creationOf(draft)) : setStep('preview'))}
      onClose={onClose}
    />
  );
}

interface FormProps {
  draft: Draft;
  setDraft(draft: Draft): void;
  isNew: boolean;
  isUnchanged: boolean;
  error: unknown;
  isPending: boolean;
  onSubmit(): void;
  onClose(): void;
}

function Form({ draft, setDraft, isNew, isUnchanged, error, isPending, onSubmit, onClose }: FormProps) {
  const { t } = useTranslation();
  const [wasSent, setSent] = useState(false);
  const faults = faultsOf(draft, isNew);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSent(true);
    if (faults.length === 0 && !isUnchanged) onSubmit();
  };
  return (
    <GuardedForm onSubmit={submit} noValidate isDirty={isNew ? undefined : !isUnchanged} isPending={isPending}>
      <Stack gap="lg">
        <TierForm draft={draft} onChange={setDraft} isNew={isNew} faults={wasSent ? faults : []} />
        {error != null && <ErrorState error={error} />}
        <DialogButtons>
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={isPending} disabled={isUnchanged}>
            {isNew ? t('tiers.create') : t('tiers.seeWhat')}
          </Button>
        </DialogButtons>
      </Stack>
    </GuardedForm>
  );
}

interface PreviewProps {
  asked: Parameters<typeof useTierPreview>[0];
  update: { error: unknown; isPending: boolean; save(): void };
  onBack(): void;
}

function Preview({ asked, update, onBack }: PreviewProps) {
  const { t } = useTranslation();
  const preview = useTierPreview(asked);
  return (
    <Stack gap="lg">
      <Text size="sm">{t('tiers.previewText')}</Text>
      {preview.error !== null && <ErrorState error={preview.error} />}
      {preview.isPending && <Loading />}
      {preview.data !== undefined && <TierPreview touch={preview.data} />}
      {update.error != null && <ErrorState error={update.error} />}
      <DialogButtons>
        <Button variant="default" onClick={onBack}>
          {t('common.back')}
        </Button>
        <Button onClick={update.save} loading={update.isPending} disabled={preview.data === undefined} data-autofocus>
          {t('tiers.saveChange')}
        </Button>
      </DialogButtons>
    </Stack>
  );
}
