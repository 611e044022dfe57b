// Root keys, the operator's credentials for the management API: made, listed, revoked, and the first one brought in.

import {
  ALL,
  hintOf,
  isRootKeyUsable,
  isSubset,
  LatchkeyError,
  makeSecret,
  type OperationInput,
  type Operations,
  type RootKeyRecord,
  rootKeyView,
  type StoreView,
} from '@latchkey/core';
import { type ChangeServices, commitChange } from './commit-change.js';
import type { Call } from './engine.js';
import { notFound } from './keys/record.js';
import { pageRequest, pageView } from './paging.js';
import { takeBackInvitations } from './people/take-back-invitations.js';
import type { Services } from './services.js';

export const ROOT_KEY_PREFIX = 'lk_root_';
const BODY_LENGTH = 40;

/** What making a root key needs; also there beside a running server. */
export type RootKeyServices = ChangeServices & Pick<Services, 'random'>;

export async function createRootKey(
  services: RootKeyServices,
  input: OperationInput<Operations['createRootKey']>,
  call: Call,
) {
  if (!isSubset(input.permissions, call.actor.permissions)) {
    throw new LatchkeyError('exceeds_own_rights', 'The calling root key lacks one of these permissions itself.');
  }
  const expiresAt = input.expiresAt ?? null;
  const secret = makeSecret(ROOT_KEY_PREFIX, BODY_LENGTH, services.random);
  const { value } = await commitChange(services, call, async (view, now) => {
    if (expiresAt !== null && expiresAt <= now) throw new LatchkeyError('expiry_in_past');
    return inserted(services, view, secret, {
      ...{ ...input, source: 'created', createdBy: call.actor.id },
      ...{ createdAt: now, expiresAt },
    });
  });
  return { rootKey: rootKeyView(value), secret };
}

/** One for a database that has none, so that somebody can begin; null: there are some. Of nodes that start together, one makes it. */
export async function createFirstRootKey(services: RootKeyServices, call: Call): Promise<string | null> {
  const secret = makeSecret(ROOT_KEY_PREFIX, BODY_LENGTH, services.random);
  const { value } = await commitChange<RootKeyRecord | null>(services, call, async (view, now) => {
    const { rows } = await view.rootKeys.list({ limit: 1, after: null });
    if (rows.length > 0) return { value: null, audit: [] };
    const made = { source: 'created' as const, createdBy: call.actor.id, createdAt: now, expiresAt: null };
    const facts: Facts = { name: 'first', permissions: [ALL], ...made };
    return inserted(services, view, secret, facts);
  });
  return value && secret;
}

async function inserted(services: RootKeyServices, view: StoreView, secret: string, facts: Facts) {
  const rootKey = draft(services, secret, facts);
  await view.rootKeys.insert(rootKey);
  const { name, permissions } = rootKey;
  return { value: rootKey, audit: [note('createRootKey', rootKey, { name, permissions })] };
}

type Facts = Pick<RootKeyRecord, 'name' | 'permissions' | 'source' | 'createdBy' | 'createdAt' | 'expiresAt'>;

const draft = ({ vault, newId }: Pick<Services, 'vault' | 'newId'>, secret: string, facts: Facts): RootKeyRecord => ({
  ...facts,
  id: newId('root'),
  hint: hintOf(secret),
  digest: vault.digest(secret),
  revokedAt: null,
});

export const listRootKeys = async (services: Services, input: OperationInput<Operations['listRootKeys']>) =>
  pageView(await services.store.rootKeys.list(pageRequest(input)), rootKeyView);

/** Again: the same answer. The last one that can do everything stays, so that nobody is locked out. */
export async function revokeRootKey(services: Services, { rootKeyId }: { rootKeyId: string }, call: Call) {
  const { value } = await commitChange(services, call, async (view, now) => {
    const rootKey = await view.rootKeys.get(rootKeyId);
    if (rootKey === null) throw notFound('root key');
    if (rootKey.revokedAt !== null) return { value: rootKey, audit: [] };
    if (!isSubset(rootKey.permissions, call.actor.permissions)) throw new LatchkeyError('exceeds_own_rights');
    const { rows } = await view.rootKeys.list({ limit: 1000, after: null });
    const others = rows.filter(
      (other) => other.id !== rootKeyId && isRootKeyUsable(other, now) && other.permissions.includes(ALL),
    );
    if (others.length === 0 && rootKey.permissions.includes(ALL)) throw new LatchkeyError('last_root_key');
    const revoked = { ...rootKey, revokedAt: now };
    await view.rootKeys.update(revoked);
    return {
      value: revoked,
      audit: [
        note('revokeRootKey', rootKey, {}),
        // Whoever had the key may have invited themselves with it.
        ...(await takeBackInvitations(view, now, rootKeyId, undefined)),
      ],
      changes: [{ subject: 'root_key' as const, id: rootKeyId, kind: 'ended' as const }],
    };
  });
  return rootKeyView(value);
}

/**
 * Accepts the operator's own root key (LATCHKEY_ROOT_KEY): kept as a digest like any other. A changed setting makes the one
 * before expire; setting that one again brings it back, unless it was revoked. Resolves to whether anything changed.
 * @throws LatchkeyError `configuration_invalid` for a key that was revoked
 */
export async function acceptRootKey(services: Services, secret: string, call: Call): Promise<boolean> {
  const candidates = services.vault.candidates(secret, false).map(({ value }) => value);
  const { value } = await commitChange(services, call, async (view, now) => {
    const known = await view.rootKeys.findByDigest(candidates);
    if (known?.revokedAt != null) {
      throw new LatchkeyError(
        'configuration_invalid',
        `LATCHKEY_ROOT_KEY is ${known.id}, which was revoked: set another one.`,
      );
    }
    if (known !== null && isRootKeyUsable(known, now)) return { value: false, audit: [] };
    const { rows } = await view.rootKeys.list({ limit: 1000, after: null });
    const before = rows.filter(
      (row) => row.source === 'environment' && row.id !== known?.id && isRootKeyUsable(row, now),
    );
    for (const rootKey of before) await view.rootKeys.update({ ...rootKey, expiresAt: now });
    const facts: Facts = {
      name: 'LATCHKEY_ROOT_KEY',
      permissions: [ALL],
      source: 'environment',
      createdBy: call.actor.id,
      createdAt: now,
      expiresAt: null,
    };
    const rootKey = known ? { ...known, expiresAt: null } : draft(services, secret, facts);
    await (known ? view.rootKeys.update(rootKey) : view.rootKeys.insert(rootKey));
    return {
      value: true,
      audit: [...before.map((ended) => note('replaceRootKey', ended, {})), note('acceptRootKey', rootKey, {})],
      changes: before.map(({ id }) => ({ subject: 'root_key' as const, id, kind: 'ended' as const })),
    };
  });
  return value;
}

const note = (action: string, { id }: RootKeyRecord, changes: { name?: string; permissions?: string[] }) => ({
  action,
  target: { type: 'root_key' as const, id },
  organizationId: null,
  changes,
});
