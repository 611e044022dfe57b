// All repositories and books over one database, whatever it is. No query stands here.

import type { Store, StoreView } from '@latchkey/core';
import { audit } from './audit.js';
import { changes } from './changes.js';
import { createCreditBook } from './credit-book.js';
import { credits } from './credits.js';
import { denials } from './denials.js';
import { createIdempotencyBook } from './idempotency-book.js';
import { invitations } from './invitations.js';
import { keyNetworks } from './key-networks.js';
import { keys } from './keys.js';
import { leases } from './leases.js';
import { memberships } from './memberships.js';
import { nodes } from './nodes.js';
import { observations } from './observations.js';
import { organizations, projects } from './organizations.js';
import type { Db } from './query.js';
import { createQuotaBook } from './quota-book.js';
import { reminders } from './reminders.js';
import { replays } from './replays.js';
import { rootKeys } from './root-keys.js';
import { sessions } from './sessions.js';
import { settings } from './settings.js';
import { signInTables } from './sign-in-tables.js';
import { tiers } from './tiers.js';
import { usage } from './usage.js';
import { users } from './users.js';

export const viewOf = (db: Db): StoreView => ({
  organizations: organizations(db),
  projects: projects(db),
  keys: keys(db),
  memberships: memberships(db),
  invitations: invitations(db),
  tiers: tiers(db),
  reminders: reminders(db),
  rootKeys: rootKeys(db),
  audit: audit(db),
  replays: replays(db),
  leases: leases(db),
  usage: usage(db),
  denials: denials(db),
  observations: observations(db),
  keyNetworks: keyNetworks(db),
  credits: credits(db),
  changes: changes(db),
  nodes: nodes(db),
  users: users(db),
  sessions: sessions(db),
  settings: settings(db),
});

type Books = Omit<Store, keyof StoreView | 'transaction' | 'ping' | 'time' | 'backup' | 'integrity' | 'close'>;

/** What is written together with others, beside changes. */
export const booksOf = (db: Db): Books => ({
  ...createQuotaBook(db),
  idempotency: createIdempotencyBook(db),
  signIn: signInTables(db),
  ...createCreditBook(db),
});
