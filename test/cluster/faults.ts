// One fault of PostgreSQL or Redis under steady load of keys that pass and keys that must not: what was accepted, how long answers took, when all was well again.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeSecret } from '../../packages/core/src/key/format.js';
import { type Random, randomOf } from '../e2e/random.js';
import { firstProject, type Made } from '../process/command.js';
import { keepKey } from '../secrecy/test-root.js';
import type { Backend, Cluster, ClusterNode } from './cluster.js';
import { type Ask, clientNow, type Load, openLoad, type Shot } from './load.js';

export type Fault = 'refused' | 'hung' | 'reset' | 'slow' | 'restarted';

export const FAULTS: readonly Fault[] = ['refused', 'hung', 'reset', 'slow', 'restarted'];

export interface FaultRow {
  backend: Backend;
  fault: Fault;
  /** Answers heard while it lasted and until all was well. */
  answers: number;
  /** Accepted, though revoked, expired or of somebody else. */
  wrong: number;
  /** Accepted of keys whose limit was used up. */
  overLimit: number;
  /** Good keys that were in the cache and were not accepted, by reason; and such that no node had seen. */
  refusedWarm: Record<string, number>;
  refusedCold: Record<string, number>;
  degraded: number;
  /** The longest that any verification and any change took. */
  worstMs: number;
  worstChangeMs: number;
  /** Changes by status. */
  changes: Record<string, number>;
  /** From the end of the fault until every node accepts, changes, says ready and is not degraded. */
  recoveryMs: number;
  faults: string[];
}

type Kind = 'warm' | 'cold' | 'revoked' | 'expired' | 'expiring' | 'foreign' | 'spent';

interface Subject {
  kind: Kind;
  secret: string;
  /** When it is over, on the client's clock. */
  endsAt?: number;
}

const SLOW = { latencyMs: 100, bytesPerSecond: 100_000 };
const UNBOUNDED = { perMinute: 1_000_000, perDay: 100_000_000 };
const COLD = 100;
/** How long the load runs before and after. */
const CALM_MS = 1_000;
const RECOVERY_AT_MOST_MS = 30_000;
const CHANGE_EVERY_MS = 200;
/** Of the client's clock and the database's. */
const TOLERANCE_MS = 50;

export async function faultRun(
  cluster: Cluster,
  { seed, backend, fault, lastsMs }: { seed: number; backend: Backend; fault: Fault; lastsMs: number },
): Promise<FaultRow> {
  const random = randomOf(seed, `${backend} ${fault}`);
  const every = cluster.nodes.map(({ index }) => index);
  const load = openLoad(cluster.nodes, { rootKey: cluster.rootKey });
  const row: FaultRow = {
    ...{ backend, fault, answers: 0, wrong: 0, overLimit: 0, refusedWarm: {}, refusedCold: {}, degraded: 0 },
    ...{ worstMs: 0, worstChangeMs: 0, changes: {}, recoveryMs: Number.NaN, faults: [] },
  };
  const subjects = await subjectsOf(cluster, load, lastsMs);
  const projectId = await firstProject(cluster);
  let counts = false;
  let goes = true;

  const next = nextOf(subjects, random);
  const steady = load.steady({
    ...{ nodes: every, inFlight: 3, pauseMs: 5 },
    next,
    heard: (shot, ask) => counts && book(row, shot, ask as Asked),
  });
  const changing = every.map(async (index) => {
    for (; goes; await sleep(CHANGE_EVERY_MS)) {
      const { status, ms } = await change(cluster, index, projectId);
      if (!counts) continue;
      row.changes[status] = (row.changes[status] ?? 0) + 1;
      row.worstChangeMs = Math.max(row.worstChangeMs, ms);
    }
  });
  try {
    await sleep(CALM_MS);
    counts = true;
    await inFault(cluster, backend, fault, lastsMs);
    const endedAt = clientNow();
    const wells = await Promise.all(cluster.nodes.map((node) => wellAgain(cluster, load, node, projectId, subjects)));
    for (const [index, at] of wells.entries())
      if (at === null) row.faults.push(`node ${index} was not well again within ${RECOVERY_AT_MOST_MS} ms`);
    row.recoveryMs = Math.max(...wells.map((at) => at ?? Infinity)) - endedAt;
    await sleep(CALM_MS);
  } finally {
    goes = false;
    await Promise.all([steady.stop(), ...changing]);
    await load.close();
  }
  return row;
}

