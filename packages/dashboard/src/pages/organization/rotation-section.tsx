// How old keys may become before people are asked to rotate them.

import type { Organization } from '@latchkey/client';
import { Button, Group, NumberInput, Radio, Stack, Switch } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../data/self';
import { ErrorState } from '../../kit/error-state';
import { GuardedForm } from '../../kit/guarded-form';
import { Section } from '../../kit/section';
import { useChangeOrganization } from './organization-queries';
import { draftOfRotation, type RotationDraft, rotationOf } from './rotation';

export function RotationSection({ organization }: { organization: Organization }) {
  const { t } = useTranslation();
  const may = useMay();
  const { days } = organization.rotationInForce;
  return (
    <Section
      title={t('organization.rotation')}
      text={days === null ? t('organization.noRotation') : t('organization.rotationInForce', { days })}
    >
      {may('updateOrganization') && <RotationForm organization={organization} />}
    </Section>
  );
}

function RotationForm({ organization }: { organization: Organization }) {
  const { t } = useTranslation();
  const change = useChangeOrganization(organization);
  const [draft, setDraft] = useState(() => draftOfRotation(organization));
  const set = (part: Partial<RotationDraft>) => setDraft({ ...draft, ...part });
  const rotation = rotationOf(draft);
  const isUnchanged = JSON.stringify(rotation) === JSON.stringify(organization.rotation);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (rotation !== undefined) change.mutate({ to: { rotation }, back: { rotation: organization.rotation } });
  };
  return (
    <GuardedForm onSubmit={submit} isDirty={!isUnchanged} isPending={change.isPending}>
      <Stack gap="md" maw={460}>
        <Radio.Group
          label={t('organization.policy')}
          value={draft.kind}
          onChange={(kind) => set({ kind: kind as RotationDraft['kind'] })}
        >
          <Stack gap="xs" mt="xs">
            {(['provider', 'days', 'none'] as const).map((kind) => (
              <Radio key={kind} value={kind} label={t(`organization.policies.${kind}`)} />
            ))}
          </Stack>
        </Radio.Group>
        {draft.kind === 'days' && (
          <>
            <NumberInput
              label={t('organization.days')}
              value={draft.days}
              onChange={(typed) => set({ days: typeof typed === 'number' ? typed : '' })}
              min={1}
              max={3650}
              allowDecimal={false}
              maw={160}
            />
            <Switch
              label={t('organization.reminders')}
              description={t('organization.remindersHelp')}
              checked={draft.reminders}
              onChange={(event) => set({ reminders: event.currentTarget.checked })}
            />
          </>
        )}
        {change.error !== null && <ErrorState error={change.error} />}
        <Group>
          <Button type="submit" loading={change.isPending} disabled={rotation === undefined || isUnchanged}>
            {t('common.save')}
          </Button>
        </Group>
      </Stack>
    </GuardedForm>
  );
}
