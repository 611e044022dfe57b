// Work that keeps the house in order: re-sealing under a new master key, forgetting what is past, and judging the audit chain.

import {
  type AuditHead,
  type AuditRecord,
  type Cursor,
  DAY_MS,
  type IdempotencyBook,
  LatchkeyError,
  type Page,
  type PageRequest,
  type StoreView,
  type Telemetry,
  type Vault,
} from '@latchkey/core';
import { auditText, headText, INSTALLATION_CHAIN } from './commit-change.js';
import { countEntries } from './credits/charge.js';
import { KEPT_MS } from './denial-buffer.js';
import { OBSERVED_KEPT_MS } from './insight/observations.js';
import { ANSWER_KEPT_MS, RECORD_KEPT_MS } from './replays.js';
import type { Services } from './services.js';
import { resealWebhookSecret } from './webhook-secret.js';

const BATCH = 200;

/** Settings that hold something sealed; each is bound to its own name. */
export const SEALED_SETTINGS = ['audit_key', 'principal_key'] as const;

/**
 * Moves everything sealed to the current master key, in batches; resolves to how many values moved. A value that cannot be
 * opened stays as it is and is logged: its master key may come back.
 */
export async function reseal({
  store,
  vault,
  telemetry,
}: Pick<Services, 'store' | 'vault' | 'telemetry'>): Promise<number> {
  let moved = await store.transaction((view) => resealSettings(view, vault));
  for (;;) {
    const batch = await store.transaction(async (view) => {
      const keys = await view.keys.sealedUnderOther(vault.currentMasterKeyId(), BATCH);
      let unreadable = 0;
      for (const key of keys) {
        try {
          const webhookSecret = resealWebhookSecret(vault, key.id, key.webhookSecret as string);
          await view.keys.update({ ...key, webhookSecret });
        } catch (error) {
          if (!(error instanceof LatchkeyError) || error.code !== 'sealed_value_unreadable') throw error;
          telemetry.log('error', 'webhook_secret_unreadable', { keyId: key.id });
          unreadable++;
        }
      }
      return { found: keys.length, moved: keys.length - unreadable };
    });
    moved += batch.moved;
    if (batch.found < BATCH || batch.moved === 0) break;
  }
  return moved + (await resealAnswers(store.idempotency, vault, telemetry));
}

/** Answers may be large: only a few are in memory at a time. */
const ANSWERS_AT_ONCE = 10;

async function resealAnswers(book: IdempotencyBook, vault: Vault, telemetry: Telemetry): Promise<number> {
  let moved = 0;
  for (let after = ''; ; ) {
    const records = await book.sealedUnderOther(vault.currentMasterKeyId(), after, ANSWERS_AT_ONCE);
    for (const { id, answer } of records) {
      after = id;
      try {
        const sealed = answer as string;
        await book.reseal(id, sealed, vault.seal(vault.open(sealed, id), id));
        moved++;
      } catch (error) {
        if (!(error instanceof LatchkeyError) || error.code !== 'sealed_value_unreadable') throw error;
        telemetry.log('error', 'idempotent_answer_unreadable', {});
      }
    }
    if (records.length < ANSWERS_AT_ONCE) return moved;
  }
}

async function resealSettings(view: StoreView, vault: Vault): Promise<number> {
  let moved = 0;
  for (const name of SEALED_SETTINGS) {
    const sealed = await view.settings.get(name);
    if (sealed === null || vault.masterKeyIdOf(sealed) === vault.currentMasterKeyId()) continue;
    await view.settings.set(name, vault.seal(vault.open(sealed, name), name));
    moved++;
  }
  return moved;
}

