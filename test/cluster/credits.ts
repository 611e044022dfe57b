// One crash run of credits on several nodes: clients spend on any of them while nodes, Redis and PostgreSQL are killed, and their list is held against the database.

import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { eventually } from '../e2e/window.js';
import { type CreditsOutcome, type Entry, judgeLedger, REFILL, type Spending, spendAll } from '../process/spending.js';
import type { Cluster } from './cluster.js';

export interface ClusterCreditsRun extends Spending {
  /** How often each is killed, at drawn moments. */
  kills: { node: number; redis: number; postgres: number };
}

export async function clusterCredits(
  cluster: Cluster,
  { kills, ...spending }: ClusterCreditsRun,
): Promise<CreditsOutcome> {
  const { nodes, rootKey } = cluster;
  let turn = 0;
  let killed = 0;
  const due = new Map<string, number>();
  const starting = new Set<number>();
  const victims = (Object.keys(kills) as (keyof typeof kills)[]).flatMap((victim) =>
    Array.from({ length: kills[victim] }, () => victim),
  );
  const { outcome, told } = await spendAll(spending, {
    api: cluster,
    async place() {
      // Retries go to another node than the first try.
      for (;;) {
        const node = nodes[turn++ % nodes.length];
        if (node?.runs && !starting.has(node.index)) return { controlPlane: node.controlPlane, rootKey };
        await sleep(nodes.some(({ runs, index }) => runs && !starting.has(index)) ? 0 : 20);
      }
    },
    async disturb(left, random) {
      const { spends } = spending;
      const all = victims.length;
      for (let kill = 1; victims.length > 0; kill++) {
        const from = spends - (spends * kill) / (all + 1);
        while (left() > from) await sleep(2);
        const [victim] = victims.splice(random.int(0, victims.length - 1), 1);
        await sleep(random.int(0, 60));
        killed++;
        if (victim === 'node') {
          const node = nodes[random.int(0, nodes.length - 1)] as (typeof nodes)[number];
          starting.add(node.index);
          await node.kill();
          await sleep(random.int(0, 500));
          await node.restart();
          starting.delete(node.index);
        } else {
          const server = cluster[victim as 'redis' | 'postgres'];
          await server.kill();
          await sleep(random.int(0, 500));
          await server.start();
        }
        await beginPeriod(cluster.databaseUrl, due);
      }
    },
  });
  outcome.kills = killed;
  // Escrowed blocks are closed in time, those of killed nodes by whoever is left; then the ledger has it all.
  await eventually('no block of any account is open', async () => (await openBlocks(cluster.databaseUrl)) === 0);
  const ledger = await withDatabase(cluster.databaseUrl, async (database) => {
    const { rows: entries } = await database.query('select * from credit_entries order by family_id, sequence');
    const { rows: accounts } = await database.query('select family_id, balance from credit_accounts');
    return {
      // PostgreSQL's bigint comes as text.
      entries: entries.map(
        (row): Entry => ({
          ...row,
          sequence: Number(row.sequence),
          amount: Number(row.amount),
          balance_after: Number(row.balance_after),
        }),
      ),
      balances: new Map(accounts.map(({ family_id, balance }) => [family_id, Number(balance)])),
    };
  });
  judgeLedger(ledger, told, due, outcome);
  return outcome;
}

/** While all serve: for an account that is well below its refill a day begins, once in the run. */
async function beginPeriod(url: string, due: Map<string, number>): Promise<void> {
  await withDatabase(url, async (database) => {
    const { rows } = await database.query(
      `update credit_accounts set refilled_period = refilled_period - 1 where family_id = (
         select family_id from credit_accounts where balance < $1 and not family_id = any($2) order by family_id limit 1
       ) and balance < $1 returning family_id`,
      [REFILL / 2, [...due.keys()]],
    );
    for (const { family_id } of rows) due.set(family_id, 1);
  });
}

const openBlocks = (url: string): Promise<number> =>
  withDatabase(url, async (database) => {
    const { rows } = await database.query('select count(*)::int as open from credit_blocks');
    return rows[0].open;
  });

async function withDatabase<T>(url: string, work: (database: pg.Client) => Promise<T>): Promise<T> {
  const database = new pg.Client(url);
  database.on('error', () => {});
  await database.connect();
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}
