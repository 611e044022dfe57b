// Portal tokens: one customer's keys page on the provider's own site, for a short time. A token is what it says, sealed by the vault; nothing of it is kept.

import { type Actor, LatchkeyError, type OperationInput, type Operations, rfc3339 } from '@latchkey/core';
import { z } from 'zod';
import { commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import { notFound } from '../keys/record.js';
import type { Services } from '../services.js';

export const PORTAL_TOKEN_PREFIX = 'lk_portal_';
/** What the seal is bound to, so that nothing else that was sealed passes for a token. */
const CONTEXT = 'portal_token';

const claimSchema = z.strictObject({
  id: z.string(),
  organizationId: z.string(),
  projectId: z.string().nullable(),
  readOnly: z.boolean(),
  expiresAt: z.int(),
});
type Claim = z.output<typeof claimSchema>;

export async function createPortalToken(
  services: Services,
  input: OperationInput<Operations['createPortalToken']>,
  call: Call,
) {
  const { organizationId, readOnly } = input;
  const { value: claim } = await commitChange<Claim>(services, call, async (view, now) => {
    if ((await view.organizations.get(organizationId)) === null) throw notFound('organization');
    const projectId = input.projectId ?? null;
    const project = projectId === null ? null : await view.projects.get(projectId);
    if (projectId !== null && project?.organizationId !== organizationId) throw notFound('project');
    const expiresAt = now + input.expiresInSeconds * 1000;
    const id = services.newId('ptk');
    return {
      value: { id, organizationId, projectId, readOnly, expiresAt },
      audit: [
        {
          action: 'createPortalToken',
          target: { type: 'portal_token' as const, id },
          organizationId,
          projectId,
          changes: { readOnly, expiresAt: rfc3339(expiresAt) },
        },
      ],
    };
  });
  const sealed = services.vault.seal(JSON.stringify(claim), CONTEXT);
  // In base64url once more: a sealed text has dots, and a token is one word to everything that hides secrets.
  const token = PORTAL_TOKEN_PREFIX + Buffer.from(sealed).toString('base64url');
  return { token, url: `${services.publicUrl}/portal#${token}`, expiresAt: rfc3339(claim.expiresAt) };
}

/**
 * Whoever holds a portal token, while it is good and its customer is there and not suspended.
 * @throws LatchkeyError `unauthenticated`
 */
export async function portalActor(services: Services, token: string): Promise<Actor> {
  const claim = openClaim(services, token);
  const refused = (): LatchkeyError =>
    new LatchkeyError('unauthenticated', 'The portal token is over: get another one.');
  if (claim === null || claim.expiresAt <= services.clock()) throw refused();
  const { id, organizationId, projectId, readOnly, expiresAt } = claim;
  const organization = await services.store.organizations.get(organizationId);
  if (organization === null || organization.suspendedAt !== null) throw refused();
  if (projectId !== null && (await services.store.projects.get(projectId)) === null) throw refused();
  const standing = readOnly ? ('portal_read_only' as const) : ('portal' as const);
  const member = { standings: new Map([[organizationId, standing]]), projectId, expiresAt };
  return { type: 'portal', id, permissions: [], member };
}

/** null: nobody here made it, or not for this. */
function openClaim({ vault }: Pick<Services, 'vault'>, token: string): Claim | null {
  try {
    const sealed = Buffer.from(token.slice(PORTAL_TOKEN_PREFIX.length), 'base64url').toString();
    return claimSchema.parse(JSON.parse(vault.open(sealed, CONTEXT)));
  } catch {
    return null;
  }
}
