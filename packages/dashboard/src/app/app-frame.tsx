// The frame of every page behind the sign-in: header, navigation, and the page itself as the main part.

import { AppShell, Box, Burger, Container, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Outlet, useLocation } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { signInOptions } from '../data/auth';
import { Brand } from '../kit/brand';
import { SiteName } from '../kit/page-header';
import { ConnectionNotice } from './connection-notice';
import { Navigation } from './navigation';
import { OrganizationChoice, PlaceSwitcher } from './place-switcher';
import { SessionWatch } from './session-watch';
import { UserMenu } from './user-menu';

/** Puts the focus on the new page after a move, so that keyboard and screen reader go on there. */
function useFocusOnMove() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return main;
}

export function AppFrame() {
  const { t } = useTranslation();
  const [isOpen, menu] = useDisclosure();
  const main = useFocusOnMove();
  const { data: options } = useQuery(signInOptions);
  return (
    <AppShell
      header={{ height: 60 }}
      navbar={{ width: 248, breakpoint: 'md', collapsed: { mobile: !isOpen } }}
      padding={{ base: 'md', sm: 'xl' }}
    >
      <a className="skip-link" href="#main">
        {t('common.skip')}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap" justify="space-between">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Burger
              opened={isOpen}
              onClick={menu.toggle}
              hiddenFrom="md"
              size="sm"
              aria-label={t('common.menu')}
              aria-expanded={isOpen}
              aria-controls="navigation"
            />
            <Brand name={options?.provider} nameFrom="sm" />
            <PlaceSwitcher />
          </Group>
          <UserMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar id="navigation" p="md" style={{ overflowY: 'auto' }}>
        <Box hiddenFrom="sm" mb="md">
          <OrganizationChoice />
        </Box>
        <Navigation onChosen={menu.close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" ref={main} tabIndex={-1}>
        <Container size={1120} p={0}>
          <ConnectionNotice />
          <SiteName value={options?.provider ?? 'Latchkey'}>
            <Outlet />
          </SiteName>
        </Container>
      </AppShell.Main>
      <SessionWatch />
    </AppShell>
  );
}
