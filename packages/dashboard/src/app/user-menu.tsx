// The menu of the person: account, colours, language, sign out.

import { ActionIcon, Avatar, Menu, Text, useMantineColorScheme } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { callAuth, leaveForSignIn } from '../data/auth';
import { useIsOperator, useScope, useSelf } from '../data/self';
import { useNotifyFailure } from '../kit/notify';
import { chooseLanguage, LANGUAGES, type Language } from '../words/words';

const SCHEMES = ['light', 'dark', 'auto'] as const;

export function UserMenu() {
  const { t, i18n } = useTranslation();
  const { user, organizations } = useSelf();
  const { organizationId } = useScope();
  const isOperator = useIsOperator();
  const fail = useNotifyFailure();
  const here = organizations.find(({ id }) => id === organizationId);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = async () => {
    try {
      await callAuth('/sign-out', {});
      leaveForSignIn();
    } catch (error) {
      // Still signed in: whoever saw the sign-in now would leave the browser to the next person with their session in it.
      fail(error);
    }
  };
  return (
    <Menu position="bottom-end" width={240} shadow="md" withinPortal={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" radius="xl" size="lg" aria-label={t('common.accountMenu')}>
          <Avatar name={user?.name} color="accent" size={32} alt="" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)" truncate>
            {user?.name}
          </Text>
          <Text size="xs" truncate>
            {user?.email}
          </Text>
          {here !== undefined && !isOperator && (
            <Text size="xs" truncate>
              {t('common.roleHere', { role: t(`common.role.${here.role}`), organization: here.name })}
            </Text>
          )}
        </Menu.Label>
        <Menu.Item component={Link} to="/settings/account">
          {t('account.title')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t('common.colors')}</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(scheme) => setColorScheme(scheme as typeof colorScheme)}>
          {SCHEMES.map((scheme) => (
            <Menu.RadioItem key={scheme} value={scheme}>
              {t(`common.${scheme}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Label>{t('common.language')}</Menu.Label>
        <Menu.RadioGroup value={i18n.language} onChange={(language) => void chooseLanguage(language as Language)}>
          {(Object.keys(LANGUAGES) as Language[]).map((language) => (
            <Menu.RadioItem key={language} value={language} lang={language}>
              {LANGUAGES[language]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item onClick={signOut}>{t('common.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
