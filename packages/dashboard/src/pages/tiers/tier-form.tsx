// The fields of a tier.

import { Checkbox, Fieldset, NumberInput, Stack, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useProfileOnceKnown } from '../../data/profile';
import type { Draft, Fault } from './draft';
import { FigureField } from './figure-field';

interface Props {
  draft: Draft;
  onChange(draft: Draft): void;
  isNew: boolean;
  faults: readonly Fault[];
}

export function TierForm({ draft, onChange, isNew, faults }: Props) {
  const { t } = useTranslation();
  const set = (part: Partial<Draft>) => onChange({ ...draft, ...part });
  const figure = (name: 'perMinute' | 'perDay' | 'concurrent' | 'batchSize', more = {}) => (
    <FigureField
      label={t(`tiers.${name}`)}
      value={draft[name]}
      onChange={(value) => set({ [name]: value })}
      hasFault={faults.includes(name)}
      {...more}
    />
  );
  return (
    <Stack gap="lg">
      {isNew && (
        <TextInput
          label={t('tiers.name')}
          description={t('tiers.nameHelp')}
          value={draft.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
          error={faults.includes('name') && t('tiers.nameFault')}
          spellCheck={false}
          required
          data-autofocus
        />
      )}
      <TextInput
        label={t('tiers.titleField')}
        description={t('tiers.titleHelp')}
        value={draft.title}
        onChange={(event) => set({ title: event.currentTarget.value })}
        error={faults.includes('title') && t('tiers.titleFault')}
        maxLength={100}
      />
      <NumberInput
        label={t('tiers.rank')}
        description={t('tiers.rankHelp')}
        value={draft.rank}
        onChange={(typed) => set({ rank: typeof typed === 'number' ? typed : '' })}
        error={faults.includes('rank') && t('tiers.typeNumber')}
        min={1}
        max={1000}
        allowDecimal={false}
      />
      <Fieldset legend={t('tiers.limits')}>
        <Stack gap="md">
          {figure('perMinute', { custom: true })}
          {figure('perDay', { custom: true })}
          <Switch
            label={t('tiers.metered')}
            description={t('tiers.meteredHelp')}
            checked={draft.metered}
            onChange={(event) => set({ metered: event.currentTarget.checked })}
            disabled={draft.perDay.kind === 'none'}
          />
          {figure('concurrent')}
          {figure('batchSize', { min: 1 })}
        </Stack>
      </Fieldset>
      <Rights draft={draft} set={set} />
    </Stack>
  );
}

function Rights({ draft, set }: { draft: Draft; set(part: Partial<Draft>): void }) {
  const { t } = useTranslation();
  const profile = useProfileOnceKnown()?.profile;
  return (
    <Fieldset legend={t('tiers.rights')}>
      <Stack gap="md">
        <Textarea
          label={t('tiers.endpoints')}
          description={t('tiers.endpointsHelp')}
          placeholder={'GET /v1/users/*\n/v1/batch/**'}
          value={draft.endpoints}
          onChange={(event) => set({ endpoints: event.currentTarget.value })}
          autosize
          minRows={2}
          maxRows={8}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
        <TagsInput
          label={t('tiers.gatedFields')}
          description={t('tiers.gatedFieldsHelp')}
          data={profile?.policy.gatedFields.map(({ field }) => field) ?? []}
          value={draft.gatedFields}
          onChange={(gatedFields) => set({ gatedFields })}
          splitChars={[',', ' ']}
          clearable
        />
        <Checkbox
          label={t('tiers.bounded')}
          description={t('tiers.boundedHelp')}
          checked={draft.bounded}
          onChange={(event) => set({ bounded: event.currentTarget.checked })}
        />
        {draft.bounded && (
          <TagsInput
            label={t('tiers.permissions')}
            data={profile?.policy.permissions.map(({ name }) => name) ?? []}
            value={draft.permissions}
            onChange={(permissions) => set({ permissions })}
            splitChars={[',', ' ']}
            clearable
          />
        )}
      </Stack>
    </Fieldset>
  );
}
