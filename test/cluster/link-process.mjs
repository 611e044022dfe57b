// The links of a cluster, in a process of their own, so that a busy client delays nothing between nodes and their servers. What the switches mean is said in link.ts.

import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

/** A simple query or a parsed one of PostgreSQL's protocol, or a command of Redis's. */
const LISTENS = /(?:^Q[\s\S]{4}|\0)\s*listen\s|\r\n[ps]?subscribe\r\n/i;
/** Nobody begins to listen later than this in a connection. */
const HEARD_AT_MOST = 65_536;
/** What waits in a slow direction before no more is read. */
const WAITING_AT_MOST = 262_144;

const ends = (flow) => flow === 'refuse' || flow === 'reset';
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function openLink(target) {
  const flows = { all: 'pass', bus: null };
  const pairs = new Set();
  const flowOf = ({ listens }) => (listens ? flows.bus : null) ?? flows.all;

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    if (flows.all === 'reset') return void client.on('error', () => {}).resetAndDestroy();
    const call = () => connect({ ...target, allowHalfOpen: true, noDelay: true });
    const pair = join(client, call, flowOf, () => pairs.delete(pair));
    pairs.add(pair);
    pair.apply();
  });
  const port = await listenSomewhere(server);

  return {
    port,
    async set(flow, which) {
      if (which === 'all') Object.assign(flows, { all: flow, bus: null });
      else flows.bus = flow;
      if (which === 'all') await (flow === 'refuse' ? unlisten(server) : listenAgain(server, port));
      for (const pair of [...pairs]) {
        if (ends(flowOf(pair))) pair.reset();
        else pair.apply();
      }
    },
    connections: (which) => [...pairs].filter(({ listens }) => which === 'all' || listens).length,
    async close() {
      for (const pair of [...pairs]) pair.reset();
      await unlisten(server);
    },
  };
}

/** Both sides of one connection. The server is called once something may move. */
function join(client, call, flowOf, over) {
  let server = null;
  let runs = [];
  let heard = 0;
  const reset = () => {
    over();
    for (const socket of [client, server]) if (socket !== null && !socket.destroyed) socket.resetAndDestroy();
  };
  const pair = {
    listens: false,
    reset,
    /** Looks again at what the switch says. */
    apply() {
      if (server === null && flowOf(pair) !== 'hang' && !client.destroyed) {
        server = call().on('error', reset);
        runs = [pump(client, server, () => flowOf(pair), listen), pump(server, client, () => flowOf(pair))];
      }
      for (const run of runs) run();
    },
  };
  const listen = (piece) => {
    if (pair.listens || heard > HEARD_AT_MOST) return;
    heard += piece.length;
    pair.listens = LISTENS.test(piece.toString('latin1'));
    if (pair.listens && ends(flowOf(pair))) reset();
  };
  // Ends are moved like pieces, in their turn; only what went wrong ends both sides at once.
  client.on('error', reset).on('close', over);
  return pair;
}

/** Moves one direction as the flow of the moment says, in order; the returned function goes on after a change of it. */
function pump(from, to, flow, look = () => {}) {
  const queue = [];
  let waiting = 0;
  let due = 0;
  let ended = false;
  let timer;

  const run = () => {
    clearTimeout(timer);
    if (flow() === 'hang' || to.destroyed) return void from.pause();
    const now = performance.now();
    while (queue.length > 0 && queue[0].due <= now) {
      const { piece } = queue.shift();
      waiting -= piece.length;
      to.write(piece);
    }
    if (queue.length > 0) timer = setTimeout(run, queue[0].due - now);
    else if (ended) to.end();
    if (waiting > WAITING_AT_MOST || to.writableNeedDrain) from.pause();
    else from.resume();
  };
  from.on('data', (piece) => {
    look(piece);
    const slow = flow();
    if (typeof slow === 'object') {
      const { latencyMs, bytesPerSecond = Infinity } = slow;
      due = Math.max(due, performance.now() + latencyMs) + (piece.length / bytesPerSecond) * 1000;
    }
    // What was slow before is not overtaken.
    queue.push({ piece, due });
    waiting += piece.length;
    run();
  });
  from.on('end', () => {
    ended = true;
    run();
  });
  to.on('drain', run);
  to.on('close', () => clearTimeout(timer));
  return run;
}

/** Below the ports that a system gives out by itself, so that the port of a link that refuses stays free. */
async function listenSomewhere(server) {
  for (;;) {
    const port = randomInt(10_000, 20_000);
    if (await listening(server, port)) return port;
  }
}

async function listenAgain(server, port) {
  if (server.listening) return;
  for (let attempt = 0; !(await listening(server, port)); attempt++) {
    if (attempt === 50) throw new Error(`port ${port} was taken while the link refused`);
    await sleep(20);
  }
}

const listening = (server, port) =>
  new Promise((resolve, reject) => {
    const failed = (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error));
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', failed);
      resolve(true);
    });
  });

const unlisten = (server) =>
  new Promise((resolve) => {
    if (!server.listening) return resolve();
    server.close();
    // The port is free at once; the callback of close would wait for open connections.
    setImmediate(resolve);
  });

const links = new Map();
const acts = {
  async open({ target }) {
    const link = await openLink(target);
    links.set(link.port, link);
    return link.port;
  },
  set: ({ port, flow, which }) => links.get(port).set(flow, which),
  connections: ({ port, which }) => links.get(port).connections(which),
  async close({ port }) {
    await links.get(port)?.close();
    links.delete(port);
  },
};
process.on('message', async ({ id, act, ...words }) => {
  try {
    process.send({ id, answer: await acts[act](words) });
  } catch (error) {
    process.send({ id, error: error.message });
  }
});
// Whoever asked for the links is gone. A Ctrl-C reaches all of a terminal's processes; the links stay until that one is done.
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => {});
