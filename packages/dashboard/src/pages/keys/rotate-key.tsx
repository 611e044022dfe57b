// The dialog that rotates a key: how long the old secret stays, the new one once, then who still uses the old one.

import type { Key } from '@latchkey/client';
import { Button, NumberInput, Radio, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useProfile } from '../../data/profile';
import { DialogButtons } from '../../kit/dialog-buttons';
import { ErrorState, useErrorText } from '../../kit/error-state';
import { useLocale } from '../../words/locale';
import { fieldErrors } from './field-errors';
import { Generations } from './generations';
import { durationText, gracePresets, LONGEST_GRACE } from './grace';
import { KeyEnds } from './key-state';
import { SecretDialog } from './secret-dialog';
import { useSecretCall } from './secret-once';
import { useKeyCache } from './use-keys';

interface RotateKeyProps {
  value: Key;
  onClose(): void;
  onRevoke?: ((key: Key) => void) | undefined;
  /** After all is done, with the new generation. */
  onRotated?: ((keyId: string) => void) | undefined;
}

export function RotateKey({ value: key, onClose, onRevoke, onRotated }: RotateKeyProps) {
  const { t } = useTranslation();
  const api = useApi();
  const cache = useKeyCache();
  const [next, setNext] = useState<Key | null>(null);
  const rotation = useSecretCall(api.keys.rotate, ({ key: made, previous }) => {
    cache.add(made);
    const isOver = Date.parse(previous.graceEndsAt) <= Date.now();
    cache.put({ ...key, graceEndsAt: previous.graceEndsAt, state: isOver ? 'expired' : 'grace' });
    cache.again(key.id);
  });
  const made = rotation.data;
  const isLegacy = key.model === 'legacy';
  const stored = () => {
    const { key: newest } = made as NonNullable<typeof made>;
    rotation.reset();
    if (!isLegacy) return setNext(newest);
    onClose();
    onRotated?.(newest.id);
  };
  const close = () => {
    onClose();
    if (next !== null) onRotated?.(next.id);
  };
  const title = made !== undefined ? 'done' : next !== null ? 'watch' : isLegacy ? 'swapTitle' : 'title';
  return (
    <SecretDialog
      title={t(`keys.rotate.${title}`, { name: key.name })}
      made={made}
      isPending={rotation.isPending}
      onStored={stored}
      onClose={close}
    >
      {next !== null ? (
        <Stack>
          <Generations value={next} onRevoke={onRevoke} />
          <DialogButtons>
            <Button onClick={close} data-autofocus>
              {t('keys.rotate.finish')}
            </Button>
          </DialogButtons>
        </Stack>
      ) : (
        <RotateForm
          value={key}
          onCancel={onClose}
          isPending={rotation.isPending}
          error={rotation.error}
          onSend={(gracePeriodSeconds) =>
            rotation.mutate({ keyId: key.id, ...(gracePeriodSeconds !== null && { gracePeriodSeconds }) })
          }
        />
      )}
    </SecretDialog>
  );
}

interface FormProps {
  value: Key;
  onSend(gracePeriodSeconds: number | null): void;
  onCancel(): void;
  isPending: boolean;
  error: unknown;
}

function RotateForm({ value: key, onSend, onCancel, isPending, error }: FormProps) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { profile } = useProfile();
  const usual = profile.policy.gracePeriodSeconds;
  const isLegacy = key.model === 'legacy';
  const [chosen, setChosen] = useState(usual === null ? '' : String(usual));
  const [hours, setHours] = useState<number | ''>('');
  const [isTried, setTried] = useState(false);
  const isOwn = chosen === 'own';
  const seconds = isOwn ? (hours === '' ? null : Math.round(hours * 3600)) : chosen === '' ? null : Number(chosen);
  const { byField, isRest } = fieldErrors(error, ['gracePeriodSeconds'], useErrorText());
  const fault = isTried && seconds === null ? t('keys.rotate.choose') : byField.gracePeriodSeconds;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isLegacy) onSend(null);
    else if (seconds !== null) onSend(seconds);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <div>
          <Text size="sm">{t(isLegacy ? 'keys.rotate.swapText' : 'keys.rotate.text')}</Text>
          <KeyEnds value={key} />
        </div>
        {!isLegacy && (
          <Radio.Group
            label={t('keys.rotate.grace')}
            description={usual === null ? t('keys.rotate.graceDemanded') : t('keys.rotate.graceHelp')}
            value={chosen}
            onChange={setChosen}
            error={isOwn ? undefined : fault}
            required={usual === null}
          >
            <Stack gap={8} mt="xs">
              {gracePresets(usual).map((preset) => (
                <Radio
                  key={preset}
                  value={String(preset)}
                  label={preset === 0 ? t('keys.rotate.atOnce') : durationText(preset, locale)}
                  description={
                    preset === 0
                      ? t('keys.rotate.atOnceHelp')
                      : preset === usual
                        ? t('keys.rotate.usual', { title: profile.title })
                        : undefined
                  }
                />
              ))}
              <Radio value="own" label={t('keys.rotate.own')} />
            </Stack>
          </Radio.Group>
        )}
        {isOwn && (
          <NumberInput
            label={t('keys.rotate.hours')}
            value={hours}
            onChange={(value) => setHours(typeof value === 'number' ? value : '')}
            error={fault}
            min={0}
            max={LONGEST_GRACE / 3600}
            w={180}
          />
        )}
        {!isLegacy && key.expiresAt !== null && (
          <Text size="xs" c="dimmed">
            {t('keys.rotate.expires')}
          </Text>
        )}
        {isRest && <ErrorState error={error} />}
        <DialogButtons>
          <Button variant="default" onClick={onCancel} disabled={isPending}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={isPending}>
            {t(isLegacy ? 'keys.rotate.swap' : 'keys.rotate.submit')}
          </Button>
        </DialogButtons>
      </Stack>
    </form>
  );
}
