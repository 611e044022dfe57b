// The organizations that came last.

import type { Organization } from '@latchkey/client';
import { Anchor, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { Loading } from '../../kit/loading';
import { Section } from '../../kit/section';
import { TimeText } from '../../kit/time-text';

/** As many as one page of the list has. */
export const MOST = 100;
const SHOWN = 6;

export function useNewestOrganizations() {
  const api = useApi();
  return useQuery({
    queryKey: ['organizations', 'newest'],
    queryFn: () => api.organizations.list({ limit: MOST }),
  });
}

export function NewestOrganizations({ organizations }: { organizations: readonly Organization[] | undefined }) {
  const { t } = useTranslation();
  return (
    <Section
      title={t('overview.newest')}
      side={
        <Anchor component={Link} to="/dashboard/organizations" size="sm">
          {t('overview.all')}
        </Anchor>
      }
    >
      {organizations === undefined ? (
        <Loading />
      ) : (
        <Stack component="ul" gap="sm" m={0} p={0} style={{ listStyle: 'none' }}>
          {organizations.slice(0, SHOWN).map(({ id, name, createdAt }) => (
            <Group key={id} component="li" justify="space-between" wrap="nowrap">
              <Anchor
                size="sm"
                fw={550}
                c="var(--mantine-color-text)"
                renderRoot={(props) => (
                  <Link {...props} to="/dashboard/api-keys" search={{ organization: id, project: undefined }} />
                )}
              >
                {name}
              </Anchor>
              <Text span size="xs" c="dimmed" flex="none">
                <TimeText at={createdAt} />
              </Text>
            </Group>
          ))}
        </Stack>
      )}
    </Section>
  );
}
