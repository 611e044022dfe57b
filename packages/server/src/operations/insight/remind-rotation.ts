// Reminding people of keys to be rotated: which letters are due is decided and marked in one transaction, so that of several nodes one sends each.
//
// A letter is marked before it is sent, and one that is tried again is taken out of the database before. Whoever dies between that and the mail
// server's word leaves a letter that nobody sends again: that side is chosen, since a missing one is made good by the next (the one on the day, and
// the date with every key), while a process that dies of sending would write to people without end. The mail server's no is the only reason to repeat.

import {
  type JsonObject,
  type KeyRecord,
  type LetterFault,
  type OrganizationRecord,
  type Page,
  type PageRequest,
  remindedBefore,
  reminderDue,
  rfc3339,
  rotateBy,
  rotationInForce,
  type StoreView,
  type UserRecord,
} from '@latchkey/core';
import { type AuditNote, commitChange } from '../commit-change.js';
import type { Services } from '../services.js';
import { type KeyToRotate, reminderLetter } from './rotation-letter.js';

const REMINDED = 'remindRotation';
const REMINDER = { type: 'system', id: 'rotation_reminder', permissions: [] } as const;
/** Organizations in one reading, and keys in one transaction. */
const BATCH = 50;
/** Marks of one key that are looked at: two for each due date, the latest first. */
const MOST_MARKS = 20;

/** How often a letter is handed to a mail server that refuses it: some two days long, by one try with each look that the jobs take. */
const MOST_TRIES = 8;
/** A look that comes sooner, as after a restart, is no further try. */
const RETRY_AFTER_MS = 5 * 3_600_000;

/** By user id: whom to write to, and of which keys. */
type Letters = Map<string, { user: UserRecord; keys: KeyToRotate[] }>;

/**
 * Looks through all organizations, and sends each person one letter about all keys of an organization. Without a way to send
 * nothing is marked, so that the letters come once there is one. A letter that the mail server refuses is tried again later, as far as
 * it is still true; nobody gets one twice.
 */
export async function remindRotation(services: Services): Promise<void> {
  if (!services.mailer.sends) return;
  await retryRefused(services);
  for await (const organization of every((page) => services.store.organizations.list(page))) {
    const { days, reminders } = rotationInForce(organization, services.profile.policy);
    if (days === null || !reminders || organization.suspendedAt !== null) continue;
    const letters: Letters = new Map();
    const now = services.clock();
    const aged = (page: PageRequest) =>
      services.store.keys.agedIn(organization.id, remindedBefore(days, now), now, page);
    for (let after: PageRequest['after'] = null; ; ) {
      const { rows, next }: Page<KeyRecord> = await aged({ limit: BATCH, after });
      await markDue(services, organization, rows, letters);
      if (next === null) break;
      after = next;
    }
    await sendAll(services, organization, letters);
  }
}

async function* every<Row>(list: (page: PageRequest) => Promise<Page<Row>>): AsyncGenerator<Row> {
  let after: PageRequest['after'] = null;
  do {
    const page: Page<Row> = await list({ limit: BATCH, after });
    yield* page.rows;
    after = page.next;
  } while (after !== null);
}

/** The letter that a key is due now and that nobody got yet; null: none. */
async function unsent(view: StoreView, key: KeyRecord, days: number | null, now: number): Promise<KeyToRotate | null> {
  const stage = reminderDue(key, days, now);
  const dueAt = rotateBy(key, days, now);
  if (stage === null || dueAt === null) return null;
  const { rows } = await view.audit.list({ action: REMINDED, targetId: key.id }, { limit: MOST_MARKS, after: null });
  const sent = rows.filter(({ changes }) => changes.rotateBy === rfc3339(dueAt)).map(({ changes }) => changes.stage);
  // On a clock that went back the first letter does not follow the last one.
  if (sent.includes(stage) || sent.includes('due')) return null;
  const { id, name, hint } = key;
  return { id, name, hint, rotateBy: dueAt, stage };
}

