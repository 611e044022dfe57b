// The form of a new key: short, with the rest on demand.

import type { Key, Project } from '@latchkey/client';
import type { Profile } from '@latchkey/core';
import {
  Button,
  Chip,
  Collapse,
  Divider,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useProfile } from '../../data/profile';
import { DialogButtons } from '../../kit/dialog-buttons';
import { ErrorState, useErrorText } from '../../kit/error-state';
import { GuardedForm } from '../../kit/guarded-form';
import { Toggle } from '../../kit/icons';
import { fieldErrors } from './field-errors';
import { bodyOf, ceilingsOf, faultsOf, NO_SETTINGS, SETTING_MEMBERS, type Settings } from './settings';
import { ExpiryFields, LimitFields, PermissionFields, RestrictionFields, useFaultTexts } from './settings-fields';

/** What is seen at once; an error at any other field opens the rest of the form. */
const SHORT_FORM = ['name', 'environment', 'mode', 'tier'];

interface Props {
  project: Pick<Project, 'tier'>;
  isOperator: boolean;
  onSend(body: ReturnType<typeof bodyOf> & { name: string }): void;
  onCancel(): void;
  isPending: boolean;
  error: unknown;
}

export function CreateKeyForm({ project, isOperator, onSend, onCancel, isPending, error }: Props) {
  const { t } = useTranslation();
  const { profile, tiers } = useProfile();
  const hasModes = profile.policy.prefixes.test !== undefined;
  const [name, setName] = useState('');
  const [environment, setEnvironment] = useState('');
  const [mode, setMode] = useState<Key['mode']>('live');
  const [tier, setTier] = useState(project.tier ?? profile.policy.defaultTier);
  const [credits, setCredits] = useState<number | ''>('');
  const [settings, setSettings] = useState<Settings>(NO_SETTINGS);
  const [isTried, setTried] = useState(false);
  // Of one moment, so that sending the same form again asks for the same.
  const [openedAt] = useState(() => Date.now());
  const [isAdvanced, advanced] = useDisclosure();
  const more = useId();
  const textsOf = useFaultTexts();
  const change = (changed: Partial<Settings>) => setSettings((before) => ({ ...before, ...changed }));

  const ceilings = ceilingsOf({ profile, tiers }, tier);
  const faults = faultsOf(settings, ceilings, { isOperator, now: Date.now() });
  const { byField, isRest } = fieldErrors(error, [...SHORT_FORM, ...SETTING_MEMBERS, 'credits'], useErrorText());
  const errors: Record<string, string> = {
    ...byField,
    ...(isTried ? textsOf(faults) : {}),
    ...(isTried && name.trim() === '' ? { name: t('keys.create.nameMissing') } : {}),
  };
  const hasHiddenFault =
    Object.keys(byField).some((field) => !SHORT_FORM.includes(field)) || (isTried && faults.length > 0);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (faults.length > 0) advanced.open();
    if (name.trim() === '' || faults.length > 0) return;
    const body = bodyOf(settings, openedAt);
    const set = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)) as typeof body;
    onSend({
      ...set,
      name: name.trim(),
      ...(environment.trim() !== '' && { environment: environment.trim() }),
      ...(hasModes && { mode }),
      ...(isOperator && tier !== null && { tier }),
      ...(isOperator && credits !== '' && { credits }),
    });
  };
  const fields = { values: settings, onChange: change, errors };

  return (
    <GuardedForm onSubmit={submit} noValidate isPending={isPending}>
      <Stack gap="md">
        <StartFrom
          keys={profile.guide.keys}
          onChosen={(usual) => {
            if (name === '') setName(usual.name);
            change({ isFullAccess: usual.permissions === null, permissions: usual.permissions ?? [] });
          }}
        />
        <TextInput
          label={t('keys.create.name')}
          description={t('keys.create.nameHelp')}
          placeholder={t('keys.create.nameExample')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errors.name}
          required
          maxLength={100}
          autoComplete="off"
          data-autofocus
        />
        <TextInput
          label={t('keys.create.environment')}
          placeholder={t('keys.create.environmentExample')}
          value={environment}
          onChange={(event) => setEnvironment(event.currentTarget.value)}
          error={errors.environment}
          maxLength={100}
          autoComplete="off"
        />
        {hasModes && <ModeField value={mode} onChange={setMode} />}
        {isOperator && tiers.length > 0 && (
          <Select
            label={t('keys.tier')}
            placeholder={t('projects.usualTier')}
            data={tiers.map(({ name: value, title }) => ({ value, label: title }))}
            value={tier}
            onChange={setTier}
            error={errors.tier}
            allowDeselect={false}
          />
        )}
        <Divider />
        <Button
          variant="subtle"
          size="compact-sm"
          w="fit-content"
          px={6}
          ml={-6}
          onClick={advanced.toggle}
          aria-expanded={isAdvanced || hasHiddenFault}
          aria-controls={more}
          rightSection={<Toggle isOpen={isAdvanced || hasHiddenFault} size={16} />}
          h="auto"
          maw="100%"
          styles={{ label: { whiteSpace: 'normal', textAlign: 'left', lineHeight: 1.4 } }}
        >
          {t('keys.create.advanced')}
        </Button>
        <Collapse expanded={isAdvanced || hasHiddenFault} id={more}>
          <Stack gap="lg">
            <PermissionFields {...fields} profile={profile} />
            <RestrictionFields {...fields} />
            <LimitFields {...fields} ceilings={ceilings} isOperator={isOperator} />
            <ExpiryFields {...fields} />
            {isOperator && (
              <NumberInput
                label={t('keys.create.credits')}
                description={t('keys.create.creditsHelp')}
                value={credits}
                onChange={(value) => setCredits(typeof value === 'number' ? value : '')}
                error={errors.credits}
                min={0}
                allowDecimal={false}
                allowNegative={false}
                hideControls
              />
            )}
          </Stack>
        </Collapse>
        {isRest && <ErrorState error={error} />}
        <DialogButtons>
          {/* A key that is on its way is made: whoever closed now would never see it. */}
          <Button variant="default" onClick={onCancel} disabled={isPending}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={isPending}>
            {t('keys.create.submit')}
          </Button>
        </DialogButtons>
      </Stack>
    </GuardedForm>
  );
}

