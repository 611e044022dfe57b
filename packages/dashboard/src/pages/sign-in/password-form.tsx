// E-mail and password, and the other ways to sign in: a passkey, another provider.

import { Anchor, Button, Divider, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import {
  askForPasskey,
  PASSKEY_CHALLENGE_MS,
  signInAtProvider,
  signInByPasskey,
  signInByPassword,
  signInOptions,
} from '../../data/auth';
import { Fingerprint } from '../../kit/icons';
import { AuthError } from './auth-error';
import { EmailField, useEmailRule } from './email-field';
import { PasswordField } from './password-field';

interface PasswordFormProps {
  email?: string;
  invitationToken?: string;
  /** Where another provider sends back to. */
  returnTo: string;
  onSignedIn(): Promise<void>;
  onSecondFactor(): void;
  onUnverified(email: string): void;
}

type PasskeyAnswer = Parameters<typeof signInByPasskey>[0];

const hasPasskeys = typeof globalThis.PublicKeyCredential === 'function';

/**
 * Offers passkeys among the suggestions of the e-mail field, where the browser can; quiet when it cannot. A page may stay open
 * for hours, so the challenge is renewed; not while `isAsking`, which would end what the person is answering.
 */
function usePasskeySuggestions(isAsking: boolean, onChosen: (answer: PasskeyAnswer) => void): void {
  const now = useRef({ isAsking, onChosen });
  now.current = { isAsking, onChosen };
  useEffect(() => {
    if (!hasPasskeys) return;
    let isOver = false;
    const suggest = async () => {
      if (now.current.isAsking || !(await PublicKeyCredential.isConditionalMediationAvailable?.()) || isOver) return;
      const answer = await askForPasskey(true);
      if (!isOver) now.current.onChosen(answer);
    };
    const suggestQuietly = () => void suggest().catch(() => undefined);
    suggestQuietly();
    const renewal = setInterval(suggestQuietly, PASSKEY_CHALLENGE_MS);
    return () => {
      isOver = true;
      clearInterval(renewal);
      void import('@simplewebauthn/browser').then(({ WebAuthnAbortService }) => WebAuthnAbortService.cancelCeremony());
    };
  }, []);
}

export function PasswordForm(props: PasswordFormProps) {
  const { t } = useTranslation();
  const { data: options } = useQuery(signInOptions);
  const emailRule = useEmailRule();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: props.email ?? '', password: '' },
    validate: {
      email: emailRule,
      password: (value) => (value === '' ? t('signIn.passwordMissing') : null),
    },
  });
  const byPassword = useMutation({
    mutationFn: async ({ email, password }: { email: string; password: string }) => {
      const answer = await signInByPassword(email, password);
      if (answer.twoFactorRedirect) props.onSecondFactor();
      else await props.onSignedIn();
    },
    onError: (error: { code?: string }, { email }) => {
      if (error.code === 'EMAIL_NOT_VERIFIED') props.onUnverified(email);
    },
  });
  /** With the answer that was chosen from the suggestions, or else with one that is asked for now. */
  const byPasskey = useMutation({
    mutationFn: async (chosen?: PasskeyAnswer) => {
      await signInByPasskey(chosen ?? (await askForPasskey(false)));
      await props.onSignedIn();
    },
  });
  const atProvider = useMutation({ mutationFn: () => signInAtProvider(props.returnTo, props.invitationToken) });
  usePasskeySuggestions(byPasskey.isPending, byPasskey.mutate);
  return (
    <Stack gap="md">
      <form
        noValidate
        onSubmit={form.onSubmit(
          (values) => byPassword.mutate(values),
          (errors) => form.getInputNode(Object.keys(errors)[0] as 'email')?.focus(),
        )}
      >
        <Stack gap="md">
          <AuthError error={byPassword.error ?? byPasskey.error ?? atProvider.error} />
          <EmailField {...form.getInputProps('email')} key={form.key('email')} autoComplete="username webauthn" />
          <PasswordField {...form.getInputProps('password')} key={form.key('password')} name="password" />
          <Button type="submit" fullWidth loading={byPassword.isPending}>
            {t('signIn.submit')}
          </Button>
          <Anchor component={Link} to="/forgot-password" size="sm" ta="center">
            {t('signIn.forgot')}
          </Anchor>
        </Stack>
      </form>
      {(hasPasskeys || options?.oidc != null) && <Divider label={t('signIn.or')} c="dimmed" />}
      {hasPasskeys && (
        <Button
          variant="default"
          leftSection={<Fingerprint />}
          onClick={() => byPasskey.mutate(undefined)}
          loading={byPasskey.isPending}
        >
          {t('signIn.withPasskey')}
        </Button>
      )}
      {options?.oidc != null && (
        <Button variant="default" onClick={() => atProvider.mutate()} loading={atProvider.isPending}>
          {t('signIn.withProvider', { name: options.oidc.name })}
        </Button>
      )}
    </Stack>
  );
}
