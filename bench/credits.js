// `npm run bench:credits`: several nodes spend from one account on PostgreSQL, by Latchkey and by a transaction for each spend, taking turns.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { processScheduler } from '../packages/server/dist/scheduler.js';
import { openPostgresStore } from '../packages/server/dist/store/open-postgres.js';
import { median, option, write } from './children.js';
import { openPostgres } from './postgres.js';

const { Client } = createRequire(new URL('../packages/server/package.json', import.meta.url))('pg');
const ROUNDS = option('rounds', 3);
const SECONDS = option('seconds', 4);
const CALLERS = option('callers', 64);
const NODES = [1, 3, 6];
const BALANCE = 1_000_000_000;
const SPENDER = fileURLToPath(new URL('./servers/spender.js', import.meta.url));

/** A node of its own process: told to go, it resolves to what it did. */
async function startNode(kind, url, node) {
  const child = spawn(process.execPath, [SPENDER, kind, url, node, CALLERS, SECONDS].map(String), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  await next();
  return () => {
    child.stdin.write('go\n');
    return next();
  };
}

const ACCOUNTS = {
  async latchkey(url) {
    const store = await openPostgresStore({ url, scheduler: processScheduler });
    const place = { familyId: 'fam_1', keyId: 'key_1', projectId: 'proj_1', organizationId: 'org_1' };
    await store.credits.open({ ...place, requestId: 'opened', actorId: 'bench', at: Date.now() }, BALANCE, null);
    return async () => {
      await store.credits.entries('fam_1', { limit: 1, after: null });
      const { balance, entries } = await store.credits.get('fam_1');
      const faults = await store.credits.faults();
      await store.close();
      return { balance, lines: entries - 1, faults: faults.length };
    };
  },
  async plain(url) {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('create table plain_accounts (id text primary key, balance bigint not null)');
    await client.query('create table plain_debits (request_id text primary key, credits bigint not null)');
    await client.query(`insert into plain_accounts values ('fam_1', ${BALANCE})`);
    return async () => {
      const { rows } = await client.query(
        'select balance::float8 as balance, (select count(*)::int from plain_debits) as lines from plain_accounts',
      );
      await client.end();
      return { ...rows[0], faults: 0 };
    };
  },
};

async function measured(kind, nodes, server) {
  const url = await server.database();
  const judge = await ACCOUNTS[kind](url);
  const started = [];
  for (let node = 0; node < nodes; node++) started.push(await startNode(kind, url, node));
  const told = await Promise.all(started.map((go) => go()));
  const spent = told.reduce((sum, one) => sum + one.spent, 0);
  const { balance, lines, faults } = await judge();
  if (BALANCE - balance !== spent || lines !== spent || faults > 0)
    throw new Error(`${kind}: ${spent} spent, ${BALANCE - balance} gone, ${lines} lines, ${faults} faults`);
  return {
    rate: spent / SECONDS,
    p50: median(told.map(({ p50 }) => p50)),
    p99: Math.max(...told.map(({ p99 }) => p99)),
  };
}

// As in earnest: a commit waits for the disk.
const server = await openPostgres({ fsync: 'on', synchronous_commit: 'on' });
try {
  write(
    `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; ${ROUNDS} rounds of ${SECONDS} s, ${CALLERS} callers on each node`,
  );
  for (const nodes of NODES) {
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++)
      rounds.push({
        latchkey: await measured('latchkey', nodes, server),
        plain: await measured('plain', nodes, server),
      });
    for (const kind of ['latchkey', 'plain']) {
      const of = (name) => median(rounds.map((round) => round[kind][name]));
      write(
        `${nodes} nodes, ${kind.padEnd(8)} ${Math.round(of('rate'))}/s  p50 ${of('p50').toFixed(1)} ms  p99 ${of('p99').toFixed(1)} ms`,
      );
    }
    const ratios = rounds.map(({ latchkey, plain }) => latchkey.rate / plain.rate);
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
    write(`${nodes} nodes, latchkey is ${median(ratios).toFixed(2)} × (${least}–${most})`);
  }
} finally {
  await server.dispose();
}
process.exit(0);
