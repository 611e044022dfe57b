// A TCP link on loopback between a node and a server that it needs, with a switch. It reads what it moves only to tell which connections listen.

import { randomInt } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * `pass` moves everything at once. `refuse`: nobody listens, what was open is reset. `hang`: connections are accepted and stay,
 * and nothing moves, not even their ends. `reset`: connections are accepted and reset. An object is slow: each piece arrives
 * that much later, and each direction of a connection moves at most so many bytes a second.
 */
export type Flow = 'pass' | 'refuse' | 'hang' | 'reset' | { latencyMs: number; bytesPerSecond?: number };

/** `bus`: the connections that were heard to LISTEN or SUBSCRIBE, and those only. */
export type Which = 'all' | 'bus';

export interface Link {
  readonly port: number;
  /** Holds for open connections and for those to come. `all` forgets what was set for `bus`. */
  set(flow: Flow, which?: Which): Promise<void>;
  flow(which?: Which): Flow;
  /** How many are open on the client's side. */
  connections(which?: Which): number;
  close(): Promise<void>;
}

/** A simple query or a parsed one of PostgreSQL's protocol, or a command of Redis's. */
const LISTENS = /(?:^Q[\s\S]{4}|\0)\s*listen\s|\r\n[ps]?subscribe\r\n/i;
/** Nobody begins to listen later than this in a connection. */
const HEARD_AT_MOST = 65_536;
/** What waits in a slow direction before no more is read. */
const WAITING_AT_MOST = 262_144;

interface Pair {
  /** Looks again at what the switch says. */
  apply(): void;
  reset(): void;
  listens: boolean;
}

export async function openLink(target: { host: string; port: number }): Promise<Link> {
  const flows: { all: Flow; bus: Flow | null } = { all: 'pass', bus: null };
  const pairs = new Set<Pair>();
  const flowOf = ({ listens }: Pair): Flow => (listens ? flows.bus : null) ?? flows.all;

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    if (flows.all === 'reset') return void client.on('error', () => {}).resetAndDestroy();
    const pair = join(
      client,
      () => connect({ ...target, allowHalfOpen: true, noDelay: true }),
      flowOf,
      () => pairs.delete(pair),
    );
    pairs.add(pair);
    pair.apply();
  });
  const port = await listenSomewhere(server);

  return {
    port,
    async set(flow, which = 'all') {
      if (which === 'all') Object.assign(flows, { all: flow, bus: null });
      else flows.bus = flow;
      if (which === 'all') await (flow === 'refuse' ? unlisten(server) : listenAgain(server, port));
      for (const pair of [...pairs]) {
        if (['refuse', 'reset'].includes(flowOf(pair) as string)) pair.reset();
        else pair.apply();
      }
    },
    flow: (which = 'all') => (which === 'bus' ? flows.bus : null) ?? flows.all,
    connections: (which = 'all') => [...pairs].filter(({ listens }) => which === 'all' || listens).length,
    async close() {
      for (const pair of [...pairs]) pair.reset();
      await unlisten(server);
    },
  };
}

/** Both sides of one connection. The server is called once something may move. */
function join(client: Socket, call: () => Socket, flowOf: (pair: Pair) => Flow, over: () => void): Pair {
  let server: Socket | null = null;
  let runs: (() => void)[] = [];
  let heard = 0;
  const reset = (): void => {
    over();
    for (const socket of [client, server]) if (socket !== null && !socket.destroyed) socket.resetAndDestroy();
  };
  const pair: Pair = {
    listens: false,
    reset,
    apply() {
      const flow = flowOf(pair);
      if (server === null && flow !== 'hang' && !client.destroyed) {
        server = call();
        runs = [pump(client, server, () => flowOf(pair), listen), pump(server, client, () => flowOf(pair))];
        watch(server);
      }
      for (const run of runs) run();
    },
  };
  const listen = (piece: Buffer): void => {
    if (pair.listens || heard > HEARD_AT_MOST) return;
    heard += piece.length;
    pair.listens = LISTENS.test(piece.toString('latin1'));
    if (pair.listens && ['refuse', 'reset'].includes(flowOf(pair) as string)) reset();
  };
  // Ends are moved like pieces, in their turn; only what went wrong ends both sides at once.
  const watch = (socket: Socket): void => void socket.on('error', reset);
  client.on('close', over);
  watch(client);
  return pair;
}

/** Moves one direction as the flow of the moment says, in order; the returned function goes on after a change of it. */
function pump(from: Socket, to: Socket, flow: () => Flow, look: (piece: Buffer) => void = () => {}): () => void {
  const queue: { piece: Buffer; due: number }[] = [];
  let waiting = 0;
  let due = 0;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;

  const run = (): void => {
    clearTimeout(timer);
    if (flow() === 'hang' || to.destroyed) return void from.pause();
    const now = performance.now();
    while (queue[0] !== undefined && queue[0].due <= now) {
      waiting -= queue[0].piece.length;
      to.write(queue.shift()?.piece as Buffer);
    }
    if (queue[0] !== undefined) timer = setTimeout(run, queue[0].due - now);
    else if (ended) to.end();
    if (waiting > WAITING_AT_MOST || to.writableNeedDrain) from.pause();
    else from.resume();
  };
  from.on('data', (piece: Buffer) => {
    look(piece);
    const now = performance.now();
    const slow = flow();
    const { latencyMs, bytesPerSecond } = typeof slow === 'object' ? slow : { latencyMs: 0, bytesPerSecond: undefined };
    due = Math.max(due, now + latencyMs) + (bytesPerSecond === undefined ? 0 : (piece.length / bytesPerSecond) * 1000);
    queue.push({ piece, due: typeof slow === 'object' ? due : Math.max(due, 0) });
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
async function listenSomewhere(server: Server): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 20_000);
    if (await listening(server, port)) return port;
  }
}

async function listenAgain(server: Server, port: number): Promise<void> {
  if (server.listening) return;
  for (let attempt = 0; !(await listening(server, port)); attempt++) {
    if (attempt === 50) throw new Error(`port ${port} was taken while the link refused`);
    await sleep(20);
  }
}

const listening = (server: Server, port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error);
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', failed);
      resolve(true);
    });
  });

const unlisten = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    if (!server.listening) return resolve();
    server.close();
    // The port is free at once; the callback of close would wait for open connections.
    setImmediate(resolve);
  });
