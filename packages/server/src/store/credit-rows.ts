// Credit records as rows and back. No query stands here.

import type {
  CreditAccount,
  CreditEntry,
  CreditKind,
  Refill,
  ReservationRecord,
  ReservationState,
} from '@latchkey/core';
import { fromJson, toJson } from './query.js';
import type { CreditAccountRow, CreditEntryRow, ReservationRow } from './schema.js';

/** Without what the blocks' own statements keep. */
type AccountColumns = Omit<CreditAccountRow, 'escrowed' | 'blocks'>;

export const accountRow = (record: CreditAccount): AccountColumns => ({
  family_id: record.familyId,
  organization_id: record.organizationId,
  project_id: record.projectId,
  balance: record.balance,
  refill: toJson(record.refill),
  refilled_period: record.refilledPeriod,
  bounded: record.bounded ? 1 : 0,
  entries: record.entries,
});

export const accountRecord = (row: AccountColumns): CreditAccount => ({
  familyId: row.family_id,
  organizationId: row.organization_id,
  projectId: row.project_id,
  balance: row.balance,
  refill: fromJson<Refill>(row.refill),
  refilledPeriod: row.refilled_period,
  bounded: row.bounded === 1,
  entries: row.entries,
});

export const entryRow = (record: CreditEntry): CreditEntryRow => ({
  family_id: record.familyId,
  sequence: record.sequence,
  key_id: record.keyId,
  project_id: record.projectId,
  organization_id: record.organizationId,
  at: record.at,
  kind: record.kind,
  amount: record.amount,
  balance_after: record.balanceAfter,
  request_id: record.requestId,
  attempt: record.attempt,
  reservation_id: record.reservationId,
  actor_id: record.actorId,
});

export const entryRecord = (row: CreditEntryRow): CreditEntry => ({
  familyId: row.family_id,
  sequence: row.sequence,
  keyId: row.key_id,
  projectId: row.project_id,
  organizationId: row.organization_id,
  at: row.at,
  kind: row.kind as CreditKind,
  amount: row.amount,
  balanceAfter: row.balance_after,
  requestId: row.request_id,
  attempt: row.attempt,
  reservationId: row.reservation_id,
  actorId: row.actor_id,
});

export const reservationRow = (record: ReservationRecord): ReservationRow => ({
  id: record.id,
  family_id: record.familyId,
  key_id: record.keyId,
  project_id: record.projectId,
  organization_id: record.organizationId,
  request_id: record.requestId,
  attempt: record.attempt,
  credits: record.credits,
  settled_credits: record.settledCredits,
  state: record.state,
  relied: record.relied ? 1 : 0,
  created_at: record.createdAt,
  expires_at: record.expiresAt,
  closed_at: record.closedAt,
});

export const reservationRecord = (row: ReservationRow): ReservationRecord => ({
  id: row.id,
  familyId: row.family_id,
  keyId: row.key_id,
  organizationId: row.organization_id,
  projectId: row.project_id,
  requestId: row.request_id,
  attempt: row.attempt,
  credits: row.credits,
  settledCredits: row.settled_credits,
  state: row.state as ReservationState,
  relied: row.relied === 1,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  closedAt: row.closed_at,
});
