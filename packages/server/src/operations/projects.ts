// Projects, the boxes that keys belong to: made, read, changed, suspended, resumed, deleted.

import { makeId, type OperationInput, type Operations, type ProjectRecord, projectView } from '@latchkey/core';
import { commitChange } from './commit-change.js';
import type { Call } from './engine.js';
import { differences, judgeTierName, notFound } from './keys/record.js';
import { pageRequest, pageView } from './paging.js';
import type { Services } from './services.js';

export async function createProject(
  services: Services,
  input: OperationInput<Operations['createProject']>,
  call: Call,
) {
  const { profile } = services;
  const { value } = await commitChange(services, call, async (view, now) => {
    if ((await view.organizations.get(input.organizationId)) === null) throw notFound('organization');
    judgeTierName(profile, input.tier ?? null);
    const project: ProjectRecord = {
      id: makeId('proj', services.random),
      organizationId: input.organizationId,
      name: input.name,
      keyModel: input.keyModel ?? profile.policy.keyModel,
      tier: input.tier ?? null,
      metadata: input.metadata ?? null,
      createdAt: now,
      suspendedAt: null,
    };
    await view.projects.insert(project);
    return {
      value: project,
      audit: [note('createProject', project, { name: project.name, keyModel: project.keyModel, tier: project.tier })],
    };
  });
  return projectView(value);
}

export async function listProjects(services: Services, input: OperationInput<Operations['listProjects']>) {
  const filter = input.organizationId === undefined ? {} : { organizationId: input.organizationId };
  return pageView(await services.store.projects.list(filter, pageRequest(input)), projectView);
}

export async function getProject(services: Services, { projectId }: { projectId: string }) {
  const project = await services.store.projects.get(projectId);
  if (project === null) throw notFound('project');
  return projectView(project);
}

/** Writes what `next` makes of the project, unless nothing differs. */
async function change(
  services: Services,
  id: string,
  call: Call,
  action: string,
  next: (project: ProjectRecord, now: number) => ProjectRecord,
) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const project = await view.projects.get(id);
    if (project === null) throw notFound('project');
    const changed = next(project, now);
    const changes = differences(projectView(project), projectView(changed));
    if (Object.keys(changes).length === 0) return { value: project, audit: [] };
    await view.projects.update(changed);
    const kind = changed.suspendedAt !== null ? ('ended' as const) : ('changed' as const);
    return {
      value: changed,
      audit: [note(action, project, changes)],
      changes: [{ subject: 'project' as const, id, kind }],
    };
  });
  return projectView(value);
}

export const updateProject = (services: Services, input: OperationInput<Operations['updateProject']>, call: Call) => {
  judgeTierName(services.profile, input.tier ?? null);
  return change(services, input.projectId, call, 'updateProject', (project) => ({
    ...project,
    ...(input.name !== undefined && { name: input.name }),
    ...(input.tier !== undefined && { tier: input.tier }),
    ...(input.metadata !== undefined && { metadata: input.metadata }),
  }));
};

/** From the answer on every key of the project is refused; running requests end. */
export const suspendProject = (services: Services, { projectId }: { projectId: string }, call: Call) =>
  change(services, projectId, call, 'suspendProject', (project, now) => ({
    ...project,
    suspendedAt: project.suspendedAt ?? now,
  }));

export const resumeProject = (services: Services, { projectId }: { projectId: string }, call: Call) =>
  change(services, projectId, call, 'resumeProject', (project) => ({ ...project, suspendedAt: null }));

export async function deleteProject(
  services: Services,
  { projectId }: { projectId: string },
  call: Call,
): Promise<undefined> {
  await commitChange(services, call, async (view, now) => {
    const project = await view.projects.get(projectId);
    if (project === null) throw notFound('project');
    await view.projects.delete(projectId, now);
    return {
      value: undefined,
      audit: [note('deleteProject', project, { name: project.name })],
      changes: [{ subject: 'project' as const, id: projectId, kind: 'ended' as const }],
    };
  });
  return undefined;
}

const note = (action: string, project: ProjectRecord, changes: ReturnType<typeof differences> = {}) => ({
  action,
  target: { type: 'project' as const, id: project.id },
  organizationId: project.organizationId,
  projectId: project.id,
  changes,
});
