// Where people are signed in, in SQL. The hash of a session's token never leaves through here.

import type { SessionRecord, StoreView } from '@latchkey/core';
import type { Db } from './query.js';

const COLUMNS = ['id', 'user_id', 'created_at', 'expires_at', 'ip', 'user_agent'] as const;

interface ShownRow {
  id: string;
  user_id: string;
  created_at: number;
  expires_at: number;
  ip: string | null;
  user_agent: string | null;
}

const sessionRecord = (row: ShownRow): SessionRecord => ({
  id: row.id,
  userId: row.user_id,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  ip: row.ip,
  userAgent: row.user_agent,
});

export const sessions = (db: Db): StoreView['sessions'] => ({
  async get(id) {
    const row = await db.selectFrom('sessions').select(COLUMNS).where('id', '=', id).executeTakeFirst();
    return row === undefined ? null : sessionRecord(row);
  },
  async list(userId) {
    const rows = await db
      .selectFrom('sessions')
      .select(COLUMNS)
      .where('user_id', '=', userId)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    return rows.map(sessionRecord);
  },
  async remove(userId, id) {
    const { numDeletedRows } = await db
      .deleteFrom('sessions')
      .where('user_id', '=', userId)
      .where('id', '=', id)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  },
  async removeOthers(userId, keptId) {
    const { numDeletedRows } = await db
      .deleteFrom('sessions')
      .where('user_id', '=', userId)
      .where('id', '!=', keptId)
      .executeTakeFirst();
    return Number(numDeletedRows);
  },
  async removeAll(userId) {
    const { numDeletedRows } = await db.deleteFrom('sessions').where('user_id', '=', userId).executeTakeFirst();
    return Number(numDeletedRows);
  },
});
