// The menu of the person: account, colours, language, sign out.

import { ActionIcon, Avatar, Menu, Text, useMantineColorScheme } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { callAuth } from '../data/auth';
import { forgetSelf, useSelf } from '../data/self';
import { Check } from '../kit/icons';
import { chooseLanguage, LANGUAGES, type Language } from '../words/words';

const SCHEMES = ['light', 'dark', 'auto'] as const;

export function UserMenu() {
  const { t, i18n } = useTranslation();
  const { user } = useSelf();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const navigate = useNavigate();
  const signOut = async () => {
    await callAuth('/sign-out', {}).catch(() => undefined);
    await navigate({ to: '/sign-in', search: {} });
    forgetSelf();
  };
  return (
    <Menu position="bottom-end" width={240} shadow="md">
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
        </Menu.Label>
        <Menu.Item component={Link} to="/settings/account">
          {t('account.title')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t('common.colors')}</Menu.Label>
        {SCHEMES.map((scheme) => (
          <Menu.Item
            key={scheme}
            closeMenuOnClick={false}
            onClick={() => setColorScheme(scheme)}
            role="menuitemradio"
            aria-checked={colorScheme === scheme}
            rightSection={colorScheme === scheme ? <Check /> : null}
          >
            {t(`common.${scheme}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t('common.language')}</Menu.Label>
        {(Object.keys(LANGUAGES) as Language[]).map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            onClick={() => chooseLanguage(language)}
            role="menuitemradio"
            aria-checked={i18n.language === language}
            rightSection={i18n.language === language ? <Check /> : null}
          >
            {LANGUAGES[language]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={signOut}>{t('common.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
