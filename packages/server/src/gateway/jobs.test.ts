// Routes of kind job through the gateway: who holds the slot, from before the upstream is called until the job is over.

import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { bearer, eventually, openLine, type Rig, type RigOptions, rigsOfEachTest, withRoutes } from './rig.suite.js';

const start = rigsOfEachTest();
const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

const ROW = { method: 'POST', path: '/v1/jobs', concurrency: 'job', maxSeconds: 60 } as const;

interface Jobs {
  rig: Rig;
  id: string;
  secret: string;
  time: { now: number };
  /** Starts a job; the answer's status and headers, its body read. */
  post(init?: RequestInit): Promise<Response>;
  held(): number;
  open(): Promise<string[]>;
}

async function jobs(upstream: RequestListener, options: RigOptions & { concurrent?: number } = {}): Promise<Jobs> {
  const time = { now: Date.now() };
  const { concurrent = 1, ...rest } = options;
  const rig = await start({
    profile: 'aifaceswap',
    ...withRoutes(ROW),
    upstream,
    ...rest,
    settings: { clock: () => time.now, ...rest.settings },
  });
  const { id, secret } = await rig.key({ limits: { concurrent } });
  const post = async (init: RequestInit = {}): Promise<Response> => {
    const answer = await fetch(`${rig.url}/v1/jobs`, { method: 'POST', headers: bearer(secret), body: '{}', ...init });
    const text = await answer.text();
    return new Response(answer.status === 204 || answer.status === 304 ? null : text, answer);
  };
  return {
    rig,
    id,
    secret,
    time,
    post,
    held: () => rig.latchkey.engine.services.limiter.held(),
    open: async () => (await rig.latchkey.leases.list({})).data.map((lease) => lease.id),
  };
}

const accepted: RequestListener = (req, res) => {
  req.resume();
  res.writeHead(202).end('{}');
};

