// Which organization and project the page is about, and the way to another. The choice stands in the address.

import { Box, Button, Group, Menu, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Place, useMoveTo, useScope } from '../data/self';
import { Check, Chevron } from '../kit/icons';

/** From this many places on there is a field to search them. */
const SEARCHED = 8;

interface ChoiceProps {
  label: string;
  places: Place[];
  chosen: string | undefined;
  onChoose(id: string): void;
}

function Choice({ label, places, chosen, onChoose }: ChoiceProps) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState('');
  const name = places.find(({ id }) => id === chosen)?.name ?? '';
  const shown = places.filter((place) => place.name.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <Menu position="bottom-start" width={260} onClose={() => setWanted('')} shadow="md" withinPortal={false}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          c="var(--mantine-color-text)"
          fw={500}
          px={8}
          size="sm"
          miw={0}
          rightSection={<Chevron size={16} />}
          styles={{ section: { marginInlineStart: 4 } }}
          aria-label={`${label}: ${name}`}
        >
          <Text span size="sm" truncate maw={{ base: 170, sm: 200 }}>
            {name}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{label}</Menu.Label>
        {places.length > SEARCHED && (
          <Menu.Search
            aria-label={t('common.searchPlaces')}
            placeholder={t('common.searchPlaces')}
            value={wanted}
            onChange={(event) => setWanted(event.currentTarget.value)}
          />
        )}
        <Box mah={320} style={{ overflowY: 'auto' }}>
          {shown.map(({ id, name }) => (
            <Menu.Item
              key={id}
              onClick={() => onChoose(id)}
              rightSection={id === chosen ? <Check /> : null}
              aria-current={id === chosen ? 'true' : undefined}
            >
              {name}
            </Menu.Item>
          ))}
          {shown.length === 0 && (
            <Text size="sm" c="dimmed" p="xs">
              {t('common.nothingFound')}
            </Text>
          )}
        </Box>
      </Menu.Dropdown>
    </Menu>
  );
}

export function OrganizationChoice() {
  const { t } = useTranslation();
  const { organizations, organizationId } = useScope();
  const moveTo = useMoveTo();
  if (organizations.length === 0) return null;
  return (
    <Choice
      label={t('common.organization')}
      places={organizations}
      chosen={organizationId}
      onChoose={(organization) => moveTo({ organization, project: undefined })}
    />
  );
}

/** In the header; on a phone the project alone, the organization is in the menu there. */
export function PlaceSwitcher() {
  const { t } = useTranslation();
  const { organizations, organizationId, projects, projectId } = useScope();
  const moveTo = useMoveTo();
  if (organizations.length === 0) return null;
  return (
    <Group gap={4} wrap="nowrap" miw={0}>
      <Text span c="dimmed" aria-hidden visibleFrom="sm">
        /
      </Text>
      <Box visibleFrom="sm">
        <OrganizationChoice />
      </Box>
      {projects.length > 0 && (
        <>
          <Text span c="dimmed" aria-hidden visibleFrom="sm">
            /
          </Text>
          <Choice
            label={t('common.project')}
            places={projects}
            chosen={projectId}
            onChoose={(project) => moveTo({ organization: organizationId, project })}
          />
        </>
      )}
    </Group>
  );
}
