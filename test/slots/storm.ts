// Many requests that end in every way there is, against a few slots: what is held in the end, and what the upstream saw meanwhile.

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Profile } from '@latchkey/core';
import { loadProfile } from '../../packages/server/src/config/load-profile.js';
import { createGateway, type Gateway } from '../../packages/server/src/gateway/gateway.js';
import { createLatchkey, type Latchkey } from '../../packages/server/src/latchkey.js';
import { type Random, randomOf } from '../e2e/random.js';
import { type Fate, openCountingUpstream } from './upstream.js';

export interface Outcome {
  /** Requests sent; how many were refused at the cap, how many took a slot, and how many of those came to no good end. */
  sent: number;
  limited: number;
  taken: number;
  bad: number;
  /** The most work of one key at once, as the upstream counted it. */
  most: number;
  /** Requests that arrived at the upstream, by fate; and callers that left, gateways that closed, steps that threw. */
  ends: Record<string, number>;
  /** Slots and leases held when everything was over, and what the gauge said. */
  held: number;
  leases: number;
  gauge: number | undefined;
  faults: string[];
}

const CAP = 5;
const KEYS = 30;
/** Callers at once. */
const WIDTH = 120;
const JOB_SECONDS = 600;
/** Enough for two gateways to close. */
const LEAST_SENT = 1_010;
const TIMEOUTS = { upstreamHeadersMs: 100, idleMs: 150 };

const FATES: readonly Fate[] = [
  'answers',
  'answers slowly',
  'refuses',
  'is silent',
  'resets unanswered',
  'closes unanswered',
  'resets mid-answer',
  'stalls mid-answer',
];
const JOB_FATES: readonly Fate[] = [
  ...FATES,
  'starts a job',
  'starts a job',
  'forgets a job',
  'finishes a job at once',
];

/** The shipped profile with a row of each kind that holds a slot. */
function profileWithSlots(): Profile {
  const profile = structuredClone(loadProfile('aifaceswap'));
  const [row] = profile.routes;
  if (row === undefined) throw new Error('the profile has no row to start from');
  const rowOf = (path: string, concurrency: 'request' | 'job') => ({
    ...row,
    path,
    concurrency,
    maxSeconds: JOB_SECONDS,
  });
  return {
    ...profile,
    routes: [rowOf('/v1/jobs', 'job'), rowOf('/v1/requests', 'request'), rowOf('/v1/tunnels', 'request')],
  };
}

/** Goes on until `bad` requests that had a slot were aborted, timed out or crashed. */
export async function storm({ seed, bad }: { seed: number; bad: number }): Promise<Outcome> {
  const draw = randomOf(seed, 'slots');
  let ahead = 0;
  const gauges = new Map<string, number>();
  const latchkey = await createLatchkey({
    profile: profileWithSlots(),
    pepper: Buffer.alloc(32, 1).toString('base64'),
    masterKey: Buffer.alloc(32, 2).toString('base64'),
    clock: () => Date.now() + ahead,
    flushMs: 0,
    telemetry: { log() {}, count() {}, observe() {}, gauge: (metric, value) => void gauges.set(metric, value) },
  });
  const upstream = await openCountingUpstream({
    endLease: (leaseId) => latchkey.leases.release({ leaseId }),
    cap: CAP,
  });
  const ends: Record<string, number> = {};
  const count = (end: string): void => {
    ends[end] = (ends[end] ?? 0) + 1;
  };
  let taken = 0;
  const watch: Watch = {
    took: () => {
      taken++;
    },
    threw: () => count('gateway threw'),
  };
  let gateway = await openGateway(latchkey, upstream.url, watch);
  const keyOf = await keyMaker(latchkey);
  const secrets = await Promise.all(Array.from({ length: KEYS }, keyOf));

  let sent = 0;
  let limited = 0;
  let good = 0;
  const one = async (): Promise<void> => {
    const turn = sent++;
    // One key is in greater demand than the others, so that its cap is reached.
    const at = draw.int(0, 2) === 0 ? 0 : draw.int(0, KEYS - 1);
    // Now and then a key ends under what runs, and a gateway with everything that is on it.
    if (turn % 211 === 210) {
      count('key revoked');
      const { id } = secrets[at] as { id: string };
      await latchkey.keys.revoke({ keyId: id });
      secrets[at] = await keyOf();
    }
    if (turn % 503 === 502) {
      count('gateway closed');
      const closing = gateway;
      gateway = await openGateway(latchkey, upstream.url, watch);
      await closing.close({ graceMs: 0 });
    }
    const { secret } = secrets[at] as { secret: string };
    const { heard, left } = await callOnce(gateway, secret, draw);
    if (left) count('caller left');
    if (heard.startsWith('HTTP/1.1 429')) limited++;
    if (!left && heard.endsWith('ok') && heard.startsWith('HTTP/1.1 20')) good++;
  };
  const caller = async (): Promise<void> => {
    // Where everything times out, as on a slow machine, all kinds of ends come up nevertheless.
    while (taken - good < bad || sent < LEAST_SENT) await one();
  };
  await Promise.all(Array.from({ length: WIDTH }, caller));
  // The last of them are cut with the gateway.
  const last = Array.from({ length: WIDTH }, one);
  await sleep(20);
  await gateway.close({ graceMs: 0 });
  await Promise.all(last);
  // Jobs that will report do so; those that were forgotten are over when their time is.
  await sleep(600);
  ahead += JOB_SECONDS * 1000;
  latchkey.engine.reportGauges();
  const outcome: Outcome = {
    sent,
    limited,
    taken,
    bad: taken - good,
    most: upstream.most(),
    ends: { ...ends, ...Object.fromEntries(upstream.arrived) },
    held: latchkey.engine.services.limiter.held(),
    leases: (await latchkey.leases.list({})).data.length,
    gauge: gauges.get('latchkey_slots_held'),
    faults: upstream.faults,
  };
  await latchkey.close();
  await upstream.close();
  return outcome;
}

