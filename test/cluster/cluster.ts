// A cluster on loopback: nodes, PostgreSQL and Redis as real processes, each with its switches, and a link between every node and what it needs. Judges nothing.

import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type LatchkeyProcess, startLatchkey } from '../e2e/process.js';
import { findPostgres, HOW_TO_GET_POSTGRES, startPostgres } from '../servers/postgres.js';
import { findRedisProgram, NO_REDIS, startRedis } from '../servers/redis.js';
import { type Flow, type Link, openLink, type Which } from './link.js';

export type Backend = 'postgres' | 'redis';

/** A server that nodes need. `pause` is SIGSTOP: connections stay, nothing answers. */
export interface Switched {
  readonly url: string;
  stop(): Promise<void>;
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Again on its port; PostgreSQL with its data, Redis empty. */
  start(): Promise<void>;
}

export interface ClusterNode {
  readonly index: number;
  readonly gateway: string;
  readonly controlPlane: string;
  /** The process of the moment. */
  readonly process: LatchkeyProcess;
  /** false between an end and a restart. */
  readonly runs: boolean;
  readonly links: Readonly<Record<Backend, Link>>;
  /** What its wall clock is ahead of everybody else's. */
  readonly skewMs: number;
  /** Moves its wall clock while it runs; resolves once it has moved. Timers and durations are not touched. */
  skew(ms: number): Promise<void>;
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Again on its ports, with its clock still moved. */
  restart(): Promise<void>;
  /** Calls the management API with the root key. @throws Error unless it succeeds */
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
}

export interface Cluster {
  readonly nodes: readonly ClusterNode[];
  readonly postgres: Switched;
  readonly redis: Switched;
  /** The database itself, past every link. */
  readonly databaseUrl: string;
  /** Environment of commands on the installation, past every link. */
  readonly env: Readonly<Record<string, string>>;
  readonly rootKey: string;
  /** Sets the link of every node to that server. */
  set(backend: Backend, flow: Flow, which?: Which): Promise<void>;
  /** Asks the first node that runs, and again for a while when it says 503, as callers do. */
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** Ends everything that was started. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  nodes?: number;
  profile?: string;
  upstream?: string;
  /** More arguments of `latchkey serve`, and of its environment. */
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Told what is being started. */
  onStep?: (words: string) => void;
}

const SKEW = fileURLToPath(new URL('./skew.mjs', import.meta.url));
const SKEW_MS = 20_000;
const PATIENCE_MS = 15_000;

/** What this machine lacks for a cluster, with how to get it; empty when there is nothing. */
export function lacking(): string[] {
  return [
    ...(findPostgres() === null ? [HOW_TO_GET_POSTGRES] : []),
    ...(findRedisProgram() === null ? [NO_REDIS.replace(/^SKIPPED: /, '')] : []),
  ];
}

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { nodes: count = 3, profile = 'textgen', upstream, args = [], onStep = () => {} } = options;
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).reverse()) await end().catch(() => {});
  };
  try {
    onStep('PostgreSQL');
    const postgres = await startPostgres();
    closers.push(() => postgres.dispose());
    onStep('Redis');
    const redis = await startRedis();
    closers.push(() => redis.kill());
    const databaseUrl = await postgres.database();
    const rootKey = `lk_root_${randomBytes(24).toString('hex')}`;
    const shared = {
      LATCHKEY_PEPPER: randomBytes(32).toString('base64'),
      LATCHKEY_MASTER_KEY: randomBytes(32).toString('base64'),
      LATCHKEY_ROOT_KEY: rootKey,
      LATCHKEY_PROFILE: profile,
      ...options.env,
    };
    onStep(`${count} nodes`);
    // All at once, on an empty database, as an operator's scheduler does.
    const started = await Promise.allSettled(
      Array.from({ length: count }, async (_, index) => {
        const links = { postgres: await linkTo(databaseUrl), redis: await linkTo(redis.url) };
        closers.push(
          () => links.postgres.close(),
          () => links.redis.close(),
        );
        const first = await startLatchkey({
          ...{ profile, command: 'serve', rootKey, ipc: true, nodeArgs: ['--import', SKEW] },
          args: [...(upstream === undefined ? [] : ['--upstream', upstream]), ...args],
          env: {
            ...shared,
            DATABASE_URL: through(databaseUrl, links.postgres),
            REDIS_URL: through(redis.url, links.redis),
          },
        });
        const node = nodeOf(index, first, links);
        // One that was stopped hears nothing but SIGKILL.
        closers.push(() => node.kill());
        return node;
      }),
    );
    const nodes = started.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
    const running = (): ClusterNode => {
      const node = nodes.find(({ runs }) => runs);
      if (node === undefined) throw new Error('No node runs.');
      return node;
    };
    return {
      ...{ nodes, postgres, redis, databaseUrl, rootKey, close },
      env: { ...shared, DATABASE_URL: databaseUrl, REDIS_URL: redis.url },
      set: async (backend, flow, which) => {
        await Promise.all(nodes.map(({ links }) => links[backend].set(flow, which)));
      },
      async ask(method, path, body) {
        for (const began = performance.now(); ; await sleep(200)) {
          try {
            return await running().ask(method, path, body);
          } catch (error) {
            const mayPass = error instanceof Error && error.message.includes(' answered 503');
            if (!mayPass || performance.now() - began > PATIENCE_MS) throw error;
          }
        }
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const linkTo = (url: string): Promise<Link> => {
  const { hostname, port } = new URL(url);
  return openLink({ host: hostname, port: Number(port) });
};

const through = (url: string, { port }: Link): string => {
  const address = new URL(url);
  address.host = `127.0.0.1:${port}`;
  return address.href;
};

function nodeOf(index: number, first: LatchkeyProcess, links: ClusterNode['links']): ClusterNode {
  let current = first;
  let skewMs = 0;
  const running = (): boolean => current.child.exitCode === null && current.child.signalCode === null;
  return {
    index,
    links,
    gateway: first.gateway,
    controlPlane: first.controlPlane,
    get process() {
      return current;
    },
    get runs() {
      return running();
    },
    get skewMs() {
      return skewMs;
    },
    async skew(ms) {
      skewMs = ms;
      if (running()) await moveClock(current.child, ms);
    },
    pause: () => void current.child.kill('SIGSTOP'),
    resume: () => void current.child.kill('SIGCONT'),
    async stop() {
      await current.stop();
    },
    kill: () => current.kill(),
    async restart() {
      current = await current.restart({ TEST_CLOCK_SKEW_MS: `${skewMs}` });
    },
    async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
      return current.ask<T>(method, path, body);
    },
  };
}

function moveClock(child: ChildProcess, skewMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const heard = (message: unknown): void => {
      if ((message as { skewMs?: unknown }).skewMs === skewMs) end(resolve);
    };
    const late = setTimeout(() => end(() => reject(new Error(`A clock did not move within ${SKEW_MS} ms`))), SKEW_MS);
    const end = (then: () => void): void => {
      clearTimeout(late);
      child.off('message', heard);
      then();
    };
    child.on('message', heard);
    child.send({ skewMs });
  });
}
