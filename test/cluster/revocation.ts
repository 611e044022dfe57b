// One run of revocations on several nodes under load: how long after the 2xx any node still accepted the key, by the client's one clock.

import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf } from '../e2e/random.js';
import { firstProject, type Made } from '../process/command.js';
import { keepKey } from '../secrecy/test-root.js';
import type { Cluster, ClusterNode } from './cluster.js';
import { clientNow, type Load, openLoad, percentile, type Shot } from './load.js';

export interface RevocationRun {
  seed: number;
  revocations: number;
  /** Revoked at once. */
  atOnce: number;
  /** Requests under way on each node besides, on keys that stay. */
  inFlight: number;
  /** How long a node is asked whether it has heard. */
  patienceMs: number;
  /** The nodes that revoke; default: all, in turn. */
  revokeOn?: readonly number[];
  /** Done once when the first `atOnce` keys are in every cache, before any of them is revoked. */
  onceCached?: () => Promise<void>;
}

export interface RevocationOutcome {
  revoked: number;
  /** From the 2xx to the last answer that accepted a request sent after it, on any node; 0 when there was none. */
  lagsMs: number[];
  /** From the sending of the revocation to its 2xx. */
  callsMs: number[];
  /** Revocations that were answered 503, or not at all, and were asked for again. */
  askedAgain: number;
  /** Calls by what they said of how far they got, as `3 of 3`. */
  reached: Record<string, number>;
  /** Accepted on the revoking node though sent after the 2xx. */
  onRevokingNode: number;
  /** Accepted on a node after a 2xx that said that all had heard. */
  afterAllHeard: number;
  /** Accepted again after it had been refused, on any node, or when everything was over. */
  resurrected: number;
  /** Requests on keys that stay, and those of them that were not accepted, by reason. */
  load: number;
  refused: Record<string, number>;
  faults: string[];
}

const UNBOUNDED = { perMinute: 1_000_000, perDay: 100_000_000 };
/** A node that refused is asked so much longer, in case it changes its mind. */
const AFTERWARDS_MS = 300;

interface Revoked {
  propagated?: { nodes: number; of: number; ms: number };
}

export async function revocationRun(cluster: Cluster, run: RevocationRun): Promise<RevocationOutcome> {
  const { seed, revocations, atOnce, inFlight, patienceMs } = run;
  const random = randomOf(seed, 'revocations');
  const every = cluster.nodes.map(({ index }) => index);
  const revokers = run.revokeOn ?? every;
  const load = openLoad(cluster.nodes, { rootKey: cluster.rootKey, connections: atOnce * 2 + inFlight });
  const projectId = await firstProject(cluster);
  const create = async (name: string): Promise<Made> => {
    const made = await cluster.ask<Made>('POST', `/v1/projects/${projectId}/keys`, { name, limits: UNBOUNDED });
    keepKey(made.secret);
    return made;
  };
  const staying = await Promise.all(Array.from({ length: 10 }, (_, at) => create(`stays ${at}`)));
  const outcome: RevocationOutcome = {
    ...{
      revoked: 0,
      lagsMs: [],
      callsMs: [],
      askedAgain: 0,
      reached: {},
      onRevokingNode: 0,
      afterAllHeard: 0,
      resurrected: 0,
    },
    ...{ load: 0, refused: {}, faults: [] },
  };
  const besides = load.steady({
    ...{ nodes: every, inFlight, pauseMs: 2 },
    next: () => ({ surface: 'verify', secret: random.oneOf(staying).secret }),
    heard: ({ accepted, reason }) => {
      outcome.load++;
      if (!accepted) outcome.refused[reason ?? ''] = (outcome.refused[reason ?? ''] ?? 0) + 1;
    },
  });
  const done: Made[] = [];
  let waiting = atOnce;
  let go = (): void => {};
  const going = new Promise<void>((resolve) => {
    go = resolve;
  });
  const cached = async (): Promise<void> => {
    if (run.onceCached === undefined) return;
    if (--waiting === 0) void run.onceCached().then(go);
    await going;
  };
  let left = revocations;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      const turn = left--;
      const made = await create(`goes ${turn}`);
      const by = revokers[turn % revokers.length] as number;
      await revokeOne(cluster, load, { made, by, patienceMs, cached }, outcome);
      done.push(made);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, worker));
    // What stayed away must stay away.
    for (const { secret, key } of done)
      for (const node of every) {
        const { accepted } = await load.shoot(node, { surface: 'verify', secret });
        if (accepted) {
          outcome.resurrected++;
          outcome.faults.push(`${key.id}: accepted on node ${node} in the end`);
        }
      }
  } finally {
    await besides.stop();
    await load.close();
  }
  return outcome;
}

/** A revocation may be answered 503, and is asked for again; `again` hears of it. */
async function untilHeard<T>(ask: () => Promise<T>, again: () => void): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === 50) throw error;
      again();
      await sleep(200);
    }
  }
}