/** Marks what is due in the audit log, and adds it to the letters. Where nothing is, no transaction is taken. */
async function markDue(
  services: Services,
  organization: OrganizationRecord,
  keys: readonly KeyRecord[],
  letters: Letters,
): Promise<void> {
  const inForce = (record: OrganizationRecord) => rotationInForce(record, services.profile.policy);
  const { days } = inForce(organization);
  const waiting: string[] = [];
  for (const key of keys)
    if ((await unsent(services.store, key, days, services.clock())) !== null) waiting.push(key.id);
  if (waiting.length === 0) return;
  const call = { actor: REMINDER, requestId: services.newId('req'), idempotencyKey: null };
  const { value } = await commitChange(services, call, async (view, now) => {
    const audit: AuditNote[] = [];
    const due: { key: KeyToRotate; to: readonly UserRecord[] }[] = [];
    const current = await view.organizations.get(organization.id);
    const policy = current && current.suspendedAt === null ? inForce(current) : null;
    const owners = await ownersOf(view, organization.id);
    for (const keyId of policy?.reminders ? waiting : []) {
      const record = await view.keys.get(keyId);
      const key = record && (await unsent(view, record, policy?.days ?? null, now));
      const to = key && (await recipientsOf(view, record, owners));
      if (!key || !to || to.length === 0) continue;
      due.push({ key, to });
      const changes: JsonObject = { rotateBy: rfc3339(key.rotateBy), stage: key.stage, to: to.map(({ id }) => id) };
      const { organizationId, projectId } = record;
      audit.push({ action: REMINDED, target: { type: 'key', id: keyId }, organizationId, projectId, changes });
    }
    return { value: due, audit };
  });
  for (const { key, to } of value)
    for (const user of to) {
      const letter = letters.get(user.id) ?? { user, keys: [] };
      letter.keys.push(key);
      letters.set(user.id, letter);
    }
}

/** The member who owns the key, else the owners of the organization. Only addresses that were proven are written to. */
async function recipientsOf(view: StoreView, { organizationId, ownerId }: KeyRecord, owners: readonly UserRecord[]) {
  if (ownerId !== null && (await view.memberships.get(organizationId, ownerId)) !== null) {
    const owner = await view.users.get(ownerId);
    if (owner?.emailVerified) return [owner];
  }
  return owners;
}

async function ownersOf(view: StoreView, organizationId: string): Promise<UserRecord[]> {
  const ids: string[] = [];
  for await (const { userId, role } of every((page) => view.memberships.list(organizationId, page)))
    if (role === 'owner') ids.push(userId);
  const users = await view.users.list(ids);
  return users.filter(({ emailVerified }) => emailVerified);
}

async function sendAll(services: Services, organization: OrganizationRecord, letters: Letters): Promise<void> {
  for (const { user, keys } of letters.values()) await send(services, organization, user, keys, 0);
}

/** `tries`: how often it was refused before. */
async function send(
  services: Services,
  { id: organizationId, name }: OrganizationRecord,
  user: UserRecord,
  keys: readonly KeyToRotate[],
  tries: number,
): Promise<void> {
  const { mailer, profile, publicUrl, store, telemetry, clock } = services;
  const facts = { organizationId, userId: user.id, tries: tries + 1 };
  try {
    await mailer.send(reminderLetter({ to: user.email, organization: name, provider: profile.title, publicUrl, keys }));
    return;
  } catch (cause) {
    const isOver = (cause as LetterFault | null)?.mayHaveArrived === true || tries + 1 >= MOST_TRIES;
    telemetry.log('warn', 'rotation_reminder_failed', { ...facts, isOver, cause });
    if (isOver) return;
  }
  const kept = keys.map(({ id, rotateBy, stage }) => ({ id, rotateBy, stage }));
  const retryAt = clock() + RETRY_AFTER_MS;
  const record = { id: services.newId('rem'), organizationId, userId: user.id, keys: kept, tries: tries + 1, retryAt };
  await store.reminders
    .keep(record)
    .catch((cause) => telemetry.log('warn', 'rotation_reminder_lost', { ...facts, cause }));
}

/** Those that were refused before; what is no longer so is left out, and what is due under another date has a letter of its own. */
async function retryRefused(services: Services): Promise<void> {
  const { store, clock, profile } = services;
  const started = clock();
  for (;;) {
    const [letter] = await store.transaction((view) => view.reminders.take(started, 1));
    if (letter === undefined) return;
    const { organizationId, userId, tries } = letter;
    const organization = await store.organizations.get(organizationId);
    const user = await store.users.get(userId);
    if (organization === null || organization.suspendedAt !== null || !user?.emailVerified) continue;
    const { days, reminders } = rotationInForce(organization, profile.policy);
    const owners = await ownersOf(store, organizationId);
    const keys: KeyToRotate[] = [];
    for (const told of reminders ? letter.keys : []) {
      const key = await store.keys.get(told.id);
      if (key === null || reminderDue(key, days, clock()) !== told.stage) continue;
      if (rotateBy(key, days, clock()) !== told.rotateBy) continue;
      if ((await recipientsOf(store, key, owners)).every(({ id }) => id !== userId)) continue;
      keys.push({ ...told, name: key.name, hint: key.hint });
    }
    if (keys.length > 0) await send(services, organization, user, keys, tries);
  }
}
