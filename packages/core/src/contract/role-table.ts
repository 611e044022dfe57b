// The table of roles: which standing on the dashboard may call which operation. Enforced where operations are run, rendered in the reference.

import type { Standing } from '../access/roles.js';
import type { OperationName } from './operations.js';

const OPERATOR = ['operator'] as const satisfies Standing[];
const MANAGERS = ['operator', 'owner', 'admin'] as const satisfies Standing[];
const DEVELOPERS = [...MANAGERS, 'developer', 'portal'] as const satisfies Standing[];
const KEY_READERS = [...DEVELOPERS, 'viewer', 'portal_read_only'] as const satisfies Standing[];
const MEMBERS = [...MANAGERS, 'developer', 'viewer', 'billing'] as const satisfies Standing[];
const VISITORS = [...MEMBERS, 'portal', 'portal_read_only'] as const satisfies Standing[];
const PEOPLE = [...MEMBERS, 'signed_in'] as const satisfies Standing[];
const EVERYBODY = [...VISITORS, 'signed_in'] as const satisfies Standing[];

/**
 * Standings that may call each operation. A role counts in the organization that the call is about; where it is about none,
 * in any. What only the operator may set (tier, credits, key model, limits above the tier's) is judged by the operation.
 */
export const roleTable: Readonly<Record<OperationName, readonly Standing[]>> = {
  createOrganization: OPERATOR,
  listOrganizations: OPERATOR,
  getOrganization: MEMBERS,
  updateOrganization: MANAGERS,
  deleteOrganization: OPERATOR,
  suspendOrganization: OPERATOR,
  resumeOrganization: OPERATOR,

  createProject: MANAGERS,
  listProjects: VISITORS,
  getProject: VISITORS,
  updateProject: MANAGERS,
  deleteProject: ['operator', 'owner'],
  suspendProject: OPERATOR,
  resumeProject: OPERATOR,

  createKey: DEVELOPERS,
  listKeys: KEY_READERS,
  getKey: KEY_READERS,
  updateKey: DEVELOPERS,
  deleteKey: MANAGERS,
  rotateKey: DEVELOPERS,
  revokeKey: DEVELOPERS,
  disableKey: DEVELOPERS,
  enableKey: DEVELOPERS,
  importKeys: OPERATOR,
  listDenials: KEY_READERS,
  getKeyBudgets: KEY_READERS,
  observeKey: KEY_READERS,

  verifyKey: OPERATOR,
  verifyKeys: OPERATOR,
  explainKey: OPERATOR,
  createLease: OPERATOR,
  listLeases: OPERATOR,
  releaseLease: OPERATOR,

  listTiers: VISITORS,
  getTier: VISITORS,
  createTier: OPERATOR,
  updateTier: OPERATOR,
  deleteTier: OPERATOR,
  previewTier: OPERATOR,
  getProfile: VISITORS,
  applyProfile: OPERATOR,
  getProviderPage: EVERYBODY,

  adjustCredits: OPERATOR,
  listCreditEntries: MEMBERS,
  reserveCredits: OPERATOR,
  getReservation: OPERATOR,
  settleReservation: OPERATOR,
  refundReservation: OPERATOR,

  createRootKey: OPERATOR,
  listRootKeys: OPERATOR,
  revokeRootKey: OPERATOR,

  getUsage: VISITORS,
  listTopKeys: VISITORS,
  listAuditEvents: [...MANAGERS, 'developer', 'viewer'],

  getSelf: EVERYBODY,
  listMembers: MEMBERS,
  updateMember: MANAGERS,
  removeMember: MANAGERS,
  leaveOrganization: ['owner', 'admin', 'developer', 'viewer', 'billing'],
  createInvitation: MANAGERS,
  listInvitations: MANAGERS,
  revokeInvitation: MANAGERS,
  readInvitation: EVERYBODY,
  acceptInvitation: PEOPLE,
  listOperators: OPERATOR,
  inviteOperator: OPERATOR,
  revokeOperatorInvitation: OPERATOR,
  removeOperator: OPERATOR,
  listSessions: PEOPLE,
  endSession: PEOPLE,
  endOtherSessions: PEOPLE,
  createPortalToken: OPERATOR,
};
