// The second step of a sign-in: the code of an authenticator app, or one of the backup codes.

import { Anchor, Button, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callAuth } from '../../data/auth';
import { AuthError } from './auth-error';

export function SecondFactor({ onSignedIn }: { onSignedIn(): Promise<void> }) {
  const { t } = useTranslation();
  const [isBackup, setBackup] = useState(false);
  const [code, setCode] = useState('');
  const verify = useMutation({
    mutationFn: async () => {
      const path = isBackup ? '/two-factor/verify-backup-code' : '/two-factor/verify-totp';
      await callAuth(path, { code: isBackup ? code.trim() : code.replace(/\s/g, '') });
      await onSignedIn();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    verify.mutate();
  };
  const change = () => {
    setBackup(!isBackup);
    setCode('');
    verify.reset();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <AuthError error={verify.error} />
        <TextInput
          key={isBackup ? 'backup' : 'app'}
          label={isBackup ? t('signIn.backupCode') : t('signIn.code')}
          description={isBackup ? t('signIn.backupCodeText') : t('signIn.codeText')}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          inputMode={isBackup ? 'text' : 'numeric'}
          autoComplete="one-time-code"
          spellCheck={false}
          autoFocus
          required
          withAsterisk={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', letterSpacing: '0.08em' } }}
        />
        <Button type="submit" fullWidth loading={verify.isPending}>
          {t('signIn.confirm')}
        </Button>
        <Anchor component="button" type="button" size="sm" ta="center" onClick={change}>
          {isBackup ? t('signIn.useApp') : t('signIn.useBackup')}
        </Anchor>
      </Stack>
    </form>
  );
}