interface Watch {
  took(): void;
  threw(): void;
}

/** A gateway one of whose steps throws every now and then, right before the upstream is called. */
async function openGateway({ engine }: Latchkey, upstream: URL, watch: Watch): Promise<Gateway & { port: number }> {
  let calls = 0;
  const gateway = createGateway({
    engine: {
      ...engine,
      async verify(request) {
        const verdict = await engine.verify(request);
        if (verdict.reason === null && request.holdSlot) watch.took();
        return verdict;
      },
      principal: (...input) => {
        if (++calls % 37 !== 0) return engine.principal(...input);
        watch.threw();
        throw new Error('a step throws');
      },
    },
    telemetry: { log() {}, count() {}, observe() {}, gauge() {} },
    upstream,
    sandboxUpstream: null,
    trustedProxies: [],
    timeouts: TIMEOUTS,
  });
  const url = await gateway.listen({ host: '127.0.0.1', port: 0 });
  return { ...gateway, port: Number(new URL(url).port) };
}

async function keyMaker(latchkey: Latchkey): Promise<() => Promise<{ id: string; secret: string }>> {
  const { id: organizationId } = await latchkey.organizations.create({ name: 'Storm' });
  const { id: projectId } = await latchkey.projects.create({ organizationId, name: 'Storm' });
  return async () => {
    const limits = { concurrent: CAP, perMinute: 1_000_000, perDay: 1_000_000 };
    const { key, secret } = await latchkey.keys.create({ projectId, name: 'k', limits });
    return { id: key.id, secret };
  };
}

/** One request of one caller, who may leave at any instant; what it heard until then. */
function callOnce({ port }: { port: number }, secret: string, draw: Random): Promise<{ heard: string; left: boolean }> {
  const kind = draw.oneOf(['requests', 'requests', 'jobs', 'jobs', 'tunnels'] as const);
  const fate = kind === 'tunnels' ? 'tunnels' : draw.oneOf(kind === 'jobs' ? JOB_FATES : FATES);
  const after = draw.int(0, 40);
  const leaves = draw.int(1, 3) === 1 ? draw.int(0, 90) : null;
  const uploads = kind !== 'tunnels' && draw.int(1, 4) === 1;
  const body = uploads && leaves !== null ? 'half' : 'whole bod';
  const lines = [
    `POST /v1/${kind}?fate=${encodeURIComponent(fate).replaceAll('%20', '+')}&after=${after} HTTP/1.1`,
    'Host: gateway',
    `Authorization: Bearer ${secret}`,
    ...(kind === 'tunnels' ? ['Connection: Upgrade', 'Upgrade: websocket'] : ['Connection: close']),
    `Content-Length: ${uploads ? 9 : 0}`,
  ];
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    let left = false;
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.write(`${lines.join('\r\n')}\r\n\r\n${uploads ? body : ''}`);
    // Whoever is never answered leaves in the end.
    const timer = setTimeout(() => {
      if (socket.destroyed) return;
      left = true;
      if (draw.int(0, 1) === 0) socket.destroy();
      else socket.resetAndDestroy();
    }, leaves ?? 2_000);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ heard, left });
    });
  });
}
