// Running an operation by name: its row judges the input and names the permission, the table of roles says which people may, its handler does the work.

import {
  type Actor,
  actsForOperator,
  grants,
  isPerson,
  judge,
  LatchkeyError,
  type OperationInput,
  type OperationName,
  type OperationOutput,
  type Operations,
  operations,
} from '@latchkey/core';
import type { z } from 'zod';
import { adjustCredits, listCreditEntries } from './credits/adjust-credits.js';
import { getReservation, refundReservation, reserveCredits, settleReservation } from './credits/reservations.js';
import type { Call, RawInput } from './engine.js';
import { explainKey } from './explain-key.js';
import { getKeyBudgets } from './insight/budgets.js';
import { observeKey } from './insight/observe-key.js';
import { getProviderPage } from './insight/provider-page.js';
import { listTopKeys } from './insight/top-keys.js';
import { createKey } from './keys/create-key.js';
import { deleteKey, disableKey, enableKey, revokeKey } from './keys/end-key.js';
import { importKeys } from './keys/import-keys.js';
import { getKey, listDenials, listKeys } from './keys/read-keys.js';
import { rotateKey } from './keys/rotate-key.js';
import { updateKey } from './keys/update-key.js';
import { createLease, listLeases, releaseLease } from './leases.js';
import * as organizations from './organizations.js';
import * as invitations from './people/invitations.js';
import * as members from './people/members.js';
import * as operators from './people/operators.js';
import { createPortalToken } from './people/portal-tokens.js';
import { getSelf } from './people/self.js';
import * as sessions from './people/sessions.js';
import { applyProfile, getProfile } from './profile.js';
import * as projects from './projects.js';
import { getUsage, listAuditEvents } from './reports.js';
import { createRootKey, listRootKeys, revokeRootKey } from './root-keys.js';
import type { Services } from './services.js';
import { judgeStanding, judgeTenancy } from './tenancy.js';
import { previewTier } from './tiers/preview-tier.js';
import { createTier, deleteTier, getTier, listTiers, updateTier } from './tiers/tiers.js';
import { verifyKey, verifyKeys } from './verify-key.js';

type Handlers = {
  [Name in OperationName]: (
    services: Services,
    input: OperationInput<Operations[Name]>,
    call: Call,
  ) => Promise<OperationOutput<Operations[Name]>>;
};

const handlers: Handlers = {
  ...organizations,
  ...projects,
  createKey,
  listKeys,
  getKey,
  updateKey,
  deleteKey,
  rotateKey,
  revokeKey,
  disableKey,
  enableKey,
  listDenials,
  importKeys,
  verifyKey,
  verifyKeys,
  createLease,
  listLeases,
  releaseLease,
  createTier,
  listTiers,
  getTier,
  updateTier,
  deleteTier,
  previewTier,
  getProfile,
  applyProfile,
  explainKey,
  adjustCredits,
  listCreditEntries,
  reserveCredits,
  getReservation,
  settleReservation,
  refundReservation,
  createRootKey,
  listRootKeys,
  revokeRootKey,
  getUsage,
  listAuditEvents,
  getSelf,
  listMembers: members.listMembers,
  updateMember: members.updateMember,
  removeMember: members.removeMember,
  leaveOrganization: members.leaveOrganization,
  createInvitation: invitations.createInvitation,
  listInvitations: invitations.listInvitations,
  revokeInvitation: invitations.revokeInvitation,
  readInvitation: invitations.readInvitation,
  acceptInvitation: invitations.acceptInvitation,
  listOperators: operators.listOperators,
  inviteOperator: invitations.inviteOperator,
  revokeOperatorInvitation: invitations.revokeOperatorInvitation,
  removeOperator: operators.removeOperator,
  ...sessions,
  createPortalToken,
  getKeyBudgets,
  observeKey,
  listTopKeys,
  getProviderPage,
};

/** @throws LatchkeyError with a code of the catalogue */
export async function runOperation<Name extends OperationName>(
  services: Services,
  name: Name,
  input: RawInput,
  call: Call,
): Promise<OperationOutput<Operations[Name]>> {
  const row = operations[name];
  authorize(name, row, call.actor);
  const judged = {
    ...judgePart(row.params, input.params, 'params'),
    ...judgePart(row.query, input.query, 'query'),
    ...(row.body && judge(row.body, input.body ?? {}, 'body')),
  };
  await judgeTenancy(services, name, judged, call.actor);
  return handlers[name](services, judged as OperationInput<Operations[Name]>, call);
}

/** Nothing given where nothing is taken needs no judging. */
function judgePart(schema: z.ZodObject, value: unknown, root: string): object {
  const given = value ?? {};
  const isEmpty = Object.keys(schema.shape).length === 0 && Object.keys(given).length === 0;
  return isEmpty ? {} : judge(schema, given, root);
}

/** What the credential alone decides. What a member may do where is judged with the input. */
function authorize(name: OperationName, { permission, audience }: Operations[OperationName], actor: Actor): void {
  if (audience === 'anybody') return;
  if (isPerson(actor)) judgeStanding(name, actor);
  else if (audience === 'person') {
    throw new LatchkeyError('forbidden', 'This is for whoever is signed in to the dashboard, and for no key.');
  }
  if (actor.member !== undefined) return;
  if (audience === 'operator' && !actsForOperator(actor)) {
    throw new LatchkeyError('operator_only', 'Only a root key may do this.');
  }
  if (!grants(actor.permissions, permission)) {
    throw new LatchkeyError('forbidden', `This needs the permission ${permission}.`);
  }
}
