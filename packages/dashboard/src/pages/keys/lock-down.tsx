// Restrictions from what was seen: what they would be, what of the traffic they would refuse, and applying them.

import type { Key } from '@latchkey/client';
import { Alert, Button, Checkbox, Modal, Paper, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { count } from '../../data/numbers';
import { DialogButtons } from '../../kit/dialog-buttons';
import { EmptyState } from '../../kit/empty-state';
import { ErrorState } from '../../kit/error-state';
import { Alert as AlertIcon, Check, Shield } from '../../kit/icons';
import { useNotify } from '../../kit/notify';
import { TimeText } from '../../kit/time-text';
import { Waiting } from '../../kit/waiting';
import { useLocale } from '../../words/locale';
import { RESTRICTIONS } from './checks';
import { KIND_OF, type Restrictions, refusedOf, type Seen, without } from './observed';
import { useKeyCache } from './use-keys';

export function LockDown({ value: key, onClose }: { value: Key; onClose(): void }) {
  const { t } = useTranslation();
  const api = useApi();
  const { data, error, refetch } = useQuery({
    queryKey: ['keys', 'observed', key.id],
    queryFn: () => api.keys.observed({ keyId: key.id }),
    staleTime: 0,
  });
  return (
    <Modal opened onClose={onClose} size="lg" title={t('keys.lock.title')}>
      {data === undefined ? (
        <Waiting error={error} onRetry={refetch} lines={4} />
      ) : data.observed.length === 0 ? (
        <EmptyState icon={<Shield size={24} />} title={t('keys.lock.nothing')} text={t('keys.lock.nothingText')} />
      ) : (
        <Suggestion value={key} seen={data.observed} suggested={data.suggested} onClose={onClose} />
      )}
    </Modal>
  );
}

interface SuggestionProps {
  value: Key;
  seen: Seen[];
  suggested: Restrictions;
  onClose(): void;
}

function Suggestion({ value: key, seen, suggested, onClose }: SuggestionProps) {
  const { t } = useTranslation();
  const locale = useLocale();
  const api = useApi();
  const cache = useKeyCache();
  const notify = useNotify();
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const chosen = without(suggested, left);
  const refused = refusedOf(seen, chosen);
  const requests = Math.max(0, ...refused.map((each) => each.count));
  const change = useMutation({
    mutationFn: (restrictions: Key['restrictions']) => api.keys.update({ keyId: key.id, restrictions }),
    onSuccess: (changed, restrictions) => {
      cache.put(changed);
      const before = key.restrictions;
      if (restrictions !== before) notify(t('keys.lock.done'), () => change.mutateAsync(before));
      onClose();
    },
  });
  const toggle = (name: string) =>
    setLeft((before) => {
      const after = new Set(before);
      if (!after.delete(name)) after.add(name);
      return after;
    });
  const number = (value: number) => count(value, locale);
  return (
    <Stack gap="md">
      <Text size="sm">{t('keys.lock.text')}</Text>
      {RESTRICTIONS.map((kind) => {
        const list = suggested[kind];
        return (
          <div key={kind}>
            <Text size="sm" fw={600} mb={6}>
              {t(`keys.fields.${kind}`)}
            </Text>
            {list === undefined ? (
              <Text size="sm" c="dimmed">
                {t('keys.lock.open')}
              </Text>
            ) : (
              <Paper withBorder p="sm" radius="md">
                <Stack gap="xs">
                  {list.map((entry) => {
                    const found = seen.find((each) => KIND_OF[each.kind] === kind && each.value === entry);
                    return (
                      <Checkbox
                        key={entry}
                        checked={!left.has(`${kind} ${entry}`)}
                        onChange={() => toggle(`${kind} ${entry}`)}
                        label={
                          <Text span size="sm" ff="monospace">
                            {entry}
                          </Text>
                        }
                        description={
                          found === undefined ? (
                            t('keys.lock.standing')
                          ) : (
                            <>
                              {t('keys.lock.seen', { count: found.count, number: number(found.count) })} ·{' '}
                              <TimeText at={found.lastAt} inText />
                            </>
                          )
                        }
                      />
                    );
                  })}
                </Stack>
              </Paper>
            )}
          </div>
        );
      })}
      <Alert
        role="status"
        radius="md"
        variant="light"
        color={refused.length === 0 ? 'accent' : 'orange'}
        icon={refused.length === 0 ? <Check /> : <AlertIcon />}
        title={
          refused.length === 0
            ? t('keys.lock.refusesNothing')
            : t('keys.lock.refuses', { count: requests, number: number(requests) })
        }
      >
        <Text size="sm">{refused.length === 0 ? t('keys.lock.refusesNothingText') : t('keys.lock.refusesText')}</Text>
      </Alert>
      {change.error !== null && <ErrorState error={change.error} />}
      <DialogButtons>
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button
          onClick={() => change.mutate(Object.keys(chosen).length === 0 ? null : chosen)}
          loading={change.isPending}
          disabled={JSON.stringify(chosen) === JSON.stringify(key.restrictions ?? {})}
        >
          {t('keys.lock.apply')}
        </Button>
      </DialogButtons>
    </Stack>
  );
}
