// importKeys: keys that were made elsewhere, by plaintext or by digest. Each row stands or falls for itself.

import {
  type Digest,
  hintOf,
  isPresentable,
  type KeyRecord,
  LatchkeyError,
  type OperationInput,
  type OperationOutput,
  type Operations,
  type ProjectRecord,
} from '@latchkey/core';
import { commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import type { Services } from '../services.js';
import { sealedWebhookSecret } from '../webhook-secret.js';
import {
  judgeSettings,
  type KeySettings,
  newKeyChanges,
  notFound,
  rulesOf,
  untouched,
  viewOf,
  withAccount,
} from './record.js';

type Input = OperationInput<Operations['importKeys']>;
type Row = Input['keys'][number];
type Result = OperationOutput<Operations['importKeys']>['data'][number];

const WHOLE_DIGEST = {
  hex: /^[0-9a-f]{64}$/i,
  base64: /^[A-Za-z0-9+/]{43}=?$/,
  base64url: /^[A-Za-z0-9_-]{43}=?$/,
} as const;

/** Rows are imported one by one: a duplicate or invalid row is reported with its index, the others are kept. */
export async function importKeys(services: Services, { projectId, keys }: Input, call: Call) {
  const project = await services.store.projects.get(projectId);
  if (project === null) throw notFound('project');
  const data: Result[] = [];
  for (const [index, row] of keys.entries()) {
    try {
      const key = await importOne(services, project, row, call);
      data.push({ index, key: await viewOf(services, key) });
    } catch (error) {
      if (!(error instanceof LatchkeyError) || error.status >= 500) throw error;
      data.push({ index, error: { code: error.code, detail: error.message } });
    }
  }
  return { data };
}

async function importOne(services: Services, project: ProjectRecord, row: Row, call: Call): Promise<KeyRecord> {
  const { profile, vault } = services;
  const digest = digestOf(services, row);
  const { value } = await commitChange(services, call, async (view, now) => {
    if (project.keyModel === 'legacy') throw new LatchkeyError('legacy_key_exists', 'Import into a v2 project.');
    if (row.secret !== undefined) {
      const values = vault.candidates(row.secret, true).map(({ value }) => value);
      const known = (await view.keys.findByDigest(values)) !== null || (await view.keys.anyBuried(values));
      if (known) throw new LatchkeyError('duplicate_key');
    }
    const settings: KeySettings = {
      mode: row.mode ?? 'live',
      tier: row.tier ?? project.tier ?? profile.policy.defaultTier,
      permissions: row.permissions ?? null,
      restrictions: row.restrictions ?? null,
      limits: row.limits ?? null,
      expiresAt: row.expiresAt ?? null,
    };
    judgeSettings(await rulesOf(services, view), settings, now);
    const id = services.newId('key');
    const key: KeyRecord = {
      ...untouched,
      ...settings,
      id,
      organizationId: project.organizationId,
      projectId: project.id,
      familyId: services.newId('fam'),
      generation: 1,
      name: row.name,
      prefix: row.prefix ?? '',
      hint: row.hint ?? (row.secret === undefined ? '' : hintOf(row.secret)),
      model: project.keyModel,
      environment: row.environment ?? null,
      metadata: row.metadata ?? null,
      ownerId: row.ownerId ?? null,
      credits: null,
      digest,
      imported: true,
      webhookSecret: row.secret === undefined ? null : sealedWebhookSecret(vault, id, row.secret),
      createdBy: call.actor.id,
      createdAt: Math.min(row.createdAt ?? now, now),
    };
    await view.keys.insert(key);
    return {
      value: await withAccount(view, key, row.credits, call, now),
      audit: [
        {
          action: 'importKeys',
          target: { type: 'key' as const, id },
          organizationId: project.organizationId,
          projectId: project.id,
          changes: { name: row.name, by: row.secret === undefined ? (row.digest?.algorithm ?? null) : 'plaintext' },
        },
      ],
      changes: [{ subject: 'imported_keys' as const, id, kind: 'changed' as const }, ...newKeyChanges(key)],
    };
  });
  return value;
}

/** @throws LatchkeyError `invalid_request` when the row has not exactly one readable secret or digest */
function digestOf({ vault }: Services, row: Row): Digest {
  const invalid = (message: string): LatchkeyError => new LatchkeyError('invalid_request', message);
  if ((row.secret === undefined) === (row.digest === undefined)) throw invalid('Send either secret or digest.');
  if (row.secret !== undefined) {
    if (row.secret.length < 16 || !isPresentable(row.secret)) {
      throw invalid('secret must be 16 to 512 characters of A-Z a-z 0-9 . _ ~ + / - and trailing =.');
    }
    return vault.digest(row.secret);
  }
  const { algorithm, encoding, value, pepperId } = row.digest as NonNullable<Row['digest']>;
  // Node reads over what does not belong there; only a whole digest counts.
  if (!WHOLE_DIGEST[encoding].test(value)) throw invalid(`digest.value must be 32 bytes in ${encoding}.`);
  const bytes = Buffer.from(value, encoding);
  if (algorithm === 'sha256') return { kind: 'sha256', pepperId: null, value: bytes.toString('hex') };
  if (pepperId === undefined || !vault.pepperIds().includes(pepperId)) {
    throw invalid('digest.pepperId must name a pepper in the ring: add the foreign HMAC key to LATCHKEY_PEPPER first.');
  }
  return { kind: 'hmac', pepperId, value: bytes.toString('hex') };
}
