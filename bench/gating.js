// `npm run bench:gating`: what leaving fields out of answers costs. The same gateway, the same answers, a key that sees all and one that does not, as ratios.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuMs, endAll, median, option, portOf, start, write } from './children.js';
import { load } from './load.js';
import { seedTiers } from './seed.js';

const ROUNDS = option('rounds', 5);
const SECONDS = option('seconds', 3);
const CONNECTIONS = option('connections', 32);
const WARMUP = option('warmup', 1);
const SIZES = [1, 10, 100];

const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
const secrets = {
  pepper: randomBytes(32).toString('base64'),
  masterKey: randomBytes(32).toString('base64'),
  rootKey: randomBytes(24).toString('hex'),
};

/** `hides`: how the answers tell that nothing hidden came through. */
const CONTENDERS = {
  ungated: { tier: 'studio', path: '/v1/creators', hides: false },
  gated: { tier: 'free', path: '/v1/creators', hides: true },
  'nothing to hide': { tier: 'free', path: '/v1/open', hides: true },
};

function measured(port, secret, { path, hides }, kilobytes) {
  const request = `GET ${path}/${kilobytes} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${secret}\r\n\r\n`;
  const check = (status, body) =>
    status === 200 &&
    body.endsWith('"end":true}') &&
    body.includes('contact_email') !== hides &&
    body.includes('"detail"') !== hides;
  return load({ port, connections: CONNECTIONS, seconds: SECONDS, warmup: WARMUP, next: () => ({ request, check }) });
}

async function main() {
  write(
    `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; ${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections`,
  );
  const keys = await seedTiers({ dataDir, tiers: ['free', 'studio'], ...secrets });
  const upstream = await start('servers/creators.js');
  const flags = ['--profile', 'swaypi', '--data-dir', dataDir, '--upstream', `http://127.0.0.1:${upstream.port}`];
  const quiet = ['--port', '0', '--gateway-port', '0', '--log-file', join(dataDir, 'latchkey.log'), '--json'];
  const latchkey = await start('../packages/server/bin/latchkey.js', ['serve', ...flags, ...quiet], {
    LATCHKEY_PEPPER: secrets.pepper,
    LATCHKEY_MASTER_KEY: secrets.masterKey,
    LATCHKEY_ROOT_KEY: secrets.rootKey,
  });
  const port = portOf(latchkey.gateway);
  let wrong = 0;
  for (const kilobytes of SIZES) {
    const results = Object.fromEntries(Object.keys(CONTENDERS).map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, contender] of Object.entries(CONTENDERS)) {
        const before = cpuMs(latchkey.pid);
        const result = await measured(port, keys[contender.tier], contender, kilobytes);
        const spent = before === null ? Number.NaN : cpuMs(latchkey.pid) - before;
        results[name].push({ ...result, cpuMs: spent / result.all });
        wrong += result.wrong;
        if (result.wrong > 0) write(`  ${name}: ${result.wrong} wrong answers, first: ${result.firstWrong}`);
      }
    }
    report(kilobytes, results);
  }
  write(`\nwrong answers: ${wrong}`);
  if (wrong > 0) process.exitCode = 1;
}

function report(kilobytes, results) {
  write(`\nanswers of ${kilobytes} KB`);
  for (const [name, rounds] of Object.entries(results)) {
    const ratios = rounds.map((round, at) => round.perSecond / results.ungated[at].perSecond).sort((a, b) => a - b);
    const middle = (figure) => median(rounds.map((round) => round[figure]));
    const cpu = `${middle('cpuMs').toFixed(2)} ms of processor each`;
    const figures = `${Math.round(middle('perSecond'))}/s  p50 ${middle('p50').toFixed(2)} ms  ${cpu}`;
    const ratio =
      name === 'ungated'
        ? ''
        : `  ${median(ratios).toFixed(2)} × ungated (${ratios[0].toFixed(2)}–${ratios.at(-1).toFixed(2)}), by processor time ${(median(results.ungated.map((round) => round.cpuMs)) / middle('cpuMs')).toFixed(2)}`;
    write(`  ${name.padEnd(18)} ${figures}${ratio}`);
  }
}

try {
  await main();
} finally {
  endAll();
  setTimeout(() => rmSync(dataDir, { recursive: true, force: true }), 1500);
}