async function inFault(cluster: Cluster, backend: Backend, fault: Fault, lastsMs: number): Promise<void> {
  if (fault === 'restarted') {
    const server = cluster[backend];
    // Redis loses everything with it, PostgreSQL nothing.
    await (backend === 'redis' ? server.kill() : server.stop());
    await sleep(lastsMs);
    return server.start();
  }
  const flow = { refused: 'refuse', hung: 'hang', reset: 'reset', slow: SLOW } as const;
  await cluster.set(backend, flow[fault]);
  await sleep(lastsMs);
  await cluster.set(backend, 'pass');
}

async function subjectsOf(cluster: Cluster, load: Load, lastsMs: number): Promise<Subject[]> {
  const projectId = await firstProject(cluster);
  const create = async (kind: Kind, settings: object = {}): Promise<Subject & { id: string }> => {
    const made = await cluster.ask<Made>('POST', `/v1/projects/${projectId}/keys`, {
      ...{ name: kind, limits: UNBOUNDED },
      ...settings,
    });
    keepKey(made.secret);
    return { kind, secret: made.secret, id: made.key.id };
  };
  const many = (count: number, kind: Kind, settings?: object) =>
    Promise.all(Array.from({ length: count }, () => create(kind, settings)));

  const revoked = await many(3, 'revoked');
  const expired = await many(2, 'expired', { expiresAt: new Date(Date.now() + 700).toISOString() });
  const spent = await many(2, 'spent', { limits: { perMinute: 3, perDay: 3 } });
  const subjects: Subject[] = [
    ...(await many(5, 'warm')),
    ...(await many(COLD, 'cold')),
    ...[...revoked, ...expired, ...spent],
    { kind: 'foreign', secret: makeSecret('sk_live_', 36, (length) => randomBytes(length)) },
  ];
  const prime = async ({ secret }: Subject): Promise<void> => {
    for (const { index } of cluster.nodes) await load.shoot(index, { surface: 'verify', secret });
  };
  // Everything but the cold ones is in every cache while it still passes; then the revoked are revoked, the bounded used up.
  for (const subject of subjects) if (subject.kind !== 'cold') await prime(subject);
  for (const subject of [...spent, ...spent, ...spent]) await prime(subject);
  for (const { id } of revoked) await cluster.ask('POST', `/v1/keys/${id}/revoke`, {});
  await sleep(700);
  // In the midst of the fault some end by their own time.
  const endsAt = Date.now() + CALM_MS + Math.min(lastsMs / 2, 4_000);
  const expiring = await many(2, 'expiring', { expiresAt: new Date(endsAt).toISOString() });
  for (const subject of expiring) await prime(subject);
  return [...subjects, ...expiring.map((subject) => ({ ...subject, endsAt }))];
}

interface Asked extends Ask {
  subject: Subject;
}

/** Draws from all kinds alike; each cold key is asked for once. */
function nextOf(subjects: readonly Subject[], random: Random): () => Asked {
  const cold = subjects.filter(({ kind }) => kind === 'cold');
  const kinds = [...new Set(subjects.map(({ kind }) => kind))].map((kind) =>
    subjects.filter((subject) => subject.kind === kind),
  );
  let turn = 0;
  return () => {
    // Slowly, so that they last through the fault.
    const unseen = turn++ % 20 === 0 ? cold.pop() : undefined;
    const subject = unseen ?? random.oneOf(random.oneOf(kinds.filter(([first]) => first?.kind !== 'cold')));
    return { surface: 'verify', secret: subject.secret, subject };
  };
}