/** Forgets sealed answers, old replay records, requests under an Idempotency-Key, leases that are over, old denials and observations, and quota days of the past. */
export async function prune({
  store,
  clock,
  idempotency,
  leases,
}: Pick<Services, 'store' | 'clock' | 'idempotency' | 'leases'>): Promise<void> {
  const now = clock();
  await leases.prune();
  await store.replays.prune(now - ANSWER_KEPT_MS, now - RECORD_KEPT_MS);
  await idempotency.prune(now);
  await store.denials.prune(now - KEPT_MS);
  await store.signIn.prune(now);
  await store.observations.prune(now - OBSERVED_KEPT_MS);
  await store.pruneDays(Math.floor(now / DAY_MS) - 1);
}

/** Returns what reservations that ran out hold; each is returned once, whoever finds it first. */
export async function returnExpired(services: Pick<Services, 'store' | 'clock' | 'telemetry'>): Promise<void> {
  for (;;) {
    const { expired, written } = await services.store.expireReservations(services.clock(), BATCH);
    countEntries(services, written);
    if (expired < BATCH) return;
  }
}

/** Accounts whose ledger does not add up to them, one line each. */
export async function creditFaults(store: StoreView): Promise<string[]> {
  const faults = await store.credits.faults();
  return faults.map(
    ({ familyId, balance, entries, ledger, lines }) =>
      `family ${familyId}: its balance is ${balance} after ${entries} entries, and its ledger says ${ledger} in ${lines}`,
  );
}

/** What is wrong with the audit log, one line each; empty when every chain is whole. */
export async function auditFaults(store: StoreView, vault: Vault, auditKey: string): Promise<string[]> {
  const faults: string[] = [];
  const heads = await store.audit.heads();
  for (const head of heads) {
    if (!vault.equal(vault.mac(auditKey, headText(head)), head.seal))
      faults.push(`chain ${head.chain}: its head was changed`);
    faults.push(...(await chainFaults(store, vault, auditKey, head)));
  }
  const known = new Set(heads.map(({ chain }) => chain));
  for (const chain of await chainsInUse(store))
    if (!known.has(chain)) faults.push(`chain ${chain}: its head is missing`);
  return faults;
}

async function chainFaults(store: StoreView, vault: Vault, auditKey: string, head: AuditHead): Promise<string[]> {
  const faults: string[] = [];
  let previous: Pick<AuditRecord, 'sequence' | 'mac'> = { sequence: 0, mac: '' };
  let from = Number.MIN_SAFE_INTEGER;
  // Entries behind the head are those that a running server adds while the chain is read; their MACs count all the same.
  let reached = false;
  for (;;) {
    const records: AuditRecord[] = await store.audit.chain(head.chain, from, BATCH);
    for (const record of records) {
      const whole =
        record.sequence === previous.sequence + 1 &&
        (record.organizationId ?? INSTALLATION_CHAIN) === head.chain &&
        vault.equal(vault.mac(auditKey, auditText(record, previous.mac)), record.mac);
      if (!whole)
        faults.push(
          `chain ${head.chain}: entry ${record.sequence} (${record.id}) was changed, or one before it is missing`,
        );
      if (record.sequence === head.sequence) reached = record.mac === head.mac;
      previous = record;
    }
    if (records.length < BATCH) break;
    from = previous.sequence + 1;
  }
  if (!reached) faults.push(`chain ${head.chain}: its end is missing`);
  return faults;
}

/** The chains that must be there: those that entries name, and one for each organization and for the root keys. */
async function chainsInUse(store: StoreView): Promise<Set<string>> {
  const chains = new Set<string>();
  const { rows: rootKeys } = await store.rootKeys.list({ limit: 1, after: null });
  if (rootKeys.length > 0) chains.add(INSTALLATION_CHAIN);
  for await (const { chain } of every((page) => store.audit.list({}, page))) chains.add(chain);
  for await (const { id } of every((page) => store.organizations.list(page))) chains.add(id);
  return chains;
}

async function* every<Row>(list: (page: PageRequest) => Promise<Page<Row>>): AsyncGenerator<Row> {
  let after: Cursor | null = null;
  do {
    const page: Page<Row> = await list({ limit: BATCH, after });
    yield* page.rows;
    after = page.next;
  } while (after !== null);
}
