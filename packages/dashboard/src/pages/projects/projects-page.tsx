// The projects of an organization: the boxes that keys belong to.

import type { Project } from '@latchkey/client';
import { Anchor, Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Guard } from '../../app/guard';
import { useMay } from '../../data/self';
import type { Column } from '../../kit/data-table';
import { Folder, Pause, Pencil, Plus, Trash } from '../../kit/icons';
import { ListPage } from '../../kit/list-page';
import { type RowAction, RowMenu } from '../../kit/row-menu';
import { StateBadge } from '../../kit/state-badge';
import { TimeText } from '../../kit/time-text';
import { type Ending, EndProject } from './end-project';
import { ProjectForm } from './project-form';
import { useProjectList } from './project-queries';

/** What the form is open for; undefined: nothing. */
type Edited = Project | null | undefined;

export function ProjectsPage() {
  return (
    <Guard needs="listProjects" inOrganization>
      <Projects />
    </Guard>
  );
}

function Projects() {
  const { t } = useTranslation();
  const may = useMay();
  const list = useProjectList();
  const [edited, setEdited] = useState<Edited>(undefined);
  const [ending, setEnding] = useState<Ending | null>(null);
  const columns = useColumns(setEdited, setEnding);
  const create = may('createProject') && (
    <Button leftSection={<Plus />} onClick={() => setEdited(null)}>
      {t('projects.create')}
    </Button>
  );
  return (
    <>
      <ListPage
        {...list}
        title={t('projects.title')}
        text={t('projects.text')}
        create={create}
        icon={<Folder />}
        none={t('projects.none')}
        noneText={t('projects.noneText')}
        columns={columns}
        rowKey={({ id }) => id}
      />
      <ProjectForm project={edited ?? null} opened={edited !== undefined} onClose={() => setEdited(undefined)} />
      <EndProject ending={ending} onClose={() => setEnding(null)} />
    </>
  );
}

function useColumns(onEdit: (project: Project) => void, onEnd: (ending: Ending) => void): Column<Project>[] {
  const { t } = useTranslation();
  const may = useMay();
  const actionsOf = (project: Project): RowAction[] => {
    const isSuspended = project.suspendedAt !== null;
    const act = isSuspended ? 'resume' : 'suspend';
    return [
      ...(may('updateProject') ? [{ label: t('common.edit'), icon: <Pencil />, onClick: () => onEdit(project) }] : []),
      ...(may(isSuspended ? 'resumeProject' : 'suspendProject')
        ? [{ label: t(`projects.acts.${act}.button`), icon: <Pause />, onClick: () => onEnd({ project, act }) }]
        : []),
      ...(may('deleteProject')
        ? [
            {
              label: t('projects.acts.delete.button'),
              icon: <Trash />,
              danger: true,
              onClick: () => onEnd({ project, act: 'delete' }),
            },
          ]
        : []),
    ];
  };
  return [
    { id: 'name', label: t('projects.name'), cell: (project) => <KeysLink {...project} /> },
    { id: 'tier', label: t('projects.tier'), cell: ({ tier }) => tier ?? t('projects.usualTier') },
    { id: 'model', label: t('projects.keyModel'), cell: ({ keyModel }) => t(`projects.models.${keyModel}`) },
    {
      id: 'state',
      label: t('projects.state'),
      cell: ({ suspendedAt }) => (
        <StateBadge tone={suspendedAt === null ? 'good' : 'paused'}>
          {t(suspendedAt === null ? 'projects.active' : 'projects.suspended')}
        </StateBadge>
      ),
    },
    { id: 'created', label: t('projects.createdAt'), cell: ({ createdAt }) => <TimeText at={createdAt} /> },
    {
      id: 'actions',
      label: t('common.actions'),
      hideLabel: true,
      align: 'right',
      cell: (project) => <RowMenu of={project.name} actions={actionsOf(project)} />,
    },
  ];
}

const KeysLink = ({ id, name, organizationId }: Project) => (
  <Anchor
    inherit
    fw={600}
    c="var(--mantine-color-text)"
    renderRoot={(props) => (
      <Link {...props} to="/dashboard/api-keys" search={{ organization: organizationId, project: id }} />
    )}
  >
    {name}
  </Anchor>
);
