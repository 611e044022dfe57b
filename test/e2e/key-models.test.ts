// The two key models under load, through the gateway: on v2 a key is rotated without one failed request, on legacy no two keys ever pass together.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APIKeyService } from '../../packages/server/src/rpc/generated/latchkey/v1/api_key_service_pb.js';
import { keepKey } from '../secrecy/test-root.js';
import { type Answer, send } from './client.js';
import { type LatchkeyProcess, startLatchkey } from './server.js';

const PER_SECOND = 200;
const LIMITS = { perMinute: 1_000_000, perDay: 100_000_000 };

let server: LatchkeyProcess;
let connect: Client<typeof APIKeyService>;
let grpc: Client<typeof APIKeyService>;

beforeAll(async () => {
  server = await startLatchkey({ profile: 'suward', args: ['--grpc-port', '0'] });
  const asRoot: Interceptor = (next) => (request) => {
    request.header.set('authorization', `Bearer ${server.rootKey}`);
    return next(request);
  };
  const interceptors = [asRoot];
  connect = createClient(
    APIKeyService,
    createConnectTransport({ baseUrl: server.controlPlane, httpVersion: '1.1', interceptors }),
  );
  grpc = createClient(APIKeyService, createGrpcTransport({ baseUrl: server.grpc, interceptors }));
});
afterAll(() => server.dispose());

const newProject = async (keyModel: 'legacy' | 'v2'): Promise<string> => {
  const { organizationId } = await server.ask<{ organizationId: string }>('GET', `/v1/projects/${server.projectId}`);
  const name = `${keyModel} under load`;
  return (await server.ask<{ id: string }>('POST', '/v1/projects', { organizationId, name, keyModel })).id;
};

interface Held {
  id: string;
  secret: string;
}

const held = ({ key, secret }: { key?: { id: string } | undefined; secret: string }): Held => {
  keepKey(secret);
  return { id: key?.id as string, secret };
};

const create = async (client: Client<typeof APIKeyService>, projectId: string): Promise<Held> =>
  held(await client.createAPIKey({ projectId, name: 'checkout', limits: LIMITS }));

const ask = (secret: string): Promise<Answer> =>
  send(server.gateway, { path: '/v1/payments', headers: { 'x-api-key': secret } });

interface Traffic {
  /** What new requests present. */
  use(key: Held): void;
  /** Resolves when no request that presented this key is without its answer. */
  drained(key: Held): Promise<void>;
  stop(): Promise<{ sent: number; failures: string[]; keys: number }>;
}

/** More are never under way at once: what a slow machine cannot answer is not asked of it. */
const MOST_OPEN = 400;

/** An integration that calls 200 times a second, on time whether answers come or not, with whatever key it was told last. */
function startTraffic(first: Held): Traffic {
  let current = first;
  let sent = 0;
  let running = true;
  const failures: string[] = [];
  const open = new Map<string, number>();
  const used = new Set<string>();
  const pending = new Set<Promise<void>>();
  const call = async ({ id, secret }: Held): Promise<void> => {
    open.set(id, (open.get(id) ?? 0) + 1);
    used.add(id);
    const outcome = await ask(secret).then(
      ({ status, cut }) => (status === 200 && !cut ? null : `${status}${cut ? ', cut' : ''}`),
      (error: Error) => error.message,
    );
    open.set(id, (open.get(id) as number) - 1);
    if (outcome !== null) failures.push(outcome);
  };
  const started = performance.now();
  const loop = (async () => {
    while (running) {
      const due = ((performance.now() - started) / 1000) * PER_SECOND;
      for (; sent < due && pending.size < MOST_OPEN; sent++) {
        const request = call(current).finally(() => pending.delete(request));
        pending.add(request);
      }
      await sleep(4);
    }
  })();
  return {
    use(key) {
      current = key;
    },
    async drained({ id }) {
      while ((open.get(id) ?? 0) > 0) await sleep(2);
    },
    async stop() {
      running = false;
      await loop;
      await Promise.all(pending);
      return { sent, failures, keys: used.size };
    },
  };
}

