// The dialogs that end a key: revoking says what will break and how far it got, deleting takes the record too.

import type { Key } from '@latchkey/client';
import { Alert, Checkbox, Code, List, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { count } from '../../data/numbers';
import { ConfirmDialog } from '../../kit/confirm-dialog';
import { Loading } from '../../kit/loading';
import { clockTime, TimeText } from '../../kit/time-text';
import { useLocale } from '../../words/locale';
import { KeyEnds } from './key-state';
import { isUsable } from './usable';
import { useFamily, useKeyCache } from './use-keys';

const HOUR_MS = 3_600_000;

/** Requests since the full hour that lies an hour back, and the networks they came from where that is known. */
function useBreakage(key: Key) {
  const api = useApi();
  return useQuery({
    queryKey: ['usage', 'breakage', key.id],
    queryFn: async () => {
      const from = new Date(Date.now() - HOUR_MS);
      const since = new Date(Math.floor(from.getTime() / HOUR_MS) * HOUR_MS).toISOString();
      const [usage, seen] = await Promise.all([
        api.usage.get({ keyId: key.id, from: from.toISOString(), by: 'hour' }),
        // From where is worth a line, not an error.
        api.keys.observed({ keyId: key.id }).catch(() => ({ observed: [] })),
      ]);
      const allowed = usage.data.reduce((sum, { outcome, count }) => sum + (outcome === 'allowed' ? count : 0), 0);
      const networks = seen.observed
        .filter(({ kind, lastAt }) => kind === 'ip' && lastAt >= since)
        .map(({ value }) => value);
      return { allowed, since, networks };
    },
    gcTime: 0,
  });
}

function Breakage({ value: key }: { value: Key }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { data, isPending } = useBreakage(key);
  if (isPending) return <Loading lines={2} />;
  const networks = data?.networks.length ? data.networks : key.lastUsedIp === null ? [] : [key.lastUsedIp];
  const since = data && clockTime(data.since, locale);
  const isUsed = data !== undefined && data.allowed > 0;
  return (
    <Alert color={isUsed ? 'red' : 'gray'} variant="light" radius="md">
      <Text size="sm" fw={600}>
        {isUsed ? t('keys.revoke.breaks', { count: data.allowed, since }) : t('keys.revoke.breaksNothing', { since })}
      </Text>
      {isUsed && networks.length > 0 && (
        <List size="sm" mt={6}>
          {networks.slice(0, 5).map((network) => (
            <List.Item key={network}>
              {t('keys.from')} <Code>{network}</Code>
            </List.Item>
          ))}
          {networks.length > 5 && <List.Item>{t('keys.revoke.more', { count: networks.length - 5 })}</List.Item>}
        </List>
      )}
      {!isUsed && key.lastUsedAt !== null && (
        <Text size="sm" mt={4}>
          {t('keys.generations.lastUsed')} <TimeText at={key.lastUsedAt} inText />
        </Text>
      )}
    </Alert>
  );
}

interface EndKeyProps {
  value: Key;
  onClose(): void;
}

export function RevokeKey({ value: key, onClose }: EndKeyProps) {
  const { t } = useTranslation();
  const locale = useLocale();
  const api = useApi();
  const cache = useKeyCache();
  const { data: family = [] } = useFamily(key, false);
  const others = family.filter((each) => each.id !== key.id && isUsable(each));
  const [reason, setReason] = useState('');
  const [isWhole, setWhole] = useState(false);
  const revocation = useMutation({
    mutationFn: () =>
      api.keys.revoke({
        keyId: key.id,
        ...(reason.trim() !== '' && { reason: reason.trim() }),
        ...(isWhole && { family: true }),
      }),
    onSuccess: ({ key: ended, propagated }) => {
      cache.put(ended);
      if (isWhole && ended.revokedAt !== null) {
        for (const other of others) {
          cache.put({ ...other, state: 'revoked', revokedAt: ended.revokedAt, revokedReason: ended.revokedReason });
        }
      }
      // A key and its successor have one name: which of them ended is told by its ends.
      const ends = [ended, ...(isWhole ? others : [])].map(({ prefix, hint }) => `${prefix}…${hint}`).join(', ');
      const ms = propagated.ms < 1 ? '< 1' : count(Math.round(propagated.ms), locale);
      notifications.show({
        color: propagated.nodes === propagated.of ? 'accent' : 'orange',
        title: t('keys.revoke.done', { name: ended.name }),
        message:
          propagated.of === 1
            ? t('keys.revoke.refusedNow', { ends })
            : t('keys.revoke.propagated', { ...propagated, ms }),
        autoClose: 8000,
      });
      onClose();
    },
  });
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t('keys.revoke.title', { name: key.name })}
      confirmLabel={t('keys.revoke.submit')}
      danger
      onConfirm={() => revocation.mutate()}
      isPending={revocation.isPending}
      error={revocation.error}
    >
      <Stack gap="sm">
        <div>
          <Text size="sm">{t('keys.revoke.text')}</Text>
          <KeyEnds value={key} />
        </div>
        <Breakage value={key} />
        {others.length > 0 && (
          <Checkbox
            checked={isWhole}
            onChange={(event) => setWhole(event.currentTarget.checked)}
            label={t('keys.revoke.family', { count: others.length })}
          />
        )}
        <TextInput
          label={t('keys.revoke.reason')}
          placeholder={t('keys.revoke.reasonExample')}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={300}
          autoComplete="off"
        />
      </Stack>
    </ConfirmDialog>
  );
}

export function DeleteKey({ value: key, onClose, onDeleted }: EndKeyProps & { onDeleted?: (() => void) | undefined }) {
  const { t } = useTranslation();
  const api = useApi();
  const cache = useKeyCache();
  const deletion = useMutation({
    mutationFn: () => api.keys.delete({ keyId: key.id }),
    onSuccess: () => {
      // First away from its page: what is removed must not be asked for again.
      onDeleted?.();
      cache.remove(key);
      notifications.show({ message: t('keys.delete.done', { name: key.name }) });
      onClose();
    },
  });
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t('keys.delete.title', { name: key.name })}
      confirmLabel={t('keys.delete.submit')}
      danger
      onConfirm={() => deletion.mutate()}
      isPending={deletion.isPending}
      error={deletion.error}
    >
      <Text size="sm">{t('keys.delete.text')}</Text>
      {isUsable(key) && <Breakage value={key} />}
    </ConfirmDialog>
  );
}
