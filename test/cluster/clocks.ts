// What nodes promise about time, asked of all of them while the wall clock of one is moved: limits, days, refills, expiry, grace, reservations, leases.

import { setTimeout as sleep } from 'node:timers/promises';
import { firstProject, type Made, type Verification } from '../process/command.js';
import { keepKey } from '../secrecy/test-root.js';
import type { Cluster } from './cluster.js';
import { clientNow, openLoad } from './load.js';

export interface ClocksOutcome {
  checks: number;
  /** Each names what was promised and what came. */
  faults: string[];
}

/** Of the client's clock and the database's, and of an answer's way. */
const TOLERANCE_MS = 250;
const DAY = 86_400_000;
const WIDE = { perMinute: 1_000_000, perDay: 100_000_000 };

interface Answer extends Verification {
  credits: { balance: number } | null;
}

/** Moves the clock of node `moved`, then asks everything of every node. Takes about seven seconds. */
export async function clocksRun(cluster: Cluster, moved: number, skewMs: number): Promise<ClocksOutcome> {
  const every = cluster.nodes.map(({ index }) => index);
  const load = openLoad(cluster.nodes, { rootKey: cluster.rootKey });
  const projectId = await firstProject(cluster);
  const outcome: ClocksOutcome = { checks: 0, faults: [] };
  const check = (what: string, holds: boolean, got: unknown): void => {
    outcome.checks++;
    if (!holds) outcome.faults.push(`${what}: ${JSON.stringify(got)}`);
  };
  const on = (node: number) => cluster.nodes[node] as (typeof cluster.nodes)[number];
  const create = async (node: number, settings: object): Promise<Made> => {
    const made = await on(node).ask<Made>('POST', `/v1/projects/${projectId}/keys`, {
      ...{ name: 'clock', limits: WIDE },
      ...settings,
    });
    keepKey(made.secret);
    return made;
  };
  const verify = async (node: number, { secret }: Made, more: object = {}): Promise<Answer> => {
    const { body, status } = await load.shoot(node, { surface: 'verify', secret, more: { ...more } });
    if (status !== 200) throw new Error(`node ${node} answered ${status}`);
    return body as Answer;
  };
  const at = (ms: number): string => new Date(ms).toISOString();

  try {
    // Made before the clock moves, in every cache.
    const [day, empty, farOff, held, leased] = await Promise.all([
      create(0, { limits: { perMinute: 5, perDay: 5 } }),
      create(0, { credits: { balance: 0, refill: { amount: 10, every: 'day' } } }),
      create(0, { expiresAt: at(Date.now() + 3_600_000) }),
      create(0, { credits: { balance: 100 } }),
      create(0, { limits: { ...WIDE, concurrent: 1 } }),
    ]);
    for (let turn = 0; turn < 6; turn++) await verify(turn % every.length, day);
    for (const node of every) for (const key of [farOff, held]) await verify(node, key);
    await on(0).ask('POST', '/v1/reservations', {
      ...{ secret: held.secret, credits: 60, requestId: `held-${skewMs}`, expiresInSeconds: 600 },
    });
    await on(0).ask('POST', '/v1/leases', { secret: leased.secret, maxSeconds: 600 });

    await on(moved).skew(skewMs);

    // Made by the node whose clock is wrong, and by another: the times that they are given are the same.
    const bySkewed = await create(moved, { expiresAt: at(Date.now() + 4_000) });
    const byOther = await create((moved + 1) % every.length, { expiresAt: at(Date.now() + 4_000) });
    const bornAt = Date.parse((bySkewed.key as { createdAt?: string }).createdAt ?? '');
    check('a key is made now', Math.abs(bornAt - clientNow()) < 1_000, { bornAt, now: clientNow() });
    const rotations = await Promise.all(
      [moved, (moved + 1) % every.length].map(async (node) => {
        const old = await create(node, {});
        const next = await on(node).ask<Made & { previous: { graceEndsAt: string } }>(
          'POST',
          `/v1/keys/${old.key.id}/rotate`,
          { gracePeriodSeconds: 4 },
        );
        keepKey(next.secret);
        const endsAt = Date.parse(next.previous.graceEndsAt);
        check('a grace period is as long as asked', Math.abs(endsAt - clientNow() - 4_000) < 1_000, { node, endsAt });
        return { old, next, endsAt };
      }),
    );
    const ends = [
      ...[bySkewed, byOther].map((key) => ({
        key,
        endsAt: Date.parse((key.key as { expiresAt?: string }).expiresAt ?? ''),
        reason: 'expired_key',
      })),
      ...rotations.map(({ old, endsAt }) => ({ key: old, endsAt, reason: 'rotated_key' })),
    ];
    const untilAllEnded = Math.max(...ends.map(({ endsAt }) => endsAt)) + 1_000;
    while (clientNow() < untilAllEnded) {
      for (const node of every)
        for (const { key, endsAt, reason } of ends) {
          const before = clientNow();
          const answer = await verify(node, key);
          const after = clientNow();
          const words = { node, endsAt, before, after, reason: answer.reason };
          if (after < endsAt - TOLERANCE_MS) check('passes until its end', answer.valid, words);
          if (before > endsAt + TOLERANCE_MS) check('is refused from its end on', answer.reason === reason, words);
        }
      await sleep(50);
    }
    for (const node of every) {
      check('what ends in an hour passes', (await verify(node, farOff)).valid, node);
      for (const { next } of rotations) check('the next generation passes', (await verify(node, next)).valid, node);
      const spent = await verify(node, day);
      const resetAt = Date.parse(spent.budgets.find(({ name }) => name === 'perDay')?.resetAt ?? '');
      check('a day that is used up is not begun anew', !spent.valid, { node, reason: spent.reason });
      check('the day ends at the next midnight', resetAt === (Math.floor(clientNow() / DAY) + 1) * DAY, {
        ...{ node, resetAt },
      });
      const credits = await verify(node, empty, { cost: { requests: 1, credits: 1 } });
      check('nothing is refilled early', credits.reason === 'insufficient_credits', { node, reason: credits.reason });
      check('what is reserved stays', (await verify(node, held)).credits?.balance === 40, node);
      const second = await on(node).ask<Verification>('POST', '/v1/leases', { secret: leased.secret });
      check('a lease keeps its slot', second.reason === 'concurrency_exceeded', { node, reason: second.reason });
    }
    const { data } = await on(0).ask<{ data: { kind: string }[] }>('GET', `/v1/keys/${empty.key.id}/credits/ledger`);
    check('no refill is in the ledger', !data.some(({ kind }) => kind === 'refill'), data);

    const gone = await create(0, {});
    for (const node of every) await verify(node, gone);
    const { propagated } = await on(moved).ask<{ propagated: { nodes: number; of: number } }>(
      'POST',
      `/v1/keys/${gone.key.id}/revoke`,
      {},
    );
    check(
      'all nodes hear of a revocation',
      propagated.nodes === every.length && propagated.of === every.length,
      propagated,
    );
    for (const node of every)
      check('what is revoked is refused', (await verify(node, gone)).reason === 'revoked_key', node);
  } finally {
    await load.close();
    await on(moved).skew(0);
  }
  return outcome;
}
