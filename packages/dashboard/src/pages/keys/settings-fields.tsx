// The fields of what may be set on a key: permissions, restrictions, limits, expiry. Used to create one and to change one.

import type { Profile } from '@latchkey/core';
import {
  Box,
  Checkbox,
  NumberInput,
  Paper,
  Radio,
  Select,
  SimpleGrid,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { count, separators } from '../../data/numbers';
import { useLocale } from '../../words/locale';
import { RESTRICTIONS, tidy } from './checks';
import {
  type Ceilings,
  EXPIRIES,
  type Expiry,
  type Fault,
  LIMITS,
  offeredPermissions,
  type Settings,
} from './settings';

interface FieldsProps {
  values: Settings;
  onChange(change: Partial<Settings>): void;
  /** A sentence by the name of the field. */
  errors: Readonly<Record<string, string>>;
  disabled?: boolean;
}

/** Faults as sentences at their fields. */
export function useFaultTexts(): (faults: readonly Fault[]) => Record<string, string> {
  const { t } = useTranslation();
  const locale = useLocale();
  return (faults) =>
    Object.fromEntries(
      faults.map((fault) => {
        switch (fault.is) {
          case 'bad_entry':
            return [fault.field, t(`keys.fields.bad.${fault.field}`, { entry: fault.entry.slice(0, 60) })];
          case 'above':
            return [fault.field, t('keys.fields.above', { most: count(fault.most, locale) })];
          default:
            return [fault.field, t(`keys.fields.fault.${fault.is}`)];
        }
      }),
    );
}

export function PermissionFields({ values, onChange, errors, disabled, profile }: FieldsProps & { profile: Profile }) {
  const { t } = useTranslation();
  const offered = offeredPermissions(profile);
  // What the key has and nobody offers any more is still to be seen, and can be taken away.
  const unknown = values.permissions.filter((name) => offered.every((each) => each.name !== name));
  const rows = [...offered, ...unknown.map((name) => ({ name, description: '', manages: false }))];
  if (rows.length === 0) return null;
  return (
    <Stack gap="sm">
      <Radio.Group
        label={t('keys.fields.permissions')}
        value={values.isFullAccess ? 'all' : 'some'}
        onChange={(chosen) => onChange({ isFullAccess: chosen === 'all' })}
        error={values.isFullAccess ? errors.permissions : undefined}
      >
        <Stack gap={6} mt={6}>
          <Radio value="all" label={t('keys.fields.fullAccess')} disabled={disabled} />
          <Radio value="some" label={t('keys.fields.onlyThese')} disabled={disabled} />
        </Stack>
      </Radio.Group>
      {!values.isFullAccess && (
        <Checkbox.Group
          aria-label={t('keys.fields.onlyThese')}
          value={values.permissions}
          onChange={(permissions) => onChange({ permissions })}
          error={errors.permissions}
        >
          <Paper withBorder p="sm" radius="md">
            <Stack gap="sm">
              {rows.map(({ name, description, manages }) => (
                <Checkbox
                  key={name}
                  value={name}
                  disabled={disabled}
                  label={
                    <Text span size="sm" ff="monospace">
                      {name}
                    </Text>
                  }
                  description={description || (manages ? t('keys.fields.manages') : undefined)}
                />
              ))}
            </Stack>
          </Paper>
        </Checkbox.Group>
      )}
    </Stack>
  );
}

export function RestrictionFields({ values, onChange, errors, disabled }: FieldsProps) {
  const { t } = useTranslation();
  return (
    <Stack gap="md">
      {RESTRICTIONS.map((kind) => (
        <TagsInput
          key={kind}
          label={t(`keys.fields.${kind}`)}
          description={t(`keys.fields.${kind}Help`)}
          placeholder={values[kind].length === 0 ? t(`keys.fields.${kind}Example`) : undefined}
          value={values[kind]}
          onChange={(entries) => onChange({ [kind]: [...new Set(entries.map((entry) => tidy(kind, entry)))] })}
          error={errors[kind]}
          disabled={disabled}
          splitChars={[',', ';']}
          acceptValueOnBlur
          clearable={!disabled}
          clearButtonProps={{ 'aria-label': t('keys.fields.clear') }}
        />
      ))}
    </Stack>
  );
}

export function LimitFields({
  values,
  onChange,
  errors,
  disabled,
  ceilings,
  isOperator,
}: FieldsProps & { ceilings: Ceilings; isOperator: boolean }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const shown = LIMITS.filter((name) => isOperator || ceilings[name] !== null || values[name] !== '');
  if (shown.length === 0) return null;
  const usual = (name: (typeof LIMITS)[number]) => {
    const ceiling = ceilings[name];
    if (ceiling === 'custom') return t('keys.fields.mustBeSet');
    return ceiling === null ? t('keys.fields.noLimit') : count(ceiling, locale);
  };
  return (
    <Box component="fieldset" m={0} p={0} bd={0}>
      <Text component="legend" size="sm" fw={600} mb={2}>
        {t('keys.fields.limits')}
      </Text>
      <Text size="xs" c="dimmed" mb="xs">
        {isOperator ? t('keys.fields.limitsOperator') : t('keys.fields.limitsMember')}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
        {shown.map((name) => (
          <NumberInput
            key={name}
            label={t(`keys.limit.${name}`)}
            placeholder={usual(name)}
            value={values[name]}
            onChange={(value) => onChange({ [name]: typeof value === 'number' ? value : '' })}
            error={errors[name]}
            disabled={disabled}
            min={0}
            max={1_000_000_000}
            allowDecimal={false}
            allowNegative={false}
            {...separators(locale)}
            hideControls
          />
        ))}
      </SimpleGrid>
      {errors.limits !== undefined && (
        <Text size="xs" c="var(--mantine-color-error)" mt={4} role="alert">
          {errors.limits}
        </Text>
      )}
    </Box>
  );
}

export function ExpiryFields({ values, onChange, errors, disabled }: FieldsProps) {
  const { t } = useTranslation();
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" maw={600}>
      <Select
        label={t('keys.fields.expiry')}
        data={EXPIRIES.map((value) => ({ value, label: t(`keys.expiry.${value}`) }))}
        value={values.expiry}
        onChange={(expiry) => onChange({ expiry: expiry as Expiry })}
        allowDeselect={false}
        disabled={disabled}
        error={values.expiry === 'at' ? undefined : errors.expiresAt}
      />
      {values.expiry === 'at' && (
        <TextInput
          type="datetime-local"
          label={t('keys.fields.expiresAt')}
          value={values.expiresAt}
          onChange={(event) => onChange({ expiresAt: event.currentTarget.value })}
          error={errors.expiresAt}
          disabled={disabled}
        />
      )}
    </SimpleGrid>
  );
}
