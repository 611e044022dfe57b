// The words that somebody at a keyboard says to a running cluster, as a table: what they do to it, and what is said back. Prints nothing itself.

import type { Backend, Cluster, ClusterNode, Switched } from './cluster.js';
import type { Flow } from './link.js';
import { type Load, openLoad } from './load.js';

export interface Said {
  ok: boolean;
  lines: readonly string[];
  /** The same for a program, where there is more to it than words. */
  data?: unknown;
}

export interface Console {
  /** The key that commands are about; its secret is shown. */
  readonly key: { id: string; secret: string };
  readonly projectId: string;
  /** Never throws: what went wrong is what is said. */
  say(line: string): Promise<Said>;
  help(): readonly string[];
  close(): Promise<void>;
}

interface Command {
  word: string;
  letter: string;
  takes: string;
  does: string;
  run(words: readonly string[]): Promise<Said>;
}

const SLOW: Flow = { latencyMs: 250, bytesPerSecond: 20_000 };
const LIMITS = { perMinute: 60, perDay: 10_000 };

const again = (of: Switched | ClusterNode): Promise<void> => ('restart' in of ? of.restart() : of.start());
const fine = (...lines: string[]): Said => ({ ok: true, lines });
const wrong = (line: string): Said => ({ ok: false, lines: [line] });

