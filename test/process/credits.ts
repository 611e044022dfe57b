// One crash run of credits: outside clients spend at a server that is killed at drawn moments, and the clients' own list is held against its file.

import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { LatchkeyProcess } from '../e2e/server.js';
import { installation } from './command.js';
import { type CreditsOutcome, type Entry, judgeLedger, REFILL, type Spending, spendAll } from './spending.js';

export { summary } from './spending.js';

export interface CreditsRun extends Spending {
  kills: number;
}

export async function creditsRun({ kills, ...spending }: CreditsRun): Promise<CreditsOutcome> {
  const place = installation('credits', { profile: 'textgen' });
  let server: LatchkeyProcess = await place.serve();
  const due = new Map<string, number>();
  let restarting: Promise<void> | null = null;
  let killed = 0;
  const { outcome, told } = await spendAll(spending, {
    api: server,
    async place() {
      if (restarting) await restarting;
      return server;
    },
    async disturb(left, random) {
      const { spends } = spending;
      for (let kill = 1; kill <= kills; kill++) {
        const from = spends - (spends * kill) / (kills + 1);
        while (left() > from) await new Promise((resolve) => setTimeout(resolve, 1));
        await new Promise((resolve) => setTimeout(resolve, random.int(0, 60)));
        let done = (): void => {};
        const dead = server;
        restarting = new Promise((resolve) => {
          done = resolve;
        });
        await dead.kill();
        killed++;
        beginPeriod(place.dataDir, random.int(0, 1), due);
        server = await dead.restart();
        restarting = null;
        done();
      }
    },
  });
  outcome.kills = killed;
  await server.stop();
  judgeLedger(ledgerOf(place.dataDir), told, due, outcome);
  const { json } = await place.local('doctor', '--json');
  for (const { check, good, detail } of json.findings as { check: string; good: boolean; detail: string }[])
    if (!good) outcome.faults.push(`doctor, ${check}: ${detail}`);
  return outcome;
}

const open = (dataDir: string): InstanceType<typeof DatabaseSync> => new DatabaseSync(join(dataDir, 'latchkey.sqlite'));

/** While nobody serves: for every second account a day begins. Counts those that have something to be refilled. */
function beginPeriod(dataDir: string, parity: number, due: Map<string, number>): void {
  const file = open(dataDir);
  try {
    const accounts = file.prepare('select family_id, balance from credit_accounts order by family_id').all() as {
      family_id: string;
      balance: number;
    }[];
    for (const [at, { family_id, balance }] of accounts.entries()) {
      if (at % 2 !== parity) continue;
      file
        .prepare('update credit_accounts set refilled_period = refilled_period - 1 where family_id = ?')
        .run(family_id);
      if (balance < REFILL) due.set(family_id, (due.get(family_id) ?? 0) + 1);
    }
  } finally {
    file.close();
  }
}

/** What is on the disk, read by no code of the server's. */
function ledgerOf(dataDir: string): { entries: Entry[]; balances: Map<string, number> } {
  const file = open(dataDir);
  const entries = file.prepare('select * from credit_entries order by family_id, sequence').all() as unknown as Entry[];
  const accounts = file.prepare('select family_id, balance from credit_accounts').all() as {
    family_id: string;
    balance: number;
  }[];
  file.close();
  return { entries, balances: new Map(accounts.map(({ family_id, balance }) => [family_id, balance])) };
}
