// One node of the bench of credits: spends from one account for so many seconds, by Latchkey's store or by a transaction for each spend.
import { createRequire } from 'node:module';
import { processScheduler } from '../../packages/server/dist/scheduler.js';
import { openPostgresStore } from '../../packages/server/dist/store/open-postgres.js';

const { Pool } = createRequire(new URL('../../packages/server/package.json', import.meta.url))('pg');
const [kind, url, node, callers, seconds] = process.argv.slice(2);

const KINDS = {
  async latchkey() {
    const store = await openPostgresStore({ url, scheduler: processScheduler });
    // As a served node does: what is over is closed, and gets its entries.
    const closing = setInterval(() => void store.expireReservations(Date.now(), 100), 2_000);
    return {
      async spend(requestId) {
        const order = { familyId: 'fam_1', keyId: 'key_1', credits: 1, requestId, at: Date.now() };
        return (await store.spendCredits(order)).result === 'spent';
      },
      async close() {
        clearInterval(closing);
        await store.close();
      },
    };
  },
  async plain() {
    const pool = new Pool({ connectionString: url, max: 8 });
    return {
      async spend(requestId) {
        const client = await pool.connect();
        try {
          await client.query('begin');
          await client.query('insert into plain_debits (request_id, credits) values ($1, 1)', [requestId]);
          const { rowCount } = await client.query(
            "update plain_accounts set balance = balance - 1 where id = 'fam_1' and balance >= 1",
          );
          await client.query(rowCount === 1 ? 'commit' : 'rollback');
          return rowCount === 1;
        } finally {
          client.release();
        }
      },
      close: () => pool.end(),
    };
  },
};

const { spend, close } = await KINDS[kind]();
await spend(`warm ${node}`);
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
await new Promise((resolve) => process.stdin.once('data', resolve));
const end = performance.now() + Number(seconds) * 1_000;
const waits = [];
let next = 0;
let spent = 1;
await Promise.all(
  Array.from({ length: Number(callers) }, async () => {
    while (performance.now() < end) {
      const sent = performance.now();
      if (await spend(`${node}.${next++}`)) spent++;
      waits.push(performance.now() - sent);
    }
  }),
);
await close();
waits.sort((a, b) => a - b);
const at = (part) => waits[Math.floor((waits.length - 1) * part)] ?? 0;
process.stdout.write(`${JSON.stringify({ spent, p50: at(0.5), p99: at(0.99) })}\n`, () => process.exit(0));
