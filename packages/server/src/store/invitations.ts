// Invitations in SQL. Of a token there is only its hash: the token itself never comes here.

import type { InvitationRecord, StoreView } from '@latchkey/core';
import { type Db, newestFirst } from './query.js';
import type { InvitationRow } from './schema.js';

const invitationRow = (record: InvitationRecord): InvitationRow => ({
  id: record.id,
  organization_id: record.organizationId,
  email: record.email,
  role: record.role,
  token_hash: record.tokenHash,
  invited_by: record.invitedBy,
  created_at: record.createdAt,
  expires_at: record.expiresAt,
  accepted_at: record.acceptedAt,
  revoked_at: record.revokedAt,
  by_letter: record.byLetter ? 1 : 0,
});

const invitationRecord = (row: InvitationRow): InvitationRecord => ({
  id: row.id,
  organizationId: row.organization_id,
  email: row.email,
  role: row.role as InvitationRecord['role'],
  tokenHash: row.token_hash,
  invitedBy: row.invited_by,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  acceptedAt: row.accepted_at,
  revokedAt: row.revoked_at,
  byLetter: row.by_letter === 1,
});

export const invitations = (db: Db): StoreView['invitations'] => {
  const all = () => db.selectFrom('invitations').selectAll();
  /** Equal, or both null. */
  const of = (column: 'organization_id' | 'email', value: string | null) =>
    value === null ? all().where(column, 'is', null) : all().where(column, '=', value);
  const open = (query: ReturnType<typeof all>) =>
    query
      .where('accepted_at', 'is', null)
      .where('revoked_at', 'is', null)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
  return {
    async get(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : invitationRecord(row);
    },
    async findByTokenHash(tokenHash) {
      const row = await all().where('token_hash', '=', tokenHash).executeTakeFirst();
      return row === undefined ? null : invitationRecord(row);
    },
    list: (organizationId, page) => newestFirst(of('organization_id', organizationId), page, invitationRecord),
    async pending(organizationId, email) {
      const rows = await open(of('organization_id', organizationId).where('email', email === null ? 'is' : '=', email));
      return rows.map(invitationRecord);
    },
    async pendingBy(invitedBy, organizationId) {
      const place = organizationId === undefined ? all() : of('organization_id', organizationId);
      const rows = await open(place.where('invited_by', '=', invitedBy));
      return rows.map(invitationRecord);
    },
    async pendingTo(email) {
      return (await open(of('email', email))).map(invitationRecord);
    },
    async insert(record) {
      await db.insertInto('invitations').values(invitationRow(record)).execute();
    },
    async update(record) {
      await db.updateTable('invitations').set(invitationRow(record)).where('id', '=', record.id).execute();
    },
  };
};
