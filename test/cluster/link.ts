// A TCP link on loopback between a node and a server that it needs, with a switch. It reads what it moves only to tell which connections listen.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

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
  /** What was set last. */
  flow(which?: Which): Flow;
  /** How many are open on the client's side. */
  connections(which?: Which): Promise<number>;
  close(): Promise<void>;
}

/** The process that has the links. It ends with this one, and keeps it from ending only while it is asked. */
interface Host {
  ask<T>(act: string, words: object): Promise<T>;
}

const HOST = fileURLToPath(new URL('./link-process.mjs', import.meta.url));
let host: Host | null = null;

function startHost(): Host {
  const child = fork(HOST, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child.unref();
  child.channel?.unref();
  const waiting = new Map<number, { resolve(answer: never): void; reject(error: Error): void }>();
  let asked = 0;
  child.on('message', ({ id, answer, error }: { id: number; answer?: unknown; error?: string }) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) child.channel?.unref();
    if (error === undefined) one?.resolve(answer as never);
    else one?.reject(new Error(error));
  });
  child.on('exit', () => {
    host = null;
    for (const { reject } of waiting.values()) reject(new Error('the process of the links ended'));
  });
  return {
    ask: (act, words) =>
      new Promise((resolve, reject) => {
        child.channel?.ref();
        waiting.set(++asked, { resolve, reject });
        child.send({ id: asked, act, ...words });
      }),
  };
}

export async function openLink(target: { host: string; port: number }): Promise<Link> {
  host ??= startHost();
  const { ask } = host;
  const port = await ask<number>('open', { target });
  const flows: { all: Flow; bus: Flow | null } = { all: 'pass', bus: null };
  return {
    port,
    async set(flow, which = 'all') {
      if (which === 'all') Object.assign(flows, { all: flow, bus: null });
      else flows.bus = flow;
      await ask('set', { port, flow, which });
    },
    flow: (which = 'all') => (which === 'bus' ? flows.bus : null) ?? flows.all,
    connections: (which = 'all') => ask('connections', { port, which }),
    close: () => ask('close', { port }),
  };
}
