// What a key may do and from where: permissions, restrictions, limits, expiry. Changed here, in force with the next request.

import type { Key } from '@latchkey/client';
import { Alert, Button, Group, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useProfile } from '../../data/profile';
import { useIsOperator } from '../../data/self';
import { ErrorState, useErrorText } from '../../kit/error-state';
import { GuardedForm } from '../../kit/guarded-form';
import { Shield } from '../../kit/icons';
import { useNotify } from '../../kit/notify';
import { Section } from '../../kit/section';
import { fieldErrors } from './field-errors';
import { useKeyActions } from './key-actions';
import { LockDown } from './lock-down';
import {
  bodyOf,
  ceilingsOf,
  changesOf,
  faultsOf,
  offeredPermissions,
  SETTING_MEMBERS,
  type Settings,
  settingsOf,
} from './settings';
import { ExpiryFields, LimitFields, PermissionFields, RestrictionFields, useFaultTexts } from './settings-fields';
import { isUsable } from './usable';
import { useKeyCache } from './use-keys';

export function KeyAccess({ value: key }: { value: Key }) {
  const { t } = useTranslation();
  const api = useApi();
  const cache = useKeyCache();
  const notify = useNotify();
  const provider = useProfile();
  const isOperator = useIsOperator();
  const { may } = useKeyActions();
  const [isLocking, setLocking] = useState(false);
  const [changed, setChanged] = useState<Partial<Settings>>({});
  const textsOf = useFaultTexts();
  const values = { ...settingsOf(key), ...changed };
  const canEdit = may('updateKey') && isUsable(key);

  const ceilings = ceilingsOf(provider, key.tier);
  const now = Date.now();
  const faults = Object.keys(changed).length === 0 ? [] : faultsOf(values, ceilings, { isOperator, now, key });
  const changes = faults.length > 0 ? {} : changesOf(key, bodyOf(values, now));
  const update = useMutation({
    mutationFn: (body: Partial<ReturnType<typeof bodyOf>>) => api.keys.update({ keyId: key.id, ...body }),
    onSuccess: (saved, body) => {
      const before = Object.fromEntries(
        Object.keys(body).map((name) => [name, key[name as keyof typeof body]]),
      ) as typeof body;
      cache.put(saved);
      setChanged({});
      notify(t('keys.access.saved'), () => update.mutateAsync(before));
    },
  });
  const { byField, isRest } = fieldErrors(update.error, SETTING_MEMBERS, useErrorText());
  const errors = { ...byField, ...textsOf(faults) };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (faults.length === 0 && Object.keys(changes).length > 0) update.mutate(changes);
  };
  const fields = {
    values,
    onChange: (change: Partial<Settings>) => setChanged((before) => ({ ...before, ...change })),
    errors,
    disabled: !canEdit,
  };
  const isDirty = faults.length > 0 || Object.keys(changes).length > 0;
  const hasPermissions = offeredPermissions(provider.profile).length > 0 || !values.isFullAccess;
  return (
    <GuardedForm onSubmit={submit} noValidate isDirty={isDirty} isPending={update.isPending}>
      <Stack gap="lg">
        {!canEdit && (
          <Alert color="gray" variant="light" radius="md">
            {t(isUsable(key) ? 'keys.access.readOnly' : 'keys.access.ended')}
          </Alert>
        )}
        {hasPermissions && (
          <Section title={t('keys.access.permissions')} text={t('keys.access.permissionsText')}>
            <PermissionFields {...fields} profile={provider.profile} />
          </Section>
        )}
        <Section
          title={t('keys.access.restrictions')}
          text={t('keys.access.restrictionsText')}
          side={
            canEdit && may('observeKey') && key.mode === 'live' ? (
              <Button variant="default" size="xs" leftSection={<Shield size={15} />} onClick={() => setLocking(true)}>
                {t('keys.lock.start')}
              </Button>
            ) : undefined
          }
        >
          <RestrictionFields {...fields} />
        </Section>
        <Section title={t('keys.access.limits')} text={t('keys.access.limitsText')}>
          <Stack gap="lg">
            <LimitFields {...fields} ceilings={ceilings} isOperator={isOperator} />
            <ExpiryFields {...fields} />
          </Stack>
        </Section>
        {isRest && <ErrorState error={update.error} />}
        {canEdit && (
          <Group>
            <Button type="submit" loading={update.isPending} disabled={!isDirty || faults.length > 0}>
              {t('common.save')}
            </Button>
            {isDirty && (
              <Button variant="default" onClick={() => setChanged({})}>
                {t('keys.access.discard')}
              </Button>
            )}
          </Group>
        )}
      </Stack>
      {isLocking && <LockDown value={key} onClose={() => setLocking(false)} />}
    </GuardedForm>
  );
}