type UsualKey = Profile['guide']['keys'][number];

/** Keys that the provider's customers usually make: one fills in the form. */
function StartFrom({ keys, onChosen }: { keys: readonly UsualKey[]; onChosen(usual: UsualKey): void }) {
  const { t } = useTranslation();
  if (keys.length === 0) return null;
  return (
    <Chip.Group
      onChange={(chosen) => {
        const usual = keys.find(({ name }) => name === chosen);
        if (usual !== undefined) onChosen(usual);
      }}
    >
      <Text size="sm" fw={600} mb={-10}>
        {t('keys.create.startFrom')}
      </Text>
      <Group gap="xs">
        {keys.map(({ name, purpose }) => (
          <Chip key={name} value={name} size="xs" title={purpose}>
            {name}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
}

function ModeField({ value, onChange }: { value: Key['mode']; onChange(mode: Key['mode']): void }) {
  const { t } = useTranslation();
  const label = useId();
  return (
    <Stack gap={4}>
      <Text size="sm" fw={600} id={label}>
        {t('keys.mode.label')}
      </Text>
      <SegmentedControl
        aria-labelledby={label}
        value={value}
        onChange={onChange}
        data={(['live', 'test'] as const).map((mode) => ({ value: mode, label: t(`keys.mode.${mode}`) }))}
      />
      <Text size="xs" c="dimmed">
        {t(`keys.mode.${value}Help`)}
      </Text>
    </Stack>
  );
}
