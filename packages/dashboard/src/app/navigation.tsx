// The places that the navigation offers: those whose operation may be called, and nothing that does not exist yet.

import type { OperationName } from '@latchkey/client';
import { NavLink, Stack, Text } from '@mantine/core';
import { Link, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../data/self';
import * as icon from '../kit/icons';

interface Item {
  to: string;
  label: string;
  icon: ReactNode;
  /** The operation that the page lives of; none: everybody signed in. */
  needs?: OperationName;
  /** Has pages of others below its path. */
  isExact?: boolean;
}

function useSections(): { title: string; items: Item[] }[] {
  const { t } = useTranslation();
  return [
    {
      title: t('common.develop'),
      items: [
        { to: '/dashboard/api-keys', label: t('keys.title'), icon: <icon.Key />, needs: 'listKeys' },
        { to: '/dashboard/docs', label: t('docs.title'), icon: <icon.Book />, needs: 'getProviderPage' },
      ],
    },
    {
      title: t('common.observe'),
      items: [
        { to: '/dashboard/usage', label: t('usage.title'), icon: <icon.Chart />, needs: 'getUsage' },
        { to: '/dashboard/audit-log', label: t('audit.title'), icon: <icon.List />, needs: 'listAuditEvents' },
      ],
    },
    {
      title: t('common.operate'),
      items: [
        {
          to: '/dashboard',
          label: t('overview.title'),
          icon: <icon.Gauge />,
          needs: 'listOrganizations',
          isExact: true,
        },
        { to: '/dashboard/tiers', label: t('tiers.title'), icon: <icon.Layers />, needs: 'createTier' },
        {
          to: '/dashboard/organizations',
          label: t('organizations.title'),
          icon: <icon.Building />,
          needs: 'listOrganizations',
        },
        { to: '/settings/operators', label: t('operators.title'), icon: <icon.Shield />, needs: 'listOperators' },
      ],
    },
    {
      title: t('common.settings'),
      items: [
        // Providers' pages send their customers to Settings › API keys.
        { to: '/settings/api-keys', label: t('keys.title'), icon: <icon.Key />, needs: 'listKeys' },
        { to: '/settings/organization', label: t('organization.title'), icon: <icon.Cog />, needs: 'getOrganization' },
        { to: '/settings/members', label: t('members.title'), icon: <icon.People />, needs: 'listMembers' },
        { to: '/settings/projects', label: t('projects.title'), icon: <icon.Folder />, needs: 'listProjects' },
        { to: '/settings/account', label: t('account.title'), icon: <icon.Person /> },
      ],
    },
  ];
}

export function Navigation({ onChosen }: { onChosen(): void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { pathname } = useLocation();
  const sections = useSections()
    .map(({ title, items }) => ({ title, items: items.filter(({ needs }) => needs === undefined || may(needs)) }))
    .filter(({ items }) => items.length > 0);
  return (
    <nav aria-label={t('common.navigation')}>
      <Stack gap="lg">
        {sections.map(({ title, items }) => (
          <Stack key={title} gap={2}>
            <Text size="xs" fw={600} c="dimmed" px="sm" pb={4}>
              {title}
            </Text>
            {items.map((item) => {
              const isHere = pathname === item.to || (!item.isExact && pathname.startsWith(`${item.to}/`));
              return (
                <NavLink
                  key={item.to}
                  component={Link}
                  to={item.to}
                  activeOptions={{ exact: item.isExact ?? false }}
                  label={item.label}
                  leftSection={item.icon}
                  active={isHere}
                  aria-current={isHere ? 'page' : undefined}
                  onClick={onChosen}
                  variant="light"
                  fw={isHere ? 600 : 450}
                  style={{ borderRadius: 'var(--mantine-radius-md)' }}
                />
              );
            })}
          </Stack>
        ))}
      </Stack>
    </nav>
  );
}