describe('a job', () => {
  it('has its lease before the upstream is called, which is told by which id', async () => {
    const seen: { leaseId: string; open: string[] }[] = [];
    const job: Jobs = await jobs(async (req, res) => {
      seen.push({ leaseId: String(req.headers['x-latchkey-lease-id']), open: await job.open() });
      accepted(req, res);
    });
    const { status, headers } = await job.post();
    expect(status).toBe(202);
    expect(seen[0]?.leaseId).toMatch(/^lease_/);
    expect(seen[0]?.open).toEqual([seen[0]?.leaseId]);
    // The caller has no business with leases.
    expect([...headers.keys()].filter((name) => name.startsWith('x-latchkey'))).toEqual([]);
  });

  it('holds its slot beyond its request, until it is reported over', async () => {
    const job = await jobs(accepted);
    expect((await job.post()).status).toBe(202);
    const refused = await job.post();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await refused.json()).toMatchObject({ error: { code: 'rate_limited_concurrent' } });
    const [leaseId = ''] = await job.open();
    await job.rig.latchkey.leases.release({ leaseId });
    expect((await job.post()).status).toBe(202);
    expect(job.held()).toBe(1);
  });

  it('that nobody reports over holds its slot for the seconds of its row', async () => {
    const job = await jobs(accepted);
    await job.post();
    job.time.now += 60_000 - 1;
    expect((await job.post()).status).toBe(429);
    job.time.now += 1;
    expect((await job.post()).status).toBe(202);
  });

  it('that ends within its request is over when the upstream says so in its answer, and only the upstream hears of it', async () => {
    const job = await jobs((req, res) => {
      req.resume();
      res.writeHead(200, { 'X-Latchkey-Lease': 'released', 'X-Latchkey-Other': 'x', 'X-Other': 'y' }).end('{}');
    });
    for (let turn = 0; turn < 5; turn++) {
      const { status, headers } = await job.post();
      expect([
        status,
        headers.get('x-latchkey-lease'),
        headers.get('x-latchkey-other'),
        headers.get('x-other'),
      ]).toEqual([200, null, null, 'y']);
    }
    expect(await job.open()).toEqual([]);
  });

  it.each([200, 201, 204, 302, 304])('is under way after %i', async (status) => {
    const job = await jobs((req, res) => void res.writeHead(status, { location: '/' }).end(req.resume() && undefined));
    expect((await job.post({ redirect: 'manual' })).status).toBe(status);
    expect(job.held()).toBe(1);
  });

  it.each([400, 401, 404, 409, 429, 500, 503])(
    'was not taken on after %i: its slot is free at once',
    async (status) => {
      const job = await jobs((req, res) => {
        req.resume();
        res.writeHead(status);
        // Free with the head already, while the body still comes.
        setTimeout(() => res.end('no'), 20);
      });
      for (let turn = 0; turn < 3; turn++) expect((await job.post()).status).toBe(status);
      expect([job.held(), await job.open()]).toEqual([0, []]);
    },
  );

  it('was not taken on by an upstream that is away, resets, or takes too long', async () => {
    const away = await jobs(accepted);
    await new Promise((resolve) => away.rig.upstream.close(resolve));
    expect((await away.post()).status).toBe(502);
    expect([away.held(), await away.open()]).toEqual([0, []]);

    const resets = await jobs((req) => void req.socket.resetAndDestroy());
    expect((await resets.post()).status).toBe(502);
    expect([resets.held(), await resets.open()]).toEqual([0, []]);

    const silent = await jobs((req) => void req.resume(), { gateway: { timeouts: { upstreamHeadersMs: 100 } } });
    expect((await silent.post()).status).toBe(504);
    expect([silent.held(), await silent.open()]).toEqual([0, []]);
  });

  it('was not taken on when its caller leaves before the answer, in the upload or behind it', async () => {
    const job = await jobs((req) => void req.resume());
    const head = `POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${job.secret}\r\nContent-Length: 10\r\n\r\n`;
    for (const body of ['0123456789', '012', '']) {
      const line = openLine(job.rig.port, head + body);
      await eventually(() => job.held() === 1);
      await settled();
      line.socket.destroy();
      await eventually(() => job.held() === 0);
      expect(await job.open()).toEqual([]);
    }
  });

  it('runs on when its caller leaves, or its answer breaks off, once it was taken on', async () => {
    const job = await jobs(
      (req, res) => {
        req.resume();
        res.writeHead(200).write('begun');
        if (req.url?.endsWith('?cut')) setTimeout(() => res.destroy(), 20);
      },
      { concurrent: 2 },
    );
    const first = await fetch(`${job.rig.url}/v1/jobs`, { method: 'POST', headers: bearer(job.secret), body: '{}' });
    await first.body?.cancel();
    await eventually(() => job.rig.gateway.inFlight() === 0);
    expect(job.held()).toBe(1);
    const second = await fetch(`${job.rig.url}/v1/jobs?cut`, {
      method: 'POST',
      headers: bearer(job.secret),
      body: '{}',
    });
    await second.text().catch(() => {});
    await eventually(() => job.rig.gateway.inFlight() === 0);
    expect(job.held()).toBe(2);
    expect(await job.open()).toHaveLength(2);
  });

  it('ends with the revocation of its key: under way, taken on, and answered', async () => {
    const job = await jobs(
      (req, res) => {
        req.resume();
        if (req.url?.endsWith('?streams')) res.writeHead(200).write('x');
        else if (!req.url?.endsWith('?waits')) res.writeHead(202).end();
      },
      { concurrent: 3 },
    );
    await job.post();
    const ask = (query: string) =>
      fetch(`${job.rig.url}/v1/jobs?${query}`, { method: 'POST', headers: bearer(job.secret), body: '{}' });
    const streams = await ask('streams');
    const waits = ask('waits');
    await eventually(() => job.held() === 3);
    await job.rig.latchkey.keys.revoke({ keyId: job.id });
    expect((await waits).status).toBe(401);
    await expect(streams.text()).rejects.toThrow();
    await eventually(() => job.held() === 0);
    expect(await job.open()).toEqual([]);
  });

  it('that is a tunnel ends with it', async () => {
    const job = await jobs(accepted);
    job.rig.upstream.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.on('end', () => socket.end()).on('error', () => {});
    });
    const line = openLine(
      job.rig.port,
      `POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${job.secret}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n`,
    );
    await line.until(/101 Switching/);
    expect(job.held()).toBe(1);
    line.socket.destroy();
    await eventually(() => job.held() === 0);
    expect(await job.open()).toEqual([]);
  });

  it('is not counted twice: the key has as many requests left as before', async () => {
    const job = await jobs(accepted, { concurrent: 3 });
    const left = (answer: Response) => Number(answer.headers.get('x-ratelimit-remaining'));
    expect([left(await job.post()), left(await job.post()), left(await job.post())]).toEqual([59, 58, 57]);
    // A refused one spends nothing.
    expect(left(await job.post())).toBe(57);
  });
});

it('a route that counts requests alone has no lease, and its upstream is told of none', async () => {
  const job = await jobs((req, res) => void res.end(String(req.headers['x-latchkey-lease-id'])), {
    ...withRoutes({ ...ROW, concurrency: 'request' }),
  });
  const answer = await job.post();
  expect(await answer.text()).toBe('');
  expect(job.held()).toBe(0);
});

it('what is reported as an id or a release by a caller reaches nobody', async () => {
  const job = await jobs(
    (req, res) => void res.end(JSON.stringify(req.rawHeaders.filter((name) => /lease/i.test(name)))),
    { concurrent: 5 },
  );
  const answer = await job.post({
    headers: { ...bearer(job.secret), 'X-Latchkey-Lease-Id': 'lease_mine', X_Latchkey_Lease: 'released' },
  });
  const names = (await answer.json()) as string[];
  expect(names).toEqual(['X-Latchkey-Lease-Id', expect.stringMatching(/^lease_(?!mine)/)]);
});
