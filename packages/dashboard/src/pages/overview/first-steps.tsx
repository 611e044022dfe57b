// What to do first in an installation that nobody calls yet.

import { Anchor, List, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Section } from '../../kit/section';

const STEPS = [
  { to: '/dashboard/organizations', name: 'organization' },
  { to: '/settings/members', name: 'owner' },
  { to: '/dashboard/api-keys', name: 'key' },
  { to: '/dashboard/docs', name: 'docs' },
] as const;

export function FirstSteps() {
  const { t } = useTranslation();
  return (
    <Section title={t('overview.firstSteps')}>
      <List type="ordered" size="sm" spacing="xs">
        {STEPS.map(({ to, name }) => (
          <List.Item key={name}>
            <Anchor component={Link} to={to} inherit underline="always">
              {t(`overview.steps.${name}.title`)}
            </Anchor>{' '}
            <Text span inherit c="dimmed">
              {t(`overview.steps.${name}.text`)}
            </Text>
          </List.Item>
        ))}
      </List>
    </Section>
  );
}
