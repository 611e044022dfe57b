// One crash run: clients create and revoke keys on a server that is killed at drawn moments, then everything acknowledged is looked for.

import { send } from '../e2e/client.js';
import { randomOf } from '../e2e/random.js';
import type { LatchkeyProcess } from '../e2e/server.js';
import { keepKey } from '../secrecy/test-root.js';
import { firstProject, installation, type Made, type Verification } from './command.js';

export interface CrashRun {
  seed: number;
  /** Creates and revokes that are asked for until they are acknowledged. */
  changes: number;
  clients: number;
  kills: number;
}

export interface CrashOutcome {
  kills: number;
  created: number;
  revoked: number;
  /** Changes that were asked for again after a kill had swallowed the answer, and how many of those creates were answered anew by the same key. */
  retried: number;
  /** One line for each promise that was not kept. */
  faults: string[];
}

const PER_DAY = 100_000;
/** What is written ahead of use for such a limit: a hundredth. */
const BLOCK = PER_DAY / 100;

interface Known extends Made {
  revoked: 'no' | 'asked' | 'acknowledged';
}

/** Clients do not give up: an answer that did not come is asked for again with the same Idempotency-Key. */
export async function crashRun({ seed, changes, clients, kills }: CrashRun): Promise<CrashOutcome> {
  const random = randomOf(seed, 'crash');
  const place = installation('crash', { profile: 'textgen' });
  let server = await place.serve();
  const projectId = await firstProject(server);
  const limits = { perMinute: PER_DAY, perDay: PER_DAY };
  const counted = await server.ask<Made>('POST', `/v1/projects/${projectId}/keys`, { name: 'counted', limits });
  const outcome: CrashOutcome = { kills: 0, created: 0, revoked: 0, retried: 0, faults: [] };
  const known: Known[] = [];
  let left = changes;
  /** Acknowledged requests, and those whose answer nobody heard, since the count was last known. */
  let spent = 0;
  let unheard = 0;
  let knownUse = 0;
  let restarting: Promise<void> | null = null;

  /** The answer, or null when a kill swallowed it. */
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    if (restarting) await restarting;
    const asked = server;
    const answer = await send(asked.controlPlane, {
      method,
      path,
      headers: { authorization: `Bearer ${asked.rootKey}`, ...headers },
      ...(body === undefined ? {} : { body }),
    }).catch(() => null);
    if (answer === null || answer.cut) return null;
    if (answer.status >= 300)
      outcome.faults.push(
        `${method} ${path.replace(/_\w+/, '_…')} answered ${answer.status} ${answer.text.slice(0, 200)}`,
      );
    return answer.status >= 300 ? undefined : answer.json;
  };

  async function create(name: string): Promise<void> {
    const headers = { 'idempotency-key': `${name}-of-seed-${seed}-0123456789` };
    for (let attempt = 0; ; attempt++) {
      const made = (await ask('POST', `/v1/projects/${projectId}/keys`, { name }, headers)) as Made | null | undefined;
      if (made === undefined) return;
      if (made === null) {
        outcome.retried++;
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      keepKey(made.secret);
      // An answer that was already given is given again, secret and all.
      if (attempt === 0 && random.int(0, 9) === 0) {
        const again = (await ask('POST', `/v1/projects/${projectId}/keys`, { name }, headers)) as
          | Made
          | null
          | undefined;
        if (again && (again.secret !== made.secret || again.key.id !== made.key.id))
          outcome.faults.push(`${name}: a retry made another key`);
      }
      known.push({ ...made, revoked: 'no' });
      outcome.created++;
      return;
    }
  }

  async function revoke(key: Known): Promise<void> {
    key.revoked = 'asked';
    while ((await ask('POST', `/v1/keys/${key.key.id}/revoke`, {})) === null) {
      outcome.retried++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    key.revoked = 'acknowledged';
    outcome.revoked++;
  }

  const client = async (which: number): Promise<void> => {
    for (let at = 0; left > 0; at++) {
      left--;
      const free = known.filter(({ revoked }) => revoked === 'no');
      const chosen = free.length > 5 && random.int(0, 2) === 0 ? random.oneOf(free) : null;
      await (chosen ? revoke(chosen) : create(`key-${which}-${at}`));
    }
  };
  const spender = async (): Promise<void> => {
    while (left > 0) {
      const answer = (await ask('POST', '/v1/keys/verify', { secret: counted.secret })) as
        | Verification
        | null
        | undefined;
      if (answer?.valid) spent++;
      else if (answer === null) unheard++;
      if (answer === null) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const dayUsed = async (): Promise<number> => {
    // Asked for with a cost of nothing, the numbers are told and not changed.
    const { budgets } = (await server.ask('POST', '/v1/keys/verify', {
      secret: counted.secret,
      cost: { requests: 0 },
    })) as Verification;
    return PER_DAY - (budgets.find(({ name }) => name === 'perDay')?.remaining ?? Number.NaN);
  };
  const killer = async (): Promise<void> => {
    for (let kill = 1; kill <= kills; kill++) {
      // Spread over the run by progress, then off by a drawn moment.
      const from = changes - (changes * kill) / (kills + 1);
      while (left > from) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, random.int(0, 60)));
      let done = (): void => {};
      const dead = server;
      restarting = new Promise((resolve) => {
        done = resolve;
      });
      await dead.kill();
      outcome.kills++;
      server = await dead.restart();
      const used = await dayUsed();
      const least = knownUse + spent;
      if (used < least)
        outcome.faults.push(`after kill ${kill}: ${least} were acknowledged and only ${used} are counted`);
      if (used > least + unheard + BLOCK)
        outcome.faults.push(`after kill ${kill}: ${used} are counted for ${least} acknowledged and ${unheard} unheard`);
      knownUse = used;
      spent = 0;
      unheard = 0;
      restarting = null;
      done();
    }
  };
  await Promise.all([...Array.from({ length: clients }, (_, which) => client(which)), spender(), killer()]);

  await judgeKeys(server, known, outcome);
  const there = await countKeys(server, projectId);
  if (there !== known.length + 1) outcome.faults.push(`${there} keys are there, and ${known.length + 1} were made`);
  const before = await dayUsed();
  await server.stop();
  await judgeFiles(place, outcome);
  server = await server.restart();
  const after = await dayUsed();
  if (after !== before) outcome.faults.push(`a clean stop changed the day's use from ${before} to ${after}`);
  await judgeKeys(server, known, outcome);
  await server.dispose();
  return outcome;
}

/** Every acknowledged key passes, every acknowledged revocation holds. */
async function judgeKeys(server: LatchkeyProcess, known: readonly Known[], outcome: CrashOutcome): Promise<void> {
  for (let at = 0; at < known.length; at += 100) {
    const batch = known.slice(at, at + 100);
    const { data } = await server.ask<{ data: Verification[] }>('POST', '/v1/keys/verify/batch', {
      keys: batch.map(({ secret }) => ({ secret })),
    });
    for (const [index, { key, revoked }] of batch.entries()) {
      const reason = data[index]?.reason ?? null;
      const expected = revoked === 'no' ? null : 'revoked_key';
      if (reason !== expected)
        outcome.faults.push(`${key.id}: ${reason ?? 'passes'}, though it should ${expected ?? 'pass'}`);
    }
  }
}

/** A retry that made a second key would show here. */
async function countKeys(server: LatchkeyProcess, projectId: string): Promise<number> {
  let count = 0;
  for (let cursor = ''; ; ) {
    const path = `/v1/projects/${projectId}/keys?limit=100${cursor && `&cursor=${cursor}`}`;
    const page = await server.ask<{ data: unknown[]; nextCursor: string | null }>('GET', path);
    count += page.data.length;
    if (page.nextCursor === null) return count;
    cursor = page.nextCursor;
  }
}

async function judgeFiles(place: ReturnType<typeof installation>, outcome: CrashOutcome): Promise<void> {
  const { json } = await place.local('doctor', '--json');
  for (const { check, good, detail } of json.findings as { check: string; good: boolean; detail: string }[])
    if (!good) outcome.faults.push(`doctor, ${check}: ${detail}`);
}
