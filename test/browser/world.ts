// An installation in which something happened: keys in every state, requests that passed and were refused, entries in the audit log.

import type { Key } from '@latchkey/client';
import { keepKey } from '../secrecy/test-root.js';
import type { Stage } from './stage.js';

export interface World {
  organization: { id: string; name: string };
  /** With keys. */
  project: { id: string; name: string };
  /** Without. */
  emptyProject: { id: string; name: string };
  /** Of the older kind, with one key. */
  legacyProject: { id: string; name: string };
  keys: { used: Key; rotated: Key; expiring: Key; disabled: Key; revoked: Key };
}

/** Of a profile whose secret is a bearer token. */
export async function makeWorld(stage: Stage, name = 'Northwind Traders'): Promise<World> {
  const { api } = stage;
  const organization = await api.organizations.create({ name });
  const organizationId = organization.id;
  const project = await api.projects.create({ organizationId, name: 'Production' });
  const emptyProject = await api.projects.create({ organizationId, name: 'Staging' });
  const legacyProject = await api.projects.create({ organizationId, name: 'Old importer', keyModel: 'legacy' });
  keepKey((await api.keys.create({ projectId: legacyProject.id, name: 'The one key' })).secret);
  const make = async (given: { name: string; expiresAt?: string; permissions?: string[] }) => {
    const made = await api.keys.create({ projectId: project.id, mode: 'live', ...given });
    keepKey(made.secret);
    return made;
  };
  const revoked = await make({ name: 'Old laptop' });
  await api.keys.revoke({ keyId: revoked.key.id, reason: 'laptop was sold' });
  const disabled = await make({ name: 'Nightly export' });
  await api.keys.disable({ keyId: disabled.key.id });
  const expiring = await make({ name: 'Trial', expiresAt: new Date(Date.now() + 5 * 86_400_000).toISOString() });
  const rotated = await make({ name: 'Billing service' });
  const next = await api.keys.rotate({ keyId: rotated.key.id, gracePeriodSeconds: 86_400 });
  keepKey(next.secret);
  const used = await make({ name: 'Web application' });
  for (let request = 0; request < 6; request++) {
    await ask(stage, request % 3 === 2 ? revoked.secret : used.secret);
  }
  return {
    organization,
    project,
    emptyProject,
    legacyProject,
    keys: { used: used.key, rotated: next.key, expiring: expiring.key, disabled: disabled.key, revoked: revoked.key },
  };
}

/** One request through the gateway, as a program of the customer makes it; resolves to its status. */
export async function ask(
  stage: Pick<Stage, 'server'>,
  secret: string,
  path = '/v1/resources/res_one',
): Promise<number> {
  const answer = await fetch(stage.server.gateway + path, { headers: { authorization: `Bearer ${secret}` } });
  await answer.text();
  return answer.status;
}