interface One {
  made: Made;
  /** The node that revokes. */
  by: number;
  patienceMs: number;
  /** Told that it is in every cache; resolves when it may be revoked. */
  cached(): Promise<void>;
}

/** Asks every node for the key all the time, revokes it on one, and books what was accepted afterwards. */
async function revokeOne(
  cluster: Cluster,
  load: Load,
  { made, by, patienceMs, cached }: One,
  outcome: RevocationOutcome,
): Promise<void> {
  const { faults } = outcome;
  /** When the 2xx was heard. */
  let answeredAt = Infinity;
  let over = Infinity;
  const shots: Shot[] = [];
  const firstYes: Promise<void>[] = [];
  const refusedSince = new Map<number, number>();

  const ask = async (node: number, yes: () => void): Promise<void> => {
    let last: Shot | null = null;
    while (clientNow() < over) {
      const shot = await load.shoot(node, { surface: 'verify', secret: made.secret });
      last = shot;
      shots.push(shot);
      if (shot.accepted) yes();
      else if (shot.status === 0) await sleep(20);
      if (shot.sentAt < answeredAt) continue;
      if (shot.accepted && refusedSince.has(node)) {
        outcome.resurrected++;
        faults.push(`${made.key.id}: accepted on node ${node} after it had been refused there`);
      }
      if (shot.reason === 'revoked_key' && !refusedSince.has(node)) refusedSince.set(node, shot.heardAt);
      if (shot.heardAt > (refusedSince.get(node) ?? Infinity) + AFTERWARDS_MS) return;
      if (refusedSince.has(node) || !shot.accepted) await sleep(5);
    }
    if (last?.accepted !== false) faults.push(`${made.key.id}: accepted still on node ${node} after ${patienceMs} ms`);
  };
  const asking = cluster.nodes.map(({ index }) => {
    let yes = (): void => {};
    firstYes.push(
      new Promise((resolve) => {
        yes = resolve;
      }),
    );
    return ask(index, yes);
  });
  // Every node has it in its cache, and is asked for it, when it is revoked.
  await Promise.race([Promise.all(firstYes), sleep(5_000)]);
  await cached();
  const sentAt = clientNow();
  const answer = await untilHeard(
    () => (cluster.nodes[by] as ClusterNode).ask<Revoked>('POST', `/v1/keys/${made.key.id}/revoke`, {}),
    () => outcome.askedAgain++,
  ).catch((error: Error) => void faults.push(`${made.key.id}: ${error.message}`));
  answeredAt = clientNow();
  over = answeredAt + patienceMs;
  await Promise.all(asking);
  if (!answer) return;

  const { nodes = 0, of = 0 } = answer.propagated ?? {};
  const after = shots.filter(({ accepted, sentAt }) => accepted && sentAt > answeredAt);
  const onRevoking = after.filter(({ node }) => node === by).length;
  outcome.revoked++;
  outcome.callsMs.push(answeredAt - sentAt);
  outcome.reached[`${nodes} of ${of}`] = (outcome.reached[`${nodes} of ${of}`] ?? 0) + 1;
  outcome.lagsMs.push(Math.max(0, ...after.map(({ heardAt }) => heardAt - answeredAt)));
  outcome.onRevokingNode += onRevoking;
  if (onRevoking > 0) faults.push(`${made.key.id}: ${onRevoking} accepted on the revoking node after the 2xx`);
  if (nodes === cluster.nodes.length) {
    outcome.afterAllHeard += after.length;
    if (after.length > 0) faults.push(`${made.key.id}: ${after.length} accepted though all nodes had heard`);
  }
}

/** Keys that stay must pass: what is wrong about those that did not, but for a busy machine's few `unavailable`. */
export function wronglyRefused({ load, refused }: RevocationOutcome): Record<string, number> {
  const busy = (refused.unavailable ?? 0) <= load / 100;
  return Object.fromEntries(Object.entries(refused).filter(([reason]) => !(reason === 'unavailable' && busy)));
}

export function revocationSummary(name: string, seed: number, outcome: RevocationOutcome): string {
  const { revoked, lagsMs, callsMs, reached, onRevokingNode, afterAllHeard, resurrected, load, refused } = outcome;
  const told = (values: readonly number[]): string =>
    [0.5, 0.99, 1].map((share) => percentile(values, share).toFixed(0)).join(' / ');
  return (
    `revocations, ${name}, seed ${seed}: ${revoked} revoked, lag p50 / p99 / max ${told(lagsMs)} ms, ` +
    `call ${told(callsMs)} ms, ${outcome.askedAgain} asked again, heard of by ${JSON.stringify(reached)}; accepted after the 2xx on the revoking node ${onRevokingNode}, ` +
    `after all had heard ${afterAllHeard}, resurrected ${resurrected}; ${load} requests besides, refused ${JSON.stringify(refused)}; ` +
    `${outcome.faults.length} faults`
  );
}
