// Several stores on one PostgreSQL database, as several nodes have it: what is booked or changed at once by all of them stays exact.

import { randomBytes } from 'node:crypto';
import { BLOCK_MS, type Store } from '@latchkey/core';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findPostgres, type PostgresServer, startPostgres } from '../../../../test/servers/postgres.js';
import { createLatchkey, type Latchkey } from '../latchkey.js';
import { auditFaults } from '../operations/maintenance.js';
import { processScheduler } from '../scheduler.js';
import { openPostgresStore } from './open-postgres.js';
import { key, organization, project } from './store.suite.js';

describe.skipIf(findPostgres() === null)('stores that share a PostgreSQL', () => {
  let server: PostgresServer;
  let url: string;
  let stores: Store[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.dispose());
  beforeEach(async () => {
    url = await server.database();
    // All at once on an empty database: one of them makes the tables, and the others wait for it.
    stores = await Promise.all([1, 2, 3].map(() => openPostgresStore({ url, scheduler: processScheduler })));
  });
  afterEach(() => Promise.all(stores.map((store) => store.close())));

  const at = (n: number): Store => stores[n % stores.length] as Store;
  const place = (familyId = 'fam_1') => ({
    ...{ familyId, keyId: 'key_1', projectId: 'proj_1', organizationId: 'org_1' },
    ...{ requestId: 'req_0', actorId: 'root_1', at: 1_000 },
  });

  it('never charge an account below 0, nor a request id twice, nor two families in a ring', async () => {
    const families = ['fam_1', 'fam_2', 'fam_3'];
    for (const family of families) await at(0).credits.open(place(family), 300, null);
    let spent = 0;
    const orders = Array.from({ length: 1_200 }, (_, n) => ({
      ...{ familyId: families[n % 3] as string, keyId: 'key_1', credits: 1, at: 2_000 },
      // Each id is asked for on two nodes.
      requestId: `req_${n % 600 < 300 ? n : n - 300}`,
    }));
    await Promise.all(
      orders.map(async (order, n) => {
        // One after another within a worker, so that many transactions meet.
        await new Promise((resolve) => setTimeout(resolve, n % 40));
        const outcome = await at(n).spendCredits(order);
        if (outcome.result === 'spent' && !outcome.repeated) spent++;
      }),
    );
    const distinct = new Set(orders.map(({ familyId, requestId }) => `${familyId} ${requestId}`)).size;
    expect(spent).toBe(distinct);
    const balances = await Promise.all(families.map(async (family) => (await at(1).credits.get(family))?.balance ?? 0));
    expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(900 - distinct);
    expect(await at(2).credits.faults()).toEqual([]);
    const late = await Promise.all(
      Array.from({ length: 900 }, (_, n) =>
        at(n).spendCredits({ familyId: 'fam_1', keyId: 'key_1', credits: 1, at: 2_000, requestId: `late_${n}` }),
      ),
    );
    expect(late.filter(({ result }) => result === 'spent')).toHaveLength(balances[0] as number);
    expect((await at(0).credits.get('fam_1'))?.balance).toBe(0);
    expect(await at(0).credits.faults()).toEqual([]);
  });

  describe('that fight for one account', () => {
    const spend = (n: number, requestId: string, credits = 1, now = 2_000) =>
      at(n).spendCredits({ familyId: 'fam_1', keyId: 'key_1', credits, requestId, at: now });
    const escrowed = async (): Promise<number> => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const { rows } = await client.query('select escrowed from credit_accounts');
      await client.end();
      return Number(rows[0].escrowed);
    };
    /** Spends on all of them at once, again and again, until each has a block; resolves to what was spent. */
    const fight = async (): Promise<number> => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        for (let turn = 1; turn <= 200; turn++) {
          await Promise.all(stores.map((_, n) => spend(n, `${n} in turn ${turn}`)));
          const { rows } = await client.query('select count(*)::int as blocks from credit_blocks');
          if (rows[0].blocks === stores.length) return turn * stores.length;
        }
        throw new Error('They took no blocks.');
      } finally {
        await client.end();
      }
    };
    const balance = async (n: number) => (await at(n).credits.get('fam_1'))?.balance;

    it('debit blocks of it, and everybody sees what is left, at once', async () => {
      await at(0).credits.open(place(), 100_000, null);
      const spent = await fight();
      expect(await escrowed()).toBeGreaterThan(0);
      for (const n of [0, 1, 2]) expect(await balance(n)).toBe(100_000 - spent);
      expect(await spend(1, 'one more')).toMatchObject({ result: 'spent', balance: 100_000 - spent - 1 });
      expect(await balance(2)).toBe(100_000 - spent - 1);
      expect(await at(0).credits.faults()).toEqual([]);
      // Who reads the ledger finds every debit in it.
      const { rows } = await at(2).credits.entries('fam_1', { limit: 1, after: null });
      expect(rows[0]).toMatchObject({ sequence: spent + 2, kind: 'debit', balanceAfter: 100_000 - spent - 1 });
      expect(await escrowed()).toBe(0);
      expect(await at(0).credits.faults()).toEqual([]);
    });

    it('charge a request id once, whichever of them is asked and whether it lies in a block or in the ledger', async () => {
      await at(0).credits.open(place(), 100_000, null);
      const spent = await fight();
      const asked = Array.from({ length: 300 }, (_, n) => spend(n, `again ${n % 100}`));
      const outcomes = await Promise.all(asked);
      const first = outcomes.filter((outcome) => outcome.result === 'spent' && !outcome.repeated);
      expect(first).toHaveLength(100);
      expect(outcomes.every(({ result }) => result === 'spent')).toBe(true);
      expect(await balance(0)).toBe(100_000 - spent - 100);
      expect(await spend(1, 'again 7', 2)).toMatchObject({ result: 'mismatch' });
      expect(await at(2).credits.debitOf('fam_1', 'again 7')).toBe(1);
      expect(await at(2).credits.faults()).toEqual([]);
    });

    it('spend all of it and nothing beyond, though one of them is gone with its block', async () => {
      await at(0).credits.open(place(), 2_000, null);
      const spent = await fight();
      expect(await escrowed()).toBeGreaterThan(0);
      const [gone] = stores.splice(2, 1);
      await gone?.close();
      const outcomes = await Promise.all(Array.from({ length: 2_100 }, (_, n) => spend(n, `all ${n}`)));
      expect(outcomes.filter(({ result }) => result === 'spent')).toHaveLength(2_000 - spent);
      expect(await balance(0)).toBe(0);
      expect(await at(1).credits.faults()).toEqual([]);
    });

    it('close the blocks for whatever is more than a debit, and a refund finds its debit', async () => {
      const day = 86_400_000;
      await at(0).credits.open(place(), 100_000, { amount: 100_000, every: 'day' });
      const spent = await fight();
      await spend(0, 'to give back', 7);
      const order = { familyId: 'fam_1', keyId: 'key_1', requestId: 'to give back', at: 2_100 };
      expect(await at(1).refundCredits(order)).toMatchObject({ refunded: 7 });
      const set = await at(2).transaction((view) => view.credits.adjust(place(), { add: 5 }));
      expect(set).toMatchObject({ after: { balance: 100_005 - spent } });
      expect(await balance(0)).toBe(100_005 - spent);
      // A new day: the refill comes once, before any debit of the day.
      const outcomes = await Promise.all(Array.from({ length: 30 }, (_, n) => spend(n, `day ${n}`, 1, day)));
      expect(outcomes.every(({ result }) => result === 'spent')).toBe(true);
      expect(await balance(1)).toBe(100_000 - 30);
      const { rows } = await at(0).credits.entries('fam_1', { limit: 100, after: null });
      expect(rows.filter(({ kind }) => kind === 'refill')).toHaveLength(1);
      expect(await at(1).credits.faults()).toEqual([]);
    });

    it('leave no block open for long', async () => {
      await at(0).credits.open(place(), 100_000, null);
      await fight();
      await at(1).expireReservations(2_000 + BLOCK_MS, 100);
      expect(await escrowed()).toBe(0);
    });
  });

  it('refill once, and return a reservation once', async () => {
    const day = 86_400_000;
    await at(0).credits.open(place(), 60, { amount: 50, every: 'day' });
    const reserved = await at(0).reserveCredits({
      ...{ familyId: 'fam_1', keyId: 'key_1', credits: 40, requestId: 'r', at: 2_000 },
      ...{ id: 'res_1', expiresAt: day + 5, renew: false },
    });
    expect(reserved.result).toBe('reserved');
    const spends = stores.flatMap((store, n) =>
      Array.from({ length: 5 }, (_, turn) =>
        store.spendCredits({ familyId: 'fam_1', keyId: 'key_1', credits: 1, requestId: `${n}.${turn}`, at: day + 5 }),
      ),
    );
    const expiries = stores.map((store) => store.expireReservations(day + 5, 10));
    const settles = stores.map((store) =>
      store.settleReservation({ reservationId: 'res_1', settleAt: 10, actorId: 'a', at: day + 5 }),
    );
    await Promise.all([...spends, ...expiries, ...settles]);
    const { rows } = await at(0).credits.entries('fam_1', { limit: 100, after: null });
    const kinds = rows.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'refill')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'expire')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'settle')).toHaveLength(0);
    expect((await at(1).credits.get('fam_1'))?.balance).toBe(50 + 40 - 15);
    expect(await at(2).credits.faults()).toEqual([]);
  });

  it('change one after another: no update is lost, whichever of them makes it', async () => {
    await at(0).settings.set('n', '0');
    await Promise.all(
      Array.from({ length: 90 }, (_, n) =>
        at(n).transaction(async (view) => view.settings.set('n', String(Number(await view.settings.get('n')) + 1))),
      ),
    );
    expect(await at(1).settings.get('n')).toBe('90');
  });

  it('write the same counts, blocks and last uses in any order without standing in a ring', async () => {
    await at(0).organizations.insert(organization('org_1'));
    await at(0).projects.insert(project('proj_1'));
    const ids = Array.from({ length: 40 }, (_, n) => `key_${n}`);
    for (const id of ids) await at(0).keys.insert(key(id));
    const row = (keyId: string) => ({
      ...{ familyId: `fam_${keyId}`, keyId, projectId: 'proj_1', organizationId: 'org_1' },
      ...{ hour: 0, outcome: 'allowed', count: 1 },
    });
    await Promise.all(
      stores.flatMap((store, n) =>
        Array.from({ length: 10 }, async (_, turn) => {
          const mine = n % 2 === 0 ? ids : [...ids].reverse();
          await store.usage.add(
            mine.map(row),
            mine.map((keyId) => ({ keyId, at: turn, ip: null })),
          );
          await Promise.all(mine.map((id) => store.raiseDay(id, 1, n * 10 + turn)));
        }),
      ),
    );
    const counts = await at(0).usage.list({ from: 0, to: 1 });
    expect(counts.map(({ count }) => count)).toEqual(ids.map(() => 30));
    expect(await at(1).readDay('key_7', 1)).toBe(29);
    expect((await at(2).keys.get('key_7'))?.lastUsedAt).toBe(9);
  });

  describe('with an engine on each', () => {
    let engines: Latchkey[] = [];
    beforeEach(async () => {
      const ring = () => randomBytes(32).toString('base64');
      const secrets = { pepper: ring(), masterKey: ring(), rootKey: `lk_root_${'x'.repeat(40)}` };
      engines = await Promise.all(
        [1, 2].map(() => createLatchkey({ profile: 'suward', databaseUrl: url, ...secrets })),
      );
    });
    afterEach(() => Promise.all(engines.map((engine) => engine.close())));
    const faults = () => {
      const { store, vault, auditKey } = engine(0).engine.services;
      return auditFaults(store, vault, auditKey);
    };
    const engine = (n: number): Latchkey => engines[n % engines.length] as Latchkey;

    it('start at once as one installation: one root key, one list of tiers, one chain that is whole', async () => {
      const { data: rootKeys } = await engine(0).rootKeys.list({});
      expect(rootKeys).toHaveLength(1);
      const names = (await engine(1).tiers.list({})).data.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      expect(await faults()).toEqual([]);
    });

    it('do the work of one Idempotency-Key once: the others hear that it runs, then its answer, or that its outcome is lost', async () => {
      const { id: organizationId } = await engine(0).organizations.create({ name: 'Acme' });
      const { id: projectId } = await engine(0).projects.create({ organizationId, name: 'Main' });
      const work = { runs: 0, go: () => {} };
      const call = (n: number, idempotencyKey: string, body = 'body') =>
        engine(n).idempotent(
          {
            ...{ verification: { mode: 'live', project: { id: projectId } }, method: 'POST', path: '/v1/payments' },
            ...{ idempotencyKey, body },
          },
          async () => {
            work.runs++;
            await new Promise<void>((resolve) => {
              work.go = resolve;
            });
            return { status: 201, body: 'done' };
          },
        );
      // Both at the same instant, several times over: one runs.
      for (let round = 0; round < 8; round++) {
        const calls = [0, 1].map((n) => call(n, `race_${round}`));
        const other = await Promise.race(calls);
        expect(other.reason).toBe('idempotency_conflict');
        // The other may hear of it before the one has begun.
        await expect.poll(() => work.runs).toBe(round + 1);
        work.go();
        const ends = await Promise.all(calls);
        expect(ends.map(({ reason }) => reason).sort()).toEqual(['idempotency_conflict', null]);
        expect(work.runs).toBe(round + 1);
        for (const n of [0, 1]) {
          expect(await call(n, `race_${round}`)).toMatchObject({
            reason: null,
            replayed: true,
            reply: { status: 201 },
          });
          expect((await call(n, `race_${round}`, 'another')).reason).toBe('idempotency_mismatch');
        }
      }
      expect(work.runs).toBe(8);

      const turn = await engine(0).engine.services.idempotency.turn({
        ...{ projectId, mode: 'live', method: 'POST', path: '/v1/payments', query: '', body: 'body' },
        ...{ idempotencyKey: 'lost', upstreamIdempotent: false },
      });
      if (turn.act !== 'run') throw new Error(turn.act);
      expect(await turn.run.begin()).toBeNull();
      turn.run.sent();
      expect((await call(1, 'lost')).reason).toBe('idempotency_conflict');
      expect((await call(1, 'lost', 'another')).reason).toBe('idempotency_mismatch');
      await engine(0).close();
      const startedAt = performance.now();
      let reason: string | null = 'idempotency_conflict';
      while (reason !== 'idempotency_unknown' && performance.now() - startedAt < 30_000) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        ({ reason } = await call(1, 'lost'));
      }
      expect(reason).toBe('idempotency_unknown');
      expect(work.runs).toBe(8);
    });

    it('audit what both change at once without a gap, and swap a legacy key once', async () => {
      const { id: organizationId } = await engine(0).organizations.create({ name: 'Acme' });
      const { id: projectId } = await engine(1).projects.create({ organizationId, name: 'Main', keyModel: 'legacy' });
      await Promise.all(
        Array.from({ length: 40 }, (_, n) => engine(n).projects.create({ organizationId, name: `p${n}` })),
      );
      const made = await engine(0).keys.create({ projectId, name: 'k' });
      const swaps = await Promise.allSettled(
        Array.from({ length: 8 }, (_, n) => engine(n).keys.rotate({ keyId: made.key.id })),
      );
      expect(swaps.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const { data } = await engine(1).keys.list({ projectId });
      expect(data).toHaveLength(2);
      expect(data.filter(({ graceEndsAt, revokedAt }) => graceEndsAt === null && revokedAt === null)).toHaveLength(1);
      expect(await faults()).toEqual([]);
      const sequences = (await stores[0]?.audit.chain(organizationId, 1, 1_000))?.map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences?.map((_, n) => n + 1));
      expect(sequences?.length).toBeGreaterThan(42);
    });
  });
});
