// People in SQL, as everybody but the accounts room sees them. What proves who they are is in sign-in-tables.ts.

import type { StoreView, UserRecord } from '@latchkey/core';
import { chunksOf, type Db } from './query.js';
import type { UserRow } from './schema.js';

const userRecord = (row: UserRow): UserRecord => ({
  id: row.id,
  email: row.email,
  name: row.name,
  emailVerified: row.email_verified === 1,
  isOperator: row.is_operator === 1,
  twoFactorEnabled: row.two_factor_enabled === 1,
  createdAt: row.created_at,
});

export const users = (db: Db): StoreView['users'] => ({
  async get(id) {
    const row = await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? null : userRecord(row);
  },
  async list(ids) {
    const found: UserRecord[] = [];
    for (const some of chunksOf([...new Set(ids)])) {
      const rows = await db.selectFrom('users').selectAll().where('id', 'in', some).execute();
      found.push(...rows.map(userRecord));
    }
    return found;
  },
  async findByEmail(email) {
    const row = await db.selectFrom('users').selectAll().where('email', '=', email.toLowerCase()).executeTakeFirst();
    return row === undefined ? null : userRecord(row);
  },
  async operators() {
    const rows = await db
      .selectFrom('users')
      .selectAll()
      .where('is_operator', '=', 1)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    return rows.map(userRecord);
  },
  async setOperator(id, isOperator) {
    await db
      .updateTable('users')
      .set({ is_operator: isOperator ? 1 : 0 })
      .where('id', '=', id)
      .execute();
  },
  async setEmail(id, email) {
    const proven = { email_verified: 1, email_proven: 1 };
    await db
      .updateTable('users')
      .set({ email: email.toLowerCase(), ...proven })
      .where('id', '=', id)
      .execute();
  },
  async remove(id) {
    // What else is theirs alone goes with the row.
    await db.deleteFrom('users').where('id', '=', id).execute();
  },
});
