// The one way to change anything: rows and audit entries in one transaction, then the change feed. What cannot be audited does not happen.

import {
  type Actor,
  type AuditEntry,
  type AuditHead,
  type AuditRecord,
  type Change,
  isKeyUsable,
  isRootKeyUsable,
  type JsonObject,
  LatchkeyError,
  type Propagation,
  type StoreView,
  type Vault,
} from '@latchkey/core';
import type { Call } from './engine.js';
import type { Services } from './services.js';

export type TargetType =
  | 'organization'
  | 'project'
  | 'key'
  | 'tier'
  | 'root_key'
  | 'installation'
  | 'member'
  | 'invitation'
  | 'operator'
  | 'session'
  | 'portal_token'
  | 'user';

/** What was done to what. `changes` holds neither secrets nor digests. */
export interface AuditNote {
  action: string;
  target: { type: TargetType; id: string };
  organizationId: string | null;
  projectId?: string | null;
  changes?: JsonObject;
}

export interface Outcome<Value> {
  value: Value;
  audit: readonly AuditNote[];
  /** What caches and running requests have to hear. */
  changes?: readonly Change[];
}

/** What changing anything needs of the services. */
export type ChangeServices = Pick<Services, 'store' | 'vault' | 'clock' | 'feed' | 'newId' | 'auditKey'>;

/** The chain that entries of no organization belong to. */
export const INSTALLATION_CHAIN = 'installation';

/** Runs `work` and its audit in one transaction; resolves when it is durable and the feed has been told. */
export async function commitChange<Value>(
  services: ChangeServices,
  call: Call,
  work: (view: StoreView, now: number) => Promise<Outcome<Value>>,
): Promise<{ value: Value; propagated: Propagation }> {
  const { changes, position, value } = await services.store.transaction(async (view) => {
    const now = services.clock();
    await judgeStill(view, call.actor, now);
    const done = await work(view, now);
    for (const note of done.audit) {
      const entry: AuditEntry = {
        id: services.newId('aud'),
        organizationId: note.organizationId,
        projectId: note.projectId ?? null,
        at: now,
        actorType: call.actor.type,
        actorId: call.actor.id,
        action: note.action,
        targetType: note.target.type,
        targetId: note.target.id,
        changes: note.changes ?? {},
        requestId: call.requestId,
      };
      await appendAudit(view, services.vault, services.auditKey, entry);
    }
    const changes = done.changes ?? [];
    // What does nothing repeats what was done, perhaps on another node: it is told only once that was heard.
    const isTold = changes.length > 0 || done.audit.length === 0;
    const position = isTold ? await services.feed.record(view, changes, now) : null;
    return { changes, position, value: done.value };
  });
  return { value, propagated: await services.feed.publish(changes, position) };
}

/**
 * Whether the call may still be made by whoever began it. Who is removed in this moment, or whose key ends, makes nothing more: what was theirs has
 * been taken back and named, and what came after it would be on no list.
 * @throws LatchkeyError `unauthenticated`, `forbidden`
 */
async function judgeStill(view: StoreView, actor: Actor, now: number): Promise<void> {
  if (actor.session !== undefined) return judgeStillThere(view, actor);
  const rootKey = actor.type === 'root_key' ? await view.rootKeys.get(actor.id) : undefined;
  const key = actor.key === undefined ? undefined : await view.keys.get(actor.key.id);
  const isOver =
    rootKey === null || key === null || (rootKey && !isRootKeyUsable(rootKey, now)) || (key && !isKeyUsable(key, now));
  if (isOver) throw new LatchkeyError('unauthenticated');
}

async function judgeStillThere(view: StoreView, { id, member }: Actor): Promise<void> {
  const user = await view.users.get(id);
  if (user === null) throw new LatchkeyError('unauthenticated');
  const joined = member === undefined ? [] : await view.memberships.ofUser(id);
  const roles = new Map<string, string>(joined.map(({ organizationId, role }) => [organizationId, role]));
  const isStill =
    member === undefined ? user.isOperator : [...member.standings].every(([place, role]) => roles.get(place) === role);
  if (!isStill) throw new LatchkeyError('forbidden', 'Your role was changed in this moment: look again.');
}

async function appendAudit(view: StoreView, vault: Vault, auditKey: string, entry: AuditEntry): Promise<void> {
  const chain = entry.organizationId ?? INSTALLATION_CHAIN;
  const head = await view.audit.head(chain);
  const record: AuditRecord = { ...entry, chain, sequence: (head?.sequence ?? 0) + 1, mac: '' };
  record.mac = vault.mac(auditKey, auditText(record, head?.mac ?? ''));
  const next = { chain, sequence: record.sequence, mac: record.mac };
  await view.audit.append(record, { ...next, seal: vault.mac(auditKey, headText(next)) });
}

/** What a record's MAC covers: every column and the MAC before it. */
export const auditText = (record: Omit<AuditRecord, 'mac'>, previousMac: string): string =>
  JSON.stringify([
    previousMac,
    record.chain,
    record.sequence,
    record.id,
    record.organizationId,
    record.projectId,
    record.at,
    record.actorType,
    record.actorId,
    record.action,
    record.targetType,
    record.targetId,
    record.changes,
    record.requestId,
  ]);

/** What a head's seal covers, so that a chain cannot be cut short unseen. */
export const headText = (head: Omit<AuditHead, 'seal'>): string =>
  JSON.stringify(['head', head.chain, head.sequence, head.mac]);