function book(row: FaultRow, shot: Shot, { subject }: Asked): void {
  const { accepted, reason, status, sentAt, heardAt, body } = shot;
  const { kind, endsAt = Infinity } = subject;
  row.answers++;
  row.worstMs = Math.max(row.worstMs, heardAt - sentAt);
  if ((body as { degraded?: boolean } | null)?.degraded) row.degraded++;
  const refused = (of: Record<string, number>): void => {
    of[reason ?? ''] = (of[reason ?? ''] ?? 0) + 1;
  };
  if (status !== 200 && status !== 503) row.faults.push(`${kind}: answered ${status} ${reason}`);
  if (kind === 'warm' && !accepted) refused(row.refusedWarm);
  if (kind === 'cold' && !accepted) refused(row.refusedCold);
  if (kind === 'spent' && accepted) row.overLimit++;
  const mustNot =
    ['revoked', 'expired', 'foreign'].includes(kind) || (kind === 'expiring' && sentAt > endsAt + TOLERANCE_MS);
  if (!mustNot || !accepted) return;
  row.wrong++;
  row.faults.push(`${kind}: accepted on node ${shot.node}`);
}

async function change(cluster: Cluster, index: number, projectId: string): Promise<{ status: string; ms: number }> {
  const began = clientNow();
  const status = await fetch(`${cluster.nodes[index]?.controlPlane}/v1/projects/${projectId}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${cluster.rootKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: `project ${began}` }),
    signal: AbortSignal.timeout(30_000),
  }).then(
    (answer) => answer.text().then(() => String(answer.status)),
    (error: Error) => error.name,
  );
  return { status, ms: clientNow() - began };
}

/** When the node does everything again, on the client's clock. */
async function wellAgain(
  cluster: Cluster,
  load: Load,
  { index, controlPlane }: ClusterNode,
  projectId: string,
  subjects: readonly Subject[],
): Promise<number | null> {
  const warm = subjects.find(({ kind }) => kind === 'warm') as Subject;
  const until = clientNow() + RECOVERY_AT_MOST_MS;
  for (; clientNow() < until; await sleep(20)) {
    const ready = await fetch(`${controlPlane}/readyz`).then(
      (answer) => answer.text().then(() => answer.ok),
      () => false,
    );
    if (!ready) continue;
    const { accepted, body } = await load.shoot(index, { surface: 'verify', secret: warm.secret });
    if (!accepted || (body as { degraded: boolean }).degraded) continue;
    const { status } = await change(cluster, index, projectId);
    if (status !== '200') continue;
    const metrics = await fetch(`${controlPlane}/metrics`).then((answer) => answer.text());
    if (/^latchkey_degraded(?:\{.*\})? 0$/m.test(metrics) && !/^latchkey_degraded(?:\{.*\})? 1$/m.test(metrics))
      return clientNow();
  }
  return null;
}

export function faultTable(seed: number, rows: readonly FaultRow[]): string {
  const widths = [20, 9, 7, 7, 10, 10, 10, 10];
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell, at) => (at === 0 ? String(cell).padEnd(20) : String(cell).padStart(widths[at] ?? 1))).join('');
  const told = (of: Record<string, number>): string =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || '–';
  return [
    line(['fault', 'answers', 'wrong', 'over', 'degraded', 'worst ms', 'change ms', 'well ms']),
    ...rows.flatMap((row) => [
      line([
        `${row.backend} ${row.fault}`,
        ...[row.answers, row.wrong, row.overLimit, row.degraded],
        ...[row.worstMs, row.worstChangeMs, row.recoveryMs].map((ms) => ms.toFixed(0)),
      ]),
      `    cached keys refused: ${told(row.refusedWarm)}; unseen keys refused: ${told(row.refusedCold)}; changes: ${told(row.changes)}`,
    ]),
    `faults, seed ${seed}: ${rows.length}, wrong accepts ${rows.reduce((sum, { wrong }) => sum + wrong, 0)}, ` +
      `worst answer ${Math.max(...rows.map(({ worstMs }) => worstMs)).toFixed(0)} ms, worst recovery ${Math.max(...rows.map(({ recoveryMs }) => recoveryMs)).toFixed(0)} ms`,
  ].join('\n');
}