describe('v2: a key is rotated under 200 requests a second', () => {
  const LASTS_MS = 3000;
  /** At least so many, however slow the machine is. */
  const ROTATIONS = 6;

  it('CreateAPIKey, switch, RevokeAPIKey: 0 failures, and the old key is dead at once', async () => {
    const projectId = await newProject('v2');
    let old = await create(grpc, projectId);
    const traffic = startTraffic(old);
    const until = Date.now() + LASTS_MS;
    let rotations = 0;
    let alive = 0;
    while (rotations < ROTATIONS || Date.now() < until) {
      await sleep(150);
      const [maker, ender] = rotations % 2 === 0 ? [connect, grpc] : [grpc, connect];
      const next = await create(maker, projectId);
      traffic.use(next);
      await traffic.drained(old);
      await ender.revokeAPIKey({ keyId: old.id });
      if ((await ask(old.secret)).status !== 401) alive++;
      old = next;
      rotations++;
    }
    const { sent, failures, keys } = await traffic.stop();
    console.log(`v2 over RPC: ${sent} requests, ${rotations} rotations, ${failures.length} failures`);
    expect(failures).toEqual([]);
    expect(alive).toBe(0);
    expect(sent).toBeGreaterThan(MOST_OPEN);
    expect(keys).toBe(rotations + 1);
  });

  it('rotateKey with a grace period: 0 failures on the old key and on the new', async () => {
    let current = await create(connect, await newProject('v2'));
    const traffic = startTraffic(current);
    const until = Date.now() + LASTS_MS;
    let rotations = 0;
    while (rotations < ROTATIONS || Date.now() < until) {
      await sleep(100);
      const answer = await server.ask<{ key: { id: string }; secret: string }>(
        'POST',
        `/v1/keys/${current.id}/rotate`,
        { gracePeriodSeconds: 60 },
      );
      // The integration learns of it later: meanwhile the old key goes on.
      await sleep(100);
      traffic.use(held(answer));
      await traffic.drained(current);
      current = held(answer);
      rotations++;
    }
    const { sent, failures } = await traffic.stop();
    console.log(`v2 by rotateKey: ${sent} requests, ${rotations} rotations, ${failures.length} failures`);
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(MOST_OPEN);
  });

  it('a gap shows: revoked before the switch, requests fail', async () => {
    const projectId = await newProject('v2');
    const old = await create(connect, projectId);
    const traffic = startTraffic(old);
    await sleep(200);
    await connect.revokeAPIKey({ keyId: old.id });
    await sleep(50);
    traffic.use(await create(connect, projectId));
    const { failures } = await traffic.stop();
    expect(failures).toContain('401');
  });
});

it('legacy: through the gateway, the old key never passes once the new one did, or once RotateAPIKey answered', async () => {
  const ROUNDS = 100;
  const WORKERS = 40;
  let old = await create(connect, await newProject('legacy'));
  let faults = 0;
  let passedOld = 0;
  let passedNew = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let next: Held | null = null;
    /** When a request with the new key was first known to have passed. */
    let newPassedAt = Infinity;
    let answeredAt = Infinity;
    let warm = 0;
    const worker = async (odd: boolean): Promise<void> => {
      for (let last = false; !last; ) {
        last = next !== null;
        const presents = odd && next !== null ? next : old;
        const sentAt = performance.now();
        const { status } = await ask(presents.secret);
        if (status !== 200) continue;
        if (presents === old) {
          passedOld++;
          warm++;
          if (sentAt > newPassedAt || sentAt > answeredAt) faults++;
        } else {
          passedNew++;
          newPassedAt = Math.min(newPassedAt, performance.now());
        }
      }
    };
    const working = Promise.all(Array.from({ length: WORKERS }, (_, at) => worker(at % 2 === 1)));
    while (warm < WORKERS) await sleep(1);
    const rotated = held(await (round % 2 === 0 ? connect : grpc).rotateAPIKey({ keyId: old.id }));
    answeredAt = performance.now();
    next = rotated;
    await working;
    old = rotated;
  }
  console.log(`legacy: ${ROUNDS} swaps, ${passedOld} old and ${passedNew} new requests passed, ${faults} faults`);
  expect(faults).toBe(0);
  expect(passedOld).toBeGreaterThanOrEqual(ROUNDS * WORKERS);
  expect(passedNew).toBe((ROUNDS * WORKERS) / 2);
});