export async function openConsole(cluster: Cluster): Promise<Console> {
  const { nodes, rootKey } = cluster;
  const load: Load = openLoad(nodes, { rootKey });
  const { id: organizationId } = await cluster.ask<{ id: string }>('POST', '/v1/organizations', { name: 'Example' });
  const project = await cluster.ask<{ id: string }>('POST', '/v1/projects', { organizationId, name: 'Example' });
  const newKey = async (): Promise<Console['key']> => {
    const { key, secret } = await cluster.ask<{ key: { id: string }; secret: string }>(
      'POST',
      `/v1/projects/${project.id}/keys`,
      { name: 'cluster key', limits: LIMITS },
    );
    return { id: key.id, secret };
  };
  let key = await newKey();

  const backendOf = (word = ''): Backend | null =>
    /^(pg|postgres|postgresql)$/i.test(word) ? 'postgres' : /^(redis|valkey)$/i.test(word) ? 'redis' : null;
  const nodeOf = (word = ''): ClusterNode | null => nodes[Number(word) - 1] ?? null;
  const nodeNames = `1${nodes.length > 1 ? `–${nodes.length}` : ''}`;
  const PART = `pg, redis or a node (${nodeNames})`;
  const NODES = `[node ${nodeNames}]`;

  /** A switch of a process. */
  const part = (
    word: string,
    letter: string,
    does: string,
    turn: (of: Switched | ClusterNode) => unknown,
  ): Command => ({
    ...{ word, letter, does, takes: PART },
    async run([name]) {
      const backend = backendOf(name);
      const chosen = backend === null ? nodeOf(name) : cluster[backend];
      if (chosen === null) return wrong(`${word} what? ${PART}`);
      await turn(chosen);
      return fine(`${name}: ${word}`);
    },
  });
  /** A switch of the links. */
  const flow = (word: string, letter: string, does: string, to: Flow): Command => ({
    ...{ word, letter, does, takes: `pg or redis ${NODES}` },
    async run([name, where]) {
      const backend = backendOf(name);
      if (backend === null) return wrong(`${word} what? pg or redis`);
      const node = nodeOf(where);
      if (where !== undefined && node === null) return wrong(`There is no node ${where}.`);
      await (node === null ? cluster.set(backend, to) : node.links[backend].set(to));
      return fine(`${name} as ${node === null ? 'every node' : `node ${node.index + 1}`} sees it: ${word}`);
    },
  });
  const bus = (word: string, letter: string, does: string, to: Flow): Command => ({
    ...{ word, letter, does, takes: NODES },
    async run([where]) {
      const chosen = where === undefined ? nodes : [nodeOf(where)].filter((node) => node !== null);
      if (chosen.length === 0) return wrong(`There is no node ${where}.`);
      for (const { links } of chosen) for (const link of Object.values(links)) await link.set(to, 'bus');
      return fine(`change notices: ${word}`);
    },
  });

  const commands: readonly Command[] = [
    {
      ...{ word: 'status', letter: 's', takes: '', does: 'what runs, how its links stand, what its clock says' },
      async run() {
        const data = await Promise.all(nodes.map((node) => statusOf(node)));
        return { ok: true, data, lines: data.map(statusLine) };
      },
    },
    {
      ...{ word: 'verify', letter: 'v', takes: '', does: 'asks every node about the key' },
      async run() {
        const secret = key.secret;
        const shots = await Promise.all(nodes.map(({ index }) => load.shoot(index, { surface: 'verify', secret })));
        const lines = shots.map(({ node, accepted, reason, sentAt, heardAt }) => {
          return `node ${node + 1}: ${accepted ? 'valid' : reason} after ${(heardAt - sentAt).toFixed(1)} ms`;
        });
        return { ok: true, lines, data: shots.map(({ node, accepted, reason }) => ({ node, accepted, reason })) };
      },
    },
    {
      ...{ word: 'revoke', letter: 'r', takes: '', does: 'revokes the key, says how far that got, makes another' },
      async run() {
        const began = performance.now();
        const answer = await cluster.ask<{ propagated?: { nodes: number; of: number; ms: number } }>(
          'POST',
          `/v1/keys/${key.id}/revoke`,
          {},
        );
        const took = performance.now() - began;
        const revoked = key.id;
        key = await newKey();
        const { nodes: reached, of, ms } = answer.propagated ?? { nodes: 0, of: 0, ms: 0 };
        return {
          ok: true,
          data: { revoked, propagated: answer.propagated ?? null, key },
          lines: [
            `${revoked}: revoked, heard of by ${reached} of ${of} nodes in ${ms} ms, answered after ${took.toFixed(0)} ms`,
            `the key is now ${key.id}: ${key.secret}`,
          ],
        };
      },
    },
    part('stop', 'x', 'ends it in good order', (of) => of.stop()),
    part('kill', 'k', 'ends it with SIGKILL', (of) => of.kill()),
    part('pause', 'p', 'SIGSTOP: it stands, connections stay', (of) => of.pause()),
    part('resume', 'u', 'SIGCONT', (of) => of.resume()),
    part('start', 'a', 'starts it again', (of) => again(of)),
    part('restart', 'b', 'stops it and starts it again', async (of) => {
      await of.stop();
      await again(of);
    }),
    flow('hang', 'h', 'connections stay, nothing moves', 'hang'),
    flow('refuse', 'f', 'connections are refused', 'refuse'),
    flow('reset', 'e', 'connections are reset', 'reset'),
    flow('slow', 'l', 'a quarter of a second later, 20 KB/s', SLOW),
    flow('pass', 'o', 'everything moves again', 'pass'),
    bus('cut', 'c', 'LISTEN and SUBSCRIBE connections hang', 'hang'),
    bus('mend', 'm', 'they move again', 'pass'),
    {
      ...{ word: 'skew', letter: 'w', takes: 'node +25h, -2h, +1s, 0', does: 'moves the wall clock of a node' },
      async run([where, by = '']) {
        const node = nodeOf(where);
        const ms = millisecondsOf(by);
        if (node === null || ms === null) return wrong('skew which node by how much? For example: skew 2 +25h');
        await node.skew(ms);
        return fine(`node ${where}: its clock is ${by} off`);
      },
    },
  ];

  async function statusOf(node: ClusterNode) {
    const ready = node.runs
      ? await fetch(`${node.controlPlane}/readyz`, { signal: AbortSignal.timeout(1_500) }).then(
          async (answer) => `${answer.status} ${(await answer.text()).slice(0, 200)}`,
          () => 'no answer',
        )
      : 'does not run';
    const { postgres, redis } = node.links;
    return {
      ...{ node: node.index + 1, gateway: node.gateway, controlPlane: node.controlPlane, ready },
      ...{ pid: node.runs ? node.process.child.pid : null, clockAheadMs: node.skewMs },
      links: { postgres: postgres.flow(), redis: redis.flow(), notices: [postgres.flow('bus'), redis.flow('bus')] },
    };
  }

  return {
    get key() {
      return key;
    },
    projectId: project.id,
    async say(line) {
      const [word = '', ...rest] = line.trim().toLowerCase().split(/\s+/);
      const command = commands.find((known) => known.word === word || known.letter === word);
      if (command === undefined) return wrong(`"${word}" is no command. help lists them.`);
      try {
        return await command.run(rest);
      } catch (error) {
        return wrong(`${command.word}: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    help: () =>
      [
        ...commands,
        { word: 'help', letter: '?', takes: '', does: 'this' },
        { word: 'quit', letter: 'q', takes: '', does: 'ends everything' },
      ].map(({ word, letter, takes, does }) => `  ${letter}  ${`${word} ${takes}`.padEnd(38)} ${does}`),
    close: () => load.close(),
  };
}

type Status = {
  node: number;
  ready: string;
  clockAheadMs: number;
  links: { postgres: Flow; redis: Flow; notices: readonly Flow[] };
};

function statusLine({ node, ready, clockAheadMs, links }: Status): string {
  const said = (flow: Flow): string => (typeof flow === 'string' ? flow : 'slow');
  const cut = links.notices.some((flow) => flow === 'hang') ? ', notices cut' : '';
  const clock = clockAheadMs === 0 ? '' : `, clock ${clockAheadMs} ms off`;
  return `node ${node}: ${ready}; pg ${said(links.postgres)}, redis ${said(links.redis)}${cut}${clock}`;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `+25h`, `-500ms`, `0`; null when it is none. */
export function millisecondsOf(text: string): number | null {
  const [, sign = '', figure = '', unit = 'ms'] = /^([+-]?)(\d{1,9})(ms|s|m|h|d)?$/.exec(text) ?? [];
  if (figure === '') return null;
  return (sign === '-' ? -1 : 1) * Number(figure) * (UNITS[unit] ?? 1);
}
