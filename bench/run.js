// `npm run bench`: verify and gateway against ceilings and like-for-like peers, in one run, as ratios. Rounds take turns so that noise falls on all.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { endAll, median, option, portOf, start, write } from './children.js';
import { load } from './load.js';
import { seed } from './seed.js';

const KEYS = option('keys', 10_000);
const ROUNDS = option('rounds', 5);
const SECONDS = option('seconds', 4);
const CONNECTIONS = option('connections', 64);
const WARMUP = option('warmup', 1);

const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
const secrets = {
  pepper: randomBytes(32).toString('base64'),
  masterKey: randomBytes(32).toString('base64'),
  rootKey: randomBytes(24).toString('hex'),
};

const pick = { even: (keys) => keys[Math.floor(Math.random() * keys.length)], hot: (keys) => keys[0] };

const verifyRequest = ({ secret }) => {
  const body = JSON.stringify({ secret, request: { method: 'GET', path: '/v1/creators/cr_1001' } });
  return `POST /v1/keys/verify HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${secrets.rootKey}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};
const gatewayRequest = ({ secret }) =>
  `GET /v1/creators/cr_1001 HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${secret}\r\n\r\n`;

function measured(name, port, surface) {
  const request = surface === 'verify' ? verifyRequest : gatewayRequest;
  return (keys, choice) =>
    load({
      port,
      connections: CONNECTIONS,
      seconds: SECONDS,
      warmup: WARMUP,
      next() {
        const key = pick[choice](keys);
        const knowsKeys = surface === 'verify' && !name.startsWith('bare');
        return {
          request: request(key),
          check: (status, body) =>
            status === 200 &&
            (surface === 'verify'
              ? body.includes('"valid":true') && (!knowsKeys || body.includes(key.id))
              : body.includes('pixelpantry')),
        };
      },
    });
}

async function main() {
  write(
    `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; ${KEYS} keys, ${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections`,
  );
  write('making keys …');
  const keys = await seed({ dataDir, count: KEYS, ...secrets });
  const upstream = await start('servers/upstream.js', []);
  const upstreamUrl = `http://127.0.0.1:${upstream.port}`;
  const flags = [
    '--profile',
    'swaypi',
    '--data-dir',
    dataDir,
    '--upstream',
    upstreamUrl,
    '--port',
    '0',
    '--gateway-port',
    '0',
    '--log-file',
    join(dataDir, 'latchkey.log'),
    '--json',
  ];
  const env = {
    LATCHKEY_PEPPER: secrets.pepper,
    LATCHKEY_MASTER_KEY: secrets.masterKey,
    LATCHKEY_ROOT_KEY: secrets.rootKey,
  };
  const latchkey = await start('../packages/server/bin/latchkey.js', ['serve', ...flags], env);
  const contenders = {
    verify: {
      'bare node:http': (await start('servers/bare-http.js', [])).port,
      latchkey: portOf(latchkey.controlPlane),
      'fastify + rate-limiter-flexible + sqlite': (await start('servers/peer.js', ['verify', dataDir], env)).port,
    },
    gateway: {
      'bare undici proxy': (await start('servers/bare-proxy.js', [upstreamUrl])).port,
      latchkey: portOf(latchkey.gateway),
      '@fastify/http-proxy + rate-limiter-flexible + sqlite': (
        await start('servers/peer.js', ['proxy', dataDir, upstreamUrl])
      ).port,
    },
  };
  let wrong = 0;
  for (const [surface, ports] of Object.entries(contenders)) {
    for (const choice of ['even', 'hot']) {
      const results = Object.fromEntries(Object.keys(ports).map((name) => [name, []]));
      for (let round = 0; round < ROUNDS; round++) {
        for (const [name, port] of Object.entries(ports)) {
          const result = await measured(name, port, surface)(keys, choice);
          results[name].push(result);
          wrong += result.wrong;
          if (result.wrong > 0) write(`  ${name}: ${result.wrong} wrong answers, first: ${result.firstWrong}`);
        }
      }
      report(surface, choice, results);
    }
  }
  write(`\nwrong answers: ${wrong}`);
  if (wrong > 0) process.exitCode = 1;
}

function report(surface, choice, results) {
  write(`\n${surface}, ${choice === 'even' ? `${KEYS} keys evenly` : 'one hot key'}`);
  for (const [name, rounds] of Object.entries(results)) {
    const ratios = rounds.map((round, at) => results.latchkey[at].perSecond / round.perSecond).sort((a, b) => a - b);
    const figures = `${Math.round(median(rounds.map((round) => round.perSecond)))}/s  p50 ${median(rounds.map((round) => round.p50)).toFixed(2)} ms  p99 ${median(rounds.map((round) => round.p99)).toFixed(2)} ms`;
    const ratio =
      name === 'latchkey'
        ? ''
        : `  latchkey is ${median(ratios).toFixed(2)} × (${ratios[0].toFixed(2)}–${ratios.at(-1).toFixed(2)})`;
    write(`  ${name.padEnd(52)} ${figures}${ratio}`);
  }
}

try {
  await main();
} finally {
  endAll();
  setTimeout(() => rmSync(dataDir, { recursive: true, force: true }), 1500);
}
