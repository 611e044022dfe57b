// How operations are called in code: `keys.create` for createKey, the same in process and over HTTP.

import type { OperationCall, OperationOutput } from './operation.js';
import type { OperationName, Operations } from './operations.js';
import { operations } from './operations.js';

export const namespaces = {
  organizations: {
    create: 'createOrganization',
    list: 'listOrganizations',
    get: 'getOrganization',
    update: 'updateOrganization',
    delete: 'deleteOrganization',
    suspend: 'suspendOrganization',
    resume: 'resumeOrganization',
  },
  projects: {
    create: 'createProject',
    list: 'listProjects',
    get: 'getProject',
    update: 'updateProject',
    delete: 'deleteProject',
    suspend: 'suspendProject',
    resume: 'resumeProject',
  },
  keys: {
    create: 'createKey',
    list: 'listKeys',
    get: 'getKey',
    update: 'updateKey',
    delete: 'deleteKey',
    rotate: 'rotateKey',
    revoke: 'revokeKey',
    disable: 'disableKey',
    enable: 'enableKey',
    import: 'importKeys',
    denials: 'listDenials',
    verify: 'verifyKey',
    verifyBatch: 'verifyKeys',
    explain: 'explainKey',
    budgets: 'getKeyBudgets',
    observed: 'observeKey',
  },
  leases: { create: 'createLease', list: 'listLeases', release: 'releaseLease' },
  tiers: {
    list: 'listTiers',
    create: 'createTier',
    get: 'getTier',
    update: 'updateTier',
    delete: 'deleteTier',
    preview: 'previewTier',
  },
  profiles: { get: 'getProfile', apply: 'applyProfile', page: 'getProviderPage' },
  credits: { adjust: 'adjustCredits', ledger: 'listCreditEntries' },
  reservations: {
    create: 'reserveCredits',
    get: 'getReservation',
    settle: 'settleReservation',
    refund: 'refundReservation',
  },
  rootKeys: { create: 'createRootKey', list: 'listRootKeys', revoke: 'revokeRootKey' },
  usage: { get: 'getUsage', topKeys: 'listTopKeys' },
  auditEvents: { list: 'listAuditEvents' },
  self: { get: 'getSelf' },
  members: { list: 'listMembers', update: 'updateMember', remove: 'removeMember', leave: 'leaveOrganization' },
  invitations: {
    create: 'createInvitation',
    list: 'listInvitations',
    revoke: 'revokeInvitation',
    read: 'readInvitation',
    accept: 'acceptInvitation',
  },
  operators: {
    list: 'listOperators',
    invite: 'inviteOperator',
    revokeInvitation: 'revokeOperatorInvitation',
    remove: 'removeOperator',
  },
  sessions: { list: 'listSessions', end: 'endSession', endOthers: 'endOtherSessions' },
  portalTokens: { create: 'createPortalToken' },
} as const satisfies Record<string, Record<string, OperationName>>;

type Namespaces = typeof namespaces;

/** Circumstances that a caller may add to one call. */
export interface CallOptions {
  /** At least 16 characters; makes a retry of create, rotate and adjust safe. */
  idempotencyKey?: string;
}

/** Every operation as a method: `api.keys.create({projectId, name})`. */
export type OperationMethods = {
  [Space in keyof Namespaces]: {
    [Method in keyof Namespaces[Space] as Namespaces[Space][Method] extends OperationName
      ? Method
      : never]: Namespaces[Space][Method] extends infer Name extends OperationName
      ? (input: OperationCall<Operations[Name]>, options?: CallOptions) => Promise<OperationOutput<Operations[Name]>>
      : never;
  };
};

/** Sorts a flat input into path, query and body; what fits nowhere goes to the body (or query), where judging refuses it. */
export function splitInput(name: OperationName, input: Readonly<Record<string, unknown>>) {
  const row = operations[name];
  const parts = {
    params: {} as Record<string, unknown>,
    query: {} as Record<string, unknown>,
    body: {} as Record<string, unknown>,
  };
  for (const [member, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const place =
      member in row.params.shape ? 'params' : member in row.query.shape || row.body === null ? 'query' : 'body';
    parts[place][member] = value;
  }
  return parts;
}

/** The methods over any way of running an operation. */
export function operationMethods(
  run: (name: OperationName, input: Readonly<Record<string, unknown>>, options: CallOptions) => Promise<unknown>,
): OperationMethods {
  return Object.fromEntries(
    Object.entries(namespaces).map(([space, methods]) => [
      space,
      Object.fromEntries(
        Object.entries(methods)
          .filter((entry): entry is [string, OperationName] => Object.hasOwn(operations, entry[1]))
          .map(([method, name]) => [
            method,
            (input: Readonly<Record<string, unknown>> = {}, options: CallOptions = {}) => run(name, input, options),
          ]),
      ),
    ]),
  ) as unknown as OperationMethods;
}
