// `npm run cluster`: PostgreSQL, Redis and some nodes on loopback for somebody who wants to see what fails how. Commands come on standard input.
// `--nodes=N`, `--json` (one JSON object per line). Ctrl-C ends everything that was started.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createViteServer } from 'vitest/node';
import { createExample } from '../examples/textgen/server.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const json = process.argv.includes('--json');
const count = Number(process.argv.find((word) => word.startsWith('--nodes='))?.slice(8) ?? 3);
const home = mkdtempSync(join(tmpdir(), 'latchkey-cluster-'));
// Whatever the parts write, they write below this.
process.env.LATCHKEY_TEST_ROOT = home;

const closers = [() => rmSync(home, { recursive: true, force: true })];
let closing = null;
const close = () => {
  closing ??= (async () => {
    for (const end of closers.splice(0).reverse()) await Promise.resolve(end()).catch(() => {});
  })();
  return closing;
};

const note = (line) => console.error(line);
const write = (lines, data) => console.log(json ? JSON.stringify(data) : lines.join('\n'));

function usage() {
  if (Number.isInteger(count) && count >= 1 && count <= 20) return;
  throw new Error('--nodes takes a whole number from 1 to 20.');
}

/** The tests' own harness; it is TypeScript, so it is loaded as the tests load it. */
async function harness() {
  const vite = await createViteServer({
    ...{ root, configFile: false, logLevel: 'error', appType: 'custom' },
    server: { middlewareMode: true, watch: null, hmr: false, ws: false },
    optimizeDeps: { noDiscovery: true, include: [] },
  });
  closers.push(() => vite.close());
  const load = (file) => vite.ssrLoadModule(`/test/cluster/${file}.ts`);
  return { ...(await load('cluster')), ...(await load('console')) };
}

function exampleUpstream() {
  const server = createExample();
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}

function greeting(cluster, { key, projectId, help }, upstream) {
  const [node] = cluster.nodes;
  return [
    '',
    ...cluster.nodes.map(
      ({ index, gateway, controlPlane }) =>
        `  node ${index + 1}      gateway ${gateway}  control plane ${controlPlane}`,
    ),
    `  PostgreSQL  ${cluster.databaseUrl.replace(/:[^:@/]+@/, ':…@')}`,
    `  Redis       ${cluster.redis.url}`,
    `  upstream    ${upstream}`,
    '',
    `  root key    ${cluster.rootKey}`,
    `  project     ${projectId}`,
    `  key         ${key.secret}`,
    '',
    `  curl ${node.gateway}/v1/resources/res_1 -H 'Authorization: Bearer ${key.secret}'`,
    `  curl ${node.controlPlane}/v1/keys/verify -H 'Authorization: Bearer ${cluster.rootKey}' -H 'Content-Type: application/json' -d '{"secret":"${key.secret}"}'`,
    `  curl -X POST ${node.controlPlane}/v1/keys/${key.id}/revoke -H 'Authorization: Bearer ${cluster.rootKey}' -H 'Content-Type: application/json' -d '{}'`,
    '',
    ...help(),
    '',
    'Ctrl-C ends everything.',
  ];
}

/** One line at a time, in the order they came; resolves at `quit`. The end of the input alone ends nothing. */
async function listen(console_) {
  const lines = createInterface({ input: process.stdin, terminal: false });
  closers.push(() => lines.close());
  const prompt = () => process.stdin.isTTY && !json && process.stdout.write('> ');
  prompt();
  for await (const line of lines) {
    const word = line.trim().toLowerCase();
    if (['quit', 'q', 'exit'].includes(word)) return;
    if (['help', '?'].includes(word)) write(console_.help(), { command: line, ok: true, help: console_.help() });
    else if (word !== '') {
      const said = await console_.say(line);
      write(said.lines, { command: line, ...said });
    }
    prompt();
  }
  await new Promise(() => {});
}

for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    note(json ? '' : '\nEnding what was started.');
    close().then(() => process.exit(0));
  });

try {
  usage();
  const { startCluster, lacking, openConsole } = await harness();
  const missing = lacking();
  if (missing.length > 0) throw new Error(missing.join('\n'));
  const upstream = await exampleUpstream();
  const cluster = await startCluster({ nodes: count, upstream, onStep: (words) => note(`Starting ${words} …`) });
  closers.push(() => cluster.close());
  const console_ = await openConsole(cluster);
  closers.push(() => console_.close());
  write(greeting(cluster, console_, upstream), {
    nodes: cluster.nodes.map(({ gateway, controlPlane }) => ({ gateway, controlPlane })),
    postgres: cluster.databaseUrl.replace(/:[^:@/]+@/, ':…@'),
    redis: cluster.redis.url,
    upstream,
    rootKey: cluster.rootKey,
    projectId: console_.projectId,
    key: console_.key,
  });
  await listen(console_);
  await close();
  process.exit(0);
} catch (error) {
  // What a Ctrl-C interrupted is no failure.
  const failed = closing === null;
  if (failed) note(error.message);
  await close();
  process.exit(failed ? 1 : 0);
}
