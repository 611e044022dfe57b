// Load on the nodes of a cluster over kept connections: what is sent when, what came back when, on the one clock of the client. Judges nothing.

import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

/** The client's one clock, in milliseconds since the epoch with fractions; it never goes back. */
const began = Date.now() - performance.now();
export const clientNow = (): number => began + performance.now();

export interface Ask {
  /** `verify` goes to the control plane, `gateway` to the gateway. */
  surface: 'verify' | 'gateway';
  secret: string;
  /** More of the question of a verify, as `{ cost, requestId }`. */
  more?: Readonly<Record<string, unknown>>;
  /** Of the gateway. */
  path?: string;
}

export interface Shot {
  node: number;
  sentAt: number;
  heardAt: number;
  /** 0: no whole answer came. */
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of a verify as JSON, of the gateway as text. */
  body: unknown;
  /** Passed: `valid` of a verify, a 2xx of the gateway. */
  accepted: boolean;
  /** The reason of a verify that did not pass, `status 503` and the like, or why no answer came. */
  reason: string | null;
}

export interface Load {
  shoot(node: number, ask: Ask): Promise<Shot>;
  /** Keeps `inFlight` requests under way on each of `nodes`, with `pauseMs` between an answer and the next, until stopped. */
  steady(options: {
    nodes: readonly number[];
    inFlight: number;
    pauseMs?: number;
    next: (node: number) => Ask;
    heard: (shot: Shot, ask: Ask) => void;
  }): { stop(): Promise<void> };
  /** Sends each at its time, later when `inFlight` are under way on its node; resolves when all were answered. */
  planned<Planned extends Shooting>(
    plan: readonly Planned[],
    options: { inFlight: number; heard: (shot: Shot, planned: Planned) => void },
  ): Promise<void>;
  close(): Promise<void>;
}

export interface Shooting {
  /** On the client's clock. */
  at: number;
  node: number;
  ask: Ask;
}

const CONNECTIONS = 64;
/** Longer than any answer may take: what comes later still is shown as it is. */
const PATIENCE_MS = 90_000;

export function openLoad(
  nodes: readonly { controlPlane: string; gateway: string }[],
  { rootKey, connections = CONNECTIONS }: { rootKey: string; connections?: number },
): Load {
  const patience = { headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS, connect: { timeout: 2_000 } };
  const pool = (origin: string): Pool => new Pool(origin, { connections, pipelining: 1, ...patience });
  const pools = nodes.map(({ controlPlane, gateway }) => ({ verify: pool(controlPlane), gateway: pool(gateway) }));
  const verifyHeaders = { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' };

  async function shoot(node: number, { surface, secret, more = {}, path = '/' }: Ask): Promise<Shot> {
    const target = pools[node]?.[surface];
    if (target === undefined) throw new Error(`there is no node ${node}`);
    const sentAt = clientNow();
    try {
      const { statusCode, headers, body } = await (surface === 'verify'
        ? target.request({
            ...{ method: 'POST', path: '/v1/keys/verify', headers: verifyHeaders },
            body: JSON.stringify({ secret, ...more }),
          })
        : target.request({ method: 'GET', path, headers: { authorization: `Bearer ${secret}` } }));
      const text = await body.text();
      const common = { node, sentAt, heardAt: clientNow(), status: statusCode, headers };
      const good = statusCode >= 200 && statusCode < 300;
      const reason = good ? null : `status ${statusCode}`;
      if (surface === 'gateway') return { ...common, body: text, accepted: good, reason };
      const told = JSON.parse(text) as { valid: boolean; reason: string | null };
      return good
        ? { ...common, body: told, accepted: told.valid, reason: told.reason }
        : { ...common, body: told, accepted: false, reason };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = code ?? message;
      return { node, sentAt, heardAt: clientNow(), status: 0, headers: {}, body: null, accepted: false, reason };
    }
  }

  return {
    shoot,
    steady({ nodes: asked, inFlight, pauseMs = 0, next, heard }) {
      let goes = true;
      const one = async (node: number): Promise<void> => {
        while (goes) {
          const ask = next(node);
          const shot = await shoot(node, ask);
          heard(shot, ask);
          // A node that refuses connections at once must not keep the client from everything else.
          const pause = shot.status === 0 ? Math.max(pauseMs, 10) : pauseMs;
          if (pause > 0) await sleep(pause);
        }
      };
      const all = asked.flatMap((node) => Array.from({ length: inFlight }, () => one(node)));
      return {
        async stop() {
          goes = false;
          await Promise.all(all);
        },
      };
    },
    async planned(plan, { inFlight, heard }) {
      const inOrder = [...plan].sort((a, b) => a.at - b.at);
      const run = async (queue: (typeof plan)[number][]): Promise<void> => {
        let at = 0;
        const worker = async (): Promise<void> => {
          for (let mine = queue[at++]; mine !== undefined; mine = queue[at++]) {
            const wait = mine.at - clientNow();
            if (wait > 0) await sleep(wait);
            heard(await shoot(mine.node, mine.ask), mine);
          }
        };
        await Promise.all(Array.from({ length: inFlight }, worker));
      };
      await Promise.all(pools.map((_, index) => run(inOrder.filter(({ node }) => node === index))));
    },
    async close() {
      await Promise.all(pools.flatMap(({ verify, gateway }) => [verify.destroy(), gateway.destroy()]));
    },
  };
}

export type Pattern = 'even' | 'sticky' | 'bursty';

/** When and where `count` requests are sent in a window: `even` over time and nodes, `sticky` over time on one node, `bursty` all at its start over the nodes. */
export function spread(
  pattern: Pattern,
  {
    count,
    from,
    windowMs,
    nodes,
    sticky = 0,
  }: { count: number; from: number; windowMs: number; nodes: number; sticky?: number },
): { at: number; node: number }[] {
  return Array.from({ length: count }, (_, index) => ({
    // The fraction keeps the order of several plans that begin at once.
    at: pattern === 'bursty' ? from + index / count : from + (index / count) * windowMs,
    node: pattern === 'sticky' ? sticky : index % nodes,
  }));
}

/** The value below which that share of a list lies; 0 of an empty one. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
