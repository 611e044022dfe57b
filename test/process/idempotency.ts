// One idempotency run: payments sent many times at once through a gateway that is killed at drawn moments; the upstream, which survives, counts.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Answer, send } from '../e2e/client.js';
import { type Random, randomOf } from '../e2e/random.js';
import { REPOSITORY } from '../e2e/server.js';
import { keepKey, keepSecret } from '../secrecy/test-root.js';
import { bareEnvironment, firstProject, installation, type Made } from './command.js';

export interface IdempotencyRun {
  seed: number;
  /** Payments, each under an Idempotency-Key of its own. */
  keys: number;
  /** How often each is sent at once. */
  duplicates: number;
  kills: number;
  /** Payments under way at a time. */
  atOnce: number;
}

export interface IdempotencyOutcome {
  kills: number;
  /** Requests sent, those that a kill swallowed among them. */
  requests: number;
  /** Payments that were answered 2xx, and those answered that nobody knows. */
  paid: number;
  unknown: number;
  /** Of the unknown ones those that took effect. */
  unknownWithEffect: number;
  /** Payments under way when a kill came. */
  inFlightAtKill: number;
  replays: number;
  conflicts: number;
  /** One line for each promise that was not kept. */
  faults: string[];
}

interface Payment {
  idempotencyKey: string;
  body: { amount: string; asset: string; reference: string };
  inFlightAtKill: boolean;
  /** The bodies of 2xx answers, and how many of them were no replay. */
  bodies: Set<string>;
  firsts: number;
  unknown: number;
}

const LIMITS = { perMinute: 10_000_000, perDay: 10_000_000 };
/** Of many searched-for secrets each costs time; these stand for the others. */
const SEARCHED_FOR = 20;

export async function idempotencyRun(run: IdempotencyRun): Promise<IdempotencyOutcome> {
  const random = randomOf(run.seed, 'idempotency');
  const upstream = await startExample();
  const place = installation('idempotency', { profile: 'suward' });
  let server = await place.serve({ args: ['--upstream', upstream.url] });
  const projectId = await firstProject(server);
  const first = await server.ask<Made>('POST', `/v1/projects/${projectId}/keys`, { name: 'pays', limits: LIMITS });
  const secrets = [first.secret];
  const outcome: IdempotencyOutcome = {
    ...{ kills: 0, requests: 0, paid: 0, unknown: 0, unknownWithEffect: 0, inFlightAtKill: 0 },
    ...{ replays: 0, conflicts: 0, faults: [] },
  };
  const fault = (text: string): void => void outcome.faults.push(text);
  let restarting: Promise<void> | null = null;
  const underWay = new Set<Payment>();
  let done = 0;

  /** The answer, or null when a kill swallowed it. */
  const pay = async ({ idempotencyKey, body }: Payment, secret: string): Promise<Answer | null> => {
    if (restarting) await restarting;
    outcome.requests++;
    const headers = { 'x-api-key': secret, 'idempotency-key': spelled(idempotencyKey, random) };
    const answer = await send(server.gateway, { method: 'POST', path: '/v1/payments', headers, body }).catch(
      () => null,
    );
    return answer?.cut ? null : answer;
  };

  /** Asks until it is told how the payment went. */
  const insist = async (payment: Payment, secret: string): Promise<void> => {
    for (;;) {
      const answer = await pay(payment, secret);
      const code = (answer?.json as { code?: string } | undefined)?.code;
      if (answer?.status === 201) {
        payment.bodies.add(answer.text);
        if (answer.headers['idempotent-replayed'] === 'true') outcome.replays++;
        else payment.firsts++;
        return;
      }
      if (code === 'idempotency_unknown') return void payment.unknown++;
      if (code === 'idempotency_conflict') {
        outcome.conflicts++;
        if (answer?.headers['retry-after'] !== '1') fault('a conflict does not say Retry-After: 1');
      } else if (answer !== null) return fault(`answered ${answer.status} ${answer.text.slice(0, 200)}`);
      await new Promise((resolve) => setTimeout(resolve, random.int(5, 60)));
    }
  };

  const payments = Array.from({ length: run.keys }, (_, at): Payment => {
    const idempotencyKey = `order-${random.word(20)}`;
    const reference = `reference-${random.word(20)}`;
    if (at < SEARCHED_FOR) keepSecret(idempotencyKey, reference);
    const body = { amount: `${at + 1}.50`, asset: 'USDC', reference };
    return { idempotencyKey, body, inFlightAtKill: false, bodies: new Set(), firsts: 0, unknown: 0 };
  });
  const waiting = [...payments];
  const client = async (): Promise<void> => {
    for (let payment = waiting.shift(); payment !== undefined; payment = waiting.shift()) {
      const asked = payment;
      if (restarting) await restarting;
      underWay.add(asked);
      await Promise.all(Array.from({ length: run.duplicates }, () => insist(asked, random.oneOf(secrets))));
      underWay.delete(asked);
      done++;
      if (done === Math.ceil(run.keys / 2)) secrets.push(await rotated());
    }
  };
  const rotated = async (): Promise<string> => {
    while (restarting) await restarting;
    const next = await server
      .ask<Made>('POST', `/v1/keys/${first.key.id}/rotate`, { gracePeriodSeconds: 3_600 })
      .catch(() => null);
    if (next === null) return rotated();
    keepKey(next.secret);
    return next.secret;
  };
  const killer = async (): Promise<void> => {
    for (let kill = 1; kill <= run.kills; kill++) {
      while (done < (run.keys * kill) / (run.kills + 1)) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, random.int(0, 40)));
      let restarted = (): void => {};
      restarting = new Promise((resolve) => {
        restarted = resolve;
      });
      for (const payment of underWay) payment.inFlightAtKill = true;
      await server.kill();
      outcome.kills++;
      server = await server.restart();
      restarting = null;
      restarted();
    }
  };
  await Promise.all([...Array.from({ length: run.atOnce }, client), killer()]);

  // A day is not over: the next generation of the key hears the same, also from a gateway that was stopped in order.
  await server.stop();
  server = await server.restart();
  const [, next = ''] = secrets;
  for (const payment of payments) {
    const heard = { ...payment, bodies: new Set(payment.bodies), firsts: 0, unknown: 0 };
    await insist(heard, next);
    if (heard.firsts > 0) fault('a retry after a rotation was no replay');
    if (heard.bodies.size > payment.bodies.size || heard.unknown > 0 !== payment.unknown > 0)
      fault('a retry after a rotation heard something else');
  }
  judge(payments, await upstream.effects(), outcome);
  await server.dispose();
  upstream.end();
  const { json } = await place.local('doctor', '--json');
  for (const { check, good, detail } of json.findings as { check: string; good: boolean; detail: string }[])
    if (!good) fault(`doctor, ${check}: ${detail}`);
  return outcome;
}

