// `npm run bench:keys`: what ten thousand, a hundred thousand, a million keys cost: latency and throughput of verify, memory, disk, start.
// The servers of all sizes stand side by side and take turns, so that noise falls on all; ratios are to the smallest.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDatabase, secretAt } from './bulk-keys.js';
import { endAll, median, option, portOf, start, write } from './children.js';
import { load } from './load.js';
import { openPostgres } from './postgres.js';

const text = (name, fallback) => process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? fallback;
const SIZES = text('sizes', '10000,100000,1000000').split(',').map(Number);
const ROUNDS = option('rounds', 3);
const SECONDS = option('seconds', 2);
const CONNECTIONS = option('connections', 32);
const CACHE_MB = option('cache-mb', 128);
/** How many keys are asked for before memory is looked at. */
const FILL = option('fill', 100_000);
const DATABASE = text('database', 'sqlite');
const JSON_ONLY = process.argv.includes('--json');
/** Keys that are asked for again and again; any cache holds them. */
const HOT = 1_000;

const home = mkdtempSync(join(text('dir', tmpdir()), 'latchkey-keys-'));
const secrets = {
  pepper: randomBytes(32).toString('base64'),
  masterKey: randomBytes(32).toString('base64'),
  rootKey: randomBytes(24).toString('hex'),
};
const say = (line) => JSON_ONLY || write(line);
const seconds = (since) => (performance.now() - since) / 1000;

/** A walk over all keys that comes by none twice before it has seen all: each step is far from the one before. */
function walk(count) {
  let step = Math.floor(count * 0.618) | 1;
  const gcd = (a, b) => (b === 0 ? a : gcd(b, a % b));
  while (gcd(step, count) !== 1) step += 2;
  let at = Math.floor(Math.random() * count);
  return () => {
    at = (at + step) % count;
    return at;
  };
}

const residentBytes = (pid) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

async function figures(port) {
  const lines = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const of = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(lines)?.[1]);
  return { keys: of('latchkey_keys_cached'), bytes: of('latchkey_cache_bytes') };
}

const directoryBytes = (dir) =>
  readdirSync(dir)
    .filter((name) => name.startsWith('latchkey.sqlite'))
    .reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);

