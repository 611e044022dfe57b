// Projects, the boxes that keys belong to.

import { type OperationInput, type Operations, type ProjectRecord, projectView } from '@latchkey/core';
import { commitChange } from './commit-change.js';
import type { Call } from './engine.js';
import { judgeOperatorFields, judgeTierName, notFound } from './keys/record.js';
import { lifecycleOf } from './lifecycle.js';
import { pageRequest, pageView } from './paging.js';
import type { Services } from './services.js';

type ById = { projectId: string };

const lifecycle = lifecycleOf({
  subject: 'project',
  rows: (view) => view.projects,
  view: projectView,
  scope: ({ id, organizationId }: ProjectRecord) => ({ organizationId, projectId: id }),
});

export async function createProject(
  services: Services,
  input: OperationInput<Operations['createProject']>,
  call: Call,
) {
  const { profile } = services;
  const { keyModel, tier, metadata } = input;
  judgeOperatorFields(call.actor, { keyModel, tier, metadata });
  const { value } = await commitChange(services, call, async (view, now) => {
    if ((await view.organizations.get(input.organizationId)) === null) throw notFound('organization');
    judgeTierName(await view.tiers.list(), tier ?? null);
    const project: ProjectRecord = {
      id: services.newId('proj'),
      organizationId: input.organizationId,
      name: input.name,
      keyModel: keyModel ?? profile.policy.keyModel,
      tier: tier ?? null,
      metadata: metadata ?? null,
      createdAt: now,
      suspendedAt: null,
    };
    await view.projects.insert(project);
    const noted = { name: project.name, keyModel: project.keyModel, tier: project.tier };
    return { value: project, audit: [lifecycle.note('createProject', project, noted)] };
  });
  return projectView(value);
}

/** The holder of a portal token that is bound to one project sees that one alone. */
export async function listProjects(
  services: Services,
  input: OperationInput<Operations['listProjects']>,
  { actor }: Call,
) {
  const only = actor.member?.projectId ?? null;
  if (only !== null) {
    const project = await services.store.projects.get(only);
    return pageView({ rows: project === null ? [] : [project], next: null }, projectView);
  }
  const filter = input.organizationId === undefined ? {} : { organizationId: input.organizationId };
  return pageView(await services.store.projects.list(filter, pageRequest(input)), projectView);
}

export const getProject = (services: Services, { projectId }: ById) => lifecycle.get(services, projectId);

export async function updateProject(
  services: Services,
  { projectId, name, tier, metadata }: OperationInput<Operations['updateProject']>,
  call: Call,
) {
  judgeOperatorFields(call.actor, { tier, metadata });
  return lifecycle.change(services, projectId, call, 'updateProject', async (project, _, view) => {
    judgeTierName(await view.tiers.list(), tier ?? null);
    return {
      ...project,
      ...(name !== undefined && { name }),
      ...(tier !== undefined && { tier }),
      ...(metadata !== undefined && { metadata }),
    };
  });
}

export const suspendProject = (services: Services, { projectId }: ById, call: Call) =>
  lifecycle.suspend(services, projectId, call, 'suspendProject');

export const resumeProject = (services: Services, { projectId }: ById, call: Call) =>
  lifecycle.resume(services, projectId, call, 'resumeProject');

export const deleteProject = (services: Services, { projectId }: ById, call: Call) =>
  lifecycle.delete(services, projectId, call, 'deleteProject');