/** The same key, bare or quoted. */
const spelled = (key: string, random: Random): string => (random.int(0, 3) === 0 ? `"${key}"` : key);

function judge(payments: readonly Payment[], effects: Record<string, number>, outcome: IdempotencyOutcome): void {
  for (const { idempotencyKey, inFlightAtKill, bodies, firsts, unknown } of payments) {
    // The upstream gets the header as it came.
    const effect = (effects[idempotencyKey] ?? 0) + (effects[`"${idempotencyKey}"`] ?? 0);
    const fault = (text: string): void =>
      void outcome.faults.push(`${text} (effects ${effect}, in flight at a kill: ${inFlightAtKill})`);
    if (inFlightAtKill) outcome.inFlightAtKill++;
    if (bodies.size > 0) outcome.paid++;
    if (unknown > 0) {
      outcome.unknown++;
      outcome.unknownWithEffect += effect;
    }
    if (effect > 1) fault('took effect more than once');
    if (bodies.size > 1) fault('was answered in two ways');
    if (firsts > 1) fault('had two answers that were no replay');
    if (bodies.size > 0 && effect !== 1) fault('was answered 2xx');
    if (bodies.size > 0 && unknown > 0) fault('was answered 2xx and as unknown');
    if (!inFlightAtKill && (effect !== 1 || bodies.size !== 1 || firsts !== 1 || unknown > 0))
      fault('met no kill, and did not take effect exactly once');
  }
}

const alive = new Set<ChildProcess>();
afterAll(() => {
  for (const child of alive) child.kill('SIGKILL');
});

/** The example API in a process of its own, which outlives the gateway's. */
async function startExample() {
  const child = spawn(process.execPath, [join(REPOSITORY, 'examples/suward/server.js')], {
    env: { ...bareEnvironment(), PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  alive.add(child);
  const url = await new Promise<string>((resolve, reject) => {
    let heard = '';
    child.once('exit', (code) => reject(new Error(`the example ended with ${code}`)));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
      const found = heard.match(/http:\/\/\S+/)?.[0];
      if (found !== undefined) resolve(found);
    });
  });
  return {
    url,
    async effects(): Promise<Record<string, number>> {
      const { json } = await send(url, { path: '/_example/effects' });
      return (json as { byIdempotencyKey: Record<string, number> }).byIdempotencyKey;
    },
    end(): void {
      child.kill('SIGKILL');
      alive.delete(child);
    },
  };
}

/** The figures of a run, in one line. */
export const figures = (seed: number, outcome: IdempotencyOutcome): string => {
  const { faults: _, ...counted } = outcome;
  return `idempotency, seed ${seed}: ${Object.entries(counted)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')}`;
};
