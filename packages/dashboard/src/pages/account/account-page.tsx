// The page of one's own account: who one is, how one signs in, and where one is signed in.

import { Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../kit/page-header';
import { DeleteSection } from './delete-section';
import { PasskeysSection } from './passkeys-section';
import { PasswordSection } from './password-section';
import { ProfileSection } from './profile-section';
import { SessionsSection } from './sessions-section';
import { TwoFactorSection } from './two-factor-section';

export function AccountPage() {
  const { t } = useTranslation();
  return (
    <>
      <PageHeader title={t('account.title')} text={t('account.text')} />
      <Stack gap="lg">
        <ProfileSection />
        <PasswordSection />
        <TwoFactorSection />
        <PasskeysSection />
        <SessionsSection />
        <DeleteSection />
      </Stack>
    </>
  );
}
