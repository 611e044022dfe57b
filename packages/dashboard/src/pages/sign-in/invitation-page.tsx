// The page at /invitation: what one is invited to, then an account is made or used, and the invitation accepted.

import { Anchor, Button, SegmentedControl, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { sessionApi } from '../../data/api';
import { callAuth, signInByPassword } from '../../data/auth';
import { fragmentToken } from '../../data/fragment';
import { readSelf } from '../../data/self';
import { Loading } from '../../kit/loading';
import { START, useAfterSignIn } from './after-sign-in';
import { AuthError } from './auth-error';
import { AuthFrame } from './auth-frame';
import { PasswordForm } from './password-form';
import { SecondFactor } from './second-factor';
import { SignUpForm } from './sign-up-form';

export function InvitationPage() {
  const { t } = useTranslation();
  const [token] = useState(fragmentToken);
  const [step, setStep] = useState<'sign-up' | 'sign-in' | 'second-factor'>('sign-up');
  const afterSignIn = useAfterSignIn();
  const accept = () => afterSignIn({ withInvitation: true });
  const invitation = useQuery({
    queryKey: ['invitation'],
    queryFn: () => sessionApi.invitations.read({ token: token as string }),
    enabled: token !== null,
    gcTime: 0,
  });
  const self = useQuery({ queryKey: ['who'], queryFn: () => readSelf().catch(() => null), gcTime: 0 });
  const acceptAs = useMutation({ mutationFn: accept });
  const queries = useQueryClient();
  const leave = useMutation({
    mutationFn: async () => {
      await callAuth('/sign-out', {});
      queries.removeQueries({ queryKey: ['self'] });
      await self.refetch();
      acceptAs.reset();
    },
  });

  if (token === null || invitation.error !== null) {
    return (
      <AuthFrame title={t('signIn.invitationUnusable')} footer={<SignInLink />}>
        {token === null ? (
          <Text size="sm">{t('signIn.errors.invitationOver')}</Text>
        ) : (
          <AuthError error={invitation.error} />
        )}
      </AuthFrame>
    );
  }
  if (invitation.data === undefined || self.isPending) {
    return (
      <AuthFrame title={t('signIn.invitationTitle')}>
        <Loading lines={4} />
      </AuthFrame>
    );
  }
  const { organizationName, email, role } = invitation.data;
  const text =
    organizationName === null
      ? t('signIn.invitedToOperate')
      : t('signIn.invitedTo', { name: organizationName, role: t(`common.role.${role}`) });
  const user = self.data?.user;
  if (user != null) {
    return (
      <AuthFrame title={t('signIn.invitationTitle')} text={text}>
        <Stack gap="md">
          <AuthError error={acceptAs.error} />
          <Button onClick={() => acceptAs.mutate()} loading={acceptAs.isPending}>
            {t('signIn.acceptAs', { email: user.email })}
          </Button>
          <Button variant="default" onClick={() => leave.mutate()} loading={leave.isPending}>
            {t('signIn.otherAccount')}
          </Button>
        </Stack>
      </AuthFrame>
    );
  }
  if (step === 'second-factor') {
    return (
      <AuthFrame title={t('signIn.secondTitle')}>
        <SecondFactor onSignedIn={accept} />
      </AuthFrame>
    );
  }
  return (
    <AuthFrame title={t('signIn.invitationTitle')} text={text}>
      <SegmentedControl
        fullWidth
        mb="lg"
        aria-label={t('signIn.accountChoice')}
        value={step}
        onChange={(value) => setStep(value as typeof step)}
        data={[
          { value: 'sign-up', label: t('signIn.isNew') },
          { value: 'sign-in', label: t('signIn.isKnown') },
        ]}
      />
      {step === 'sign-up' ? (
        <SignUpForm
          email={email}
          invitationToken={token}
          onSignedUp={async ({ email, password }) => {
            await signInByPassword(email, password);
            await accept();
          }}
        />
      ) : (
        <PasswordForm
          email={email ?? ''}
          invitationToken={token}
          returnTo={START}
          onSignedIn={accept}
          onSecondFactor={() => setStep('second-factor')}
          onUnverified={() => undefined}
        />
      )}
    </AuthFrame>
  );
}

function SignInLink() {
  const { t } = useTranslation();
  return (
    <Anchor component={Link} to="/sign-in" inherit fw={600}>
      {t('signIn.toSignIn')}
    </Anchor>
  );
}