/** One database with its server: how it is asked, and what became known of it. */
async function contender(count, postgres) {
  const beganAt = performance.now();
  const dataDir = join(home, String(count));
  const where = postgres === null ? { dataDir } : { databaseUrl: await postgres.database() };
  const prefix = await makeDatabase({ count, where, secrets });
  const databaseBytes = postgres === null ? directoryBytes(dataDir) : await postgres.size(where.databaseUrl);
  say(`${count} keys: made in ${seconds(beganAt).toFixed(0)} s, ${(databaseBytes / 1e6).toFixed(0)} MB`);

  const flags = ['--profile', 'swaypi', '--data-dir', dataDir, '--port', '0', '--gateway-port', '0', '--json'];
  const env = {
    LATCHKEY_PEPPER: secrets.pepper,
    LATCHKEY_MASTER_KEY: secrets.masterKey,
    LATCHKEY_ROOT_KEY: secrets.rootKey,
    LATCHKEY_CACHE_MB: String(CACHE_MB),
    LATCHKEY_LOG_FILE: join(home, `${count}.log`),
    ...(where.databaseUrl && { DATABASE_URL: where.databaseUrl }),
  };
  const startedAt = performance.now();
  const server = await start('../packages/server/bin/latchkey.js', ['serve', ...flags], env);
  const startSeconds = seconds(startedAt);
  const port = portOf(server.controlPlane);

  const next = walk(count);
  let strangers = count - HOT;
  const pick = {
    /** Never asked for before, as long as there are such. */
    cold() {
      if (--strangers < 0) return null;
      for (;;) {
        const at = next();
        if (at >= HOT) return at;
      }
    },
    hot: () => Math.floor(Math.random() * Math.min(HOT, count)),
    all: () => Math.floor(Math.random() * count),
  };
  const ask = (choice, connections, length, most = Infinity) => {
    let left = most;
    return load({
      ...{ port, connections, seconds: length, warmup: 0 },
      next() {
        left--;
        const at = left < 0 ? null : pick[choice]();
        if (at === null) return null;
        const secret = secretAt(prefix, at);
        const body = JSON.stringify({ secret });
        return {
          request: `POST /v1/keys/verify HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${secrets.rootKey}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
          check: (status, answer) => status === 200 && answer.includes('"valid":true'),
        };
      },
    });
  };
  const rounds = Object.fromEntries(KINDS.map(([kind]) => [kind, []]));
  return { count, pid: server.pid, port, ask, databaseBytes, startSeconds, rounds, wrong: 0, memory: null };
}

const KINDS = [
  ['warm', 'hot', 1],
  ['cold', 'cold', 1],
  ['warmMany', 'hot', CONNECTIONS],
  ['allMany', 'all', CONNECTIONS],
];

async function measure(contenders) {
  for (let round = -1; round < ROUNDS; round++) {
    for (const [kind, choice, connections] of KINDS) {
      for (const one of contenders) {
        // Of the cold ones no more than leaves as many for the rounds to come.
        const most = choice === 'cold' ? Math.floor((one.count - HOT) / (ROUNDS + 1)) : Infinity;
        const result = await one.ask(choice, connections, round < 0 ? 1 : SECONDS, most);
        one.wrong += result.wrong;
        if (result.wrong > 0) say(`  ${one.count}: ${result.wrong} wrong answers, first: ${result.firstWrong}`);
        // The first round is for the compiler of the engine below.
        if (round >= 0) one.rounds[kind].push(result);
      }
    }
  }
}

/** Keys are asked for until the cache holds so many, or all it can; what that adds to the process is what a key takes. */
async function measureMemory(one) {
  const before = { rss: residentBytes(one.pid), ...(await figures(one.port)) };
  const wanted = Math.min(FILL, one.count);
  let now = before;
  for (let tries = 0; tries < 30 && now.keys < 0.99 * wanted; tries++) {
    const had = now.keys;
    await one.ask('all', CONNECTIONS, 2);
    now = { rss: residentBytes(one.pid), ...(await figures(one.port)) };
    if (now.keys <= had) break;
  }
  one.memory = { rss: now.rss, cachedKeys: now.keys, cacheBytes: now.bytes };
}

function rowOf(one) {
  const middle = (kind, figure) => median(one.rounds[kind].map((round) => round[figure]));
  return {
    keys: one.count,
    warm: { p50: middle('warm', 'p50'), p99: middle('warm', 'p99') },
    cold: { p50: middle('cold', 'p50'), p99: middle('cold', 'p99') },
    warmPerSecond: middle('warmMany', 'perSecond'),
    allPerSecond: middle('allMany', 'perSecond'),
    databaseBytes: one.databaseBytes,
    databaseBytesPerKey: one.databaseBytes / one.count,
    startSeconds: one.startSeconds,
    residentBytes: one.memory.rss,
    cachedKeys: one.memory.cachedKeys,
    cacheBytesPerKey: one.memory.cacheBytes / one.memory.cachedKeys,
    wrong: one.wrong,
  };
}

function table(rows) {
  const [base] = rows;
  const times = (row, of) => `${of(row).toFixed(2)} ms (${(of(row) / of(base)).toFixed(2)} ×)`;
  const rate = (row, of) => `${Math.round(of(row))}/s (${(of(row) / of(base)).toFixed(2)} ×)`;
  const mega = (bytes) => `${Math.round(bytes / 1e6)} MB`;
  const lines = [
    ['keys', (row) => row.keys.toLocaleString('en-US')],
    ['warm p50', (row) => times(row, ({ warm }) => warm.p50)],
    ['warm p99', (row) => times(row, ({ warm }) => warm.p99)],
    ['cold p50', (row) => times(row, ({ cold }) => cold.p50)],
    ['cold p99', (row) => times(row, ({ cold }) => cold.p99)],
    [`${HOT.toLocaleString('en-US')} hot keys`, (row) => rate(row, (one) => one.warmPerSecond)],
    ['all keys evenly', (row) => rate(row, (one) => one.allPerSecond)],
    ['database', (row) => `${mega(row.databaseBytes)}, ${Math.round(row.databaseBytesPerKey)} B a key`],
    ['start', (row) => `${row.startSeconds.toFixed(2)} s`],
    ['keys in the cache', (row) => row.cachedKeys.toLocaleString('en-US')],
    ['cache, a key', (row) => `${Math.round(row.cacheBytesPerKey)} B`],
    ['process', (row) => mega(row.residentBytes)],
  ];
  write(`\n| ${lines[0][0]} | ${rows.map(lines[0][1]).join(' | ')} |`);
  write(`|---${'|---'.repeat(rows.length)}|`);
  for (const [name, of] of lines.slice(1)) write(`| ${name} | ${rows.map(of).join(' | ')} |`);
}

async function main() {
  say(
    `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; ${DATABASE}, ${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections, ${CACHE_MB} MB for the cache`,
  );
  const postgres = DATABASE === 'postgres' ? await openPostgres() : null;
  try {
    const contenders = [];
    for (const count of SIZES) contenders.push(await contender(count, postgres));
    await measure(contenders);
    for (const one of contenders) await measureMemory(one);
    const rows = contenders.map(rowOf);
    if (JSON_ONLY) write(JSON.stringify({ database: DATABASE, node: process.version, rows }));
    else table(rows);
    const wrong = rows.reduce((sum, row) => sum + row.wrong, 0);
    say(`\nwrong answers: ${wrong}`);
    if (wrong > 0) process.exitCode = 1;
  } finally {
    endAll();
    await postgres?.dispose();
  }
}

try {
  await main();
} finally {
  endAll();
  setTimeout(() => rmSync(home, { recursive: true, force: true }), 1500);
}
