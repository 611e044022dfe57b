// Bodies through the gateway: nothing is held back, nothing piles up, and every end frees what the request held.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  bearer,
  eventually,
  openLine,
  type Rig,
  type RigOptions,
  rigsOfEachTest,
  say,
  withRoutes,
} from './rig.suite.js';

const start = rigsOfEachTest();

const hashing: RequestListener = async (req, res) => {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of req) {
    hash.update(chunk as Buffer);
    length += (chunk as Buffer).length;
  }
  res.end(
    JSON.stringify({
      length,
      sha256: hash.digest('hex'),
      framing: req.headers['transfer-encoding'] ?? req.headers['content-length'],
    }),
  );
};

/** One slot on `POST /v1/swaps`: held while a request runs, so that a leak shows as 429. */
const oneSlot = async (options: RigOptions): Promise<{ rig: Rig; secret: string; id: string }> => {
  const requestScoped = withRoutes({ method: 'POST', path: '/v1/swaps', concurrency: 'request' });
  const rig = await start({ profile: 'aifaceswap', ...requestScoped, ...options });
  const key = await rig.key({ limits: { concurrent: 1, perMinute: 10_000 } });
  return { rig, ...key };
};

describe('an answer', () => {
  it('arrives event by event, the first before the last was made', async () => {
    let finish = (): void => {};
    const rig = await start({
      upstream: (_, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        res.write('data: 1\n\n');
        finish = () => res.end('data: 2\n\n');
      },
    });
    const { secret } = await rig.key();
    const answer = await fetch(`${rig.url}/v1/users/1`, { headers: bearer(secret) });
    const reader = answer.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: 1\n\n');
    finish();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: 2\n\n');
    expect((await reader?.read())?.done).toBe(true);
  });

  it('shows its head before it has a body', async () => {
    const rig = await start({ upstream: (_, res) => void res.writeHead(200).flushHeaders() });
    const { secret } = await rig.key();
    const answer = await fetch(`${rig.url}/v1/users/1`, { headers: bearer(secret) });
    expect(answer.status).toBe(200);
    await answer.body?.cancel();
  });

  it('waits for a slow reader instead of piling up', async () => {
    const total = 50 * 1024 * 1024;
    const chunk = Buffer.alloc(64 * 1024, 7);
    let sent = 0;
    const rig = await start({
      upstream: (_, res) => {
        res.writeHead(200, { 'content-length': String(total) });
        const push = (): void => {
          while (sent < total) {
            sent += chunk.length;
            if (!res.write(chunk)) return void res.once('drain', push);
          }
          res.end();
        };
        push();
      },
    });
    const { secret } = await rig.key();
    const asked = request(`${rig.url}/v1/users/1`, { headers: bearer(secret) }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    let stalledAt = -1;
    await eventually(async () => {
      const before = sent;
      await new Promise((resolve) => setTimeout(resolve, 150));
      stalledAt = sent;
      return before === sent;
    });
    // What fits the sockets' own buffers on both hops, and no more.
    expect(stalledAt).toBeLessThan(total / 2);
    let received = 0;
    for await (const part of answer) received += (part as Buffer).length;
    expect(received).toBe(total);
  });
});

describe('an upload', () => {
  it('arrives as it was sent, with its length or chunked', async () => {
    const rig = await start({ upstream: hashing });
    const { secret } = await rig.key();
    const body = randomBytes(3_000_000);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const whole = await fetch(`${rig.url}/v1/users`, { method: 'POST', headers: bearer(secret), body });
    expect(await whole.json()).toEqual({ length: body.length, sha256, framing: String(body.length) });
    const asked = request(`${rig.url}/v1/users`, { method: 'POST', headers: bearer(secret) });
    for (let at = 0; at < body.length; at += 100_000) asked.write(body.subarray(at, at + 100_000));
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const text = (await answer.toArray()).join('');
    expect(JSON.parse(text)).toEqual({ length: body.length, sha256, framing: 'chunked' });
  });

  it('reaches the upstream while it is still being sent', async () => {
    let heard = '';
    const rig = await start({
      upstream: (req, res) => {
        req.on('data', (chunk) => {
          heard += chunk;
        });
        req.on('end', () => res.end('got it'));
      },
    });
    const { secret } = await rig.key();
    const line = openLine(
      rig.port,
      `POST /v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nfirst\r\n`,
    );
    await eventually(() => heard === 'first');
    line.socket.write('4\r\nlast\r\n0\r\n\r\n');
    expect(await line.closed()).toContain('got it');
    expect(heard).toBe('firstlast');
  });

  it('is asked for with 100 Continue only once the key may pass', async () => {
    const rig = await start({ upstream: hashing });
    const { secret } = await rig.key();
    const head = (credential: string) =>
      `POST /v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${credential}\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`;
    const refused = await say(rig.port, head('nonsense'));
    expect(refused).toMatch(/^HTTP\/1\.1 401/);
    const line = openLine(rig.port, head(secret));
    await line.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    line.socket.write('hello');
    expect(await line.closed()).toMatch(/HTTP\/1\.1 200[\s\S]*"length":5/);
  });

  it('that is too large is refused by its length, or as soon as it turns out', async () => {
    const { rig, secret } = await oneSlot({ upstream: hashing, gateway: { maxBodyBytes: 100_000 } });
    const declared = await say(
      rig.port,
      `POST /v1/swaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Length: 100001\r\n\r\n`,
    );
    expect(declared).toMatch(/^HTTP\/1\.1 413[\s\S]*payload_too_large/);
    expect(rig.seen).toHaveLength(0);
    const chunk = `${(60_000).toString(16)}\r\n${'x'.repeat(60_000)}\r\n`;
    const streamed = await say(
      rig.port,
      `POST /v1/swaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`,
    );
    expect(streamed).toMatch(/^HTTP\/1\.1 413/);
    const next = await fetch(`${rig.url}/v1/swaps`, { method: 'POST', headers: bearer(secret), body: 'x' });
    expect(next.status).toBe(200);
  });

  it('that nobody wanted does not keep the answer from the caller', async () => {
    const rig = await start({
      upstream: (_, res) => void res.writeHead(409).end('no thanks'),
    });
    const { secret } = await rig.key();
    const answer = await fetch(`${rig.url}/v1/users`, {
      method: 'POST',
      headers: bearer(secret),
      body: randomBytes(2_000_000),
    });
    expect(answer.status).toBe(409);
    expect(await answer.text()).toBe('no thanks');
  });
});

describe('a slot', () => {
  it('is free once the answer is complete', async () => {
    const { rig, secret } = await oneSlot({ upstream: (_, res) => void res.end('ok') });
    for (let turn = 0; turn < 50; turn++) {
      const answer = await fetch(`${rig.url}/v1/swaps`, { method: 'POST', headers: bearer(secret), body: '{}' });
      expect(answer.status).toBe(200);
      await answer.text();
    }
  });

  it('is held while an answer streams, and free as soon as the caller leaves; the upstream hears of it', async () => {
    let upstreamClosed = false;
    const { rig, secret } = await oneSlot({
      upstream: (req, res) => {
        req.resume();
        res.writeHead(200).write('x');
        res.on('close', () => {
          upstreamClosed = true;
        });
      },
    });
    const post = () => fetch(`${rig.url}/v1/swaps`, { method: 'POST', headers: bearer(secret), body: '{}' });
    const first = await post();
    const second = await post();
    expect(second.status).toBe(429);
    expect(await second.json()).toMatchObject({ error: { code: 'rate_limited_concurrent' } });
    await first.body?.cancel();
    await eventually(() => upstreamClosed);
    const third = await post();
    expect(third.status).toBe(200);
    await third.body?.cancel();
  });

  it('is free when the caller leaves before the answer began, or in the middle of the upload', async () => {
    const { rig, secret } = await oneSlot({ upstream: () => {} });
    const head = `POST /v1/swaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Length: 10\r\n\r\n`;
    for (const body of ['0123456789', '012', '']) {
      const line = openLine(rig.port, head + body);
      await eventually(() => rig.gateway.inFlight() === 1);
      await new Promise((resolve) => setTimeout(resolve, 30));
      line.socket.destroy();
      await eventually(() => rig.gateway.inFlight() === 0);
    }
    const { limiter } = rig.latchkey.engine.services;
    const [key] = (await rig.latchkey.keys.list({ projectId: rig.projectId })).data;
    expect(limiter.held(key?.familyId ?? '')).toBe(0);
  });

  it('is free when a pipelined request is left behind', async () => {
    const { rig, secret } = await oneSlot({ upstream: () => {} });
    const one = `POST /v1/swaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Length: 0\r\n\r\n`;
    const line = openLine(
      rig.port,
      `GET /v1/slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\n\r\n${one}`,
    );
    await eventually(() => rig.gateway.inFlight() === 2);
    line.socket.destroy();
    await eventually(() => rig.gateway.inFlight() === 0);
    const [key] = (await rig.latchkey.keys.list({ projectId: rig.projectId })).data;
    expect(rig.latchkey.engine.services.limiter.held(key?.familyId ?? '')).toBe(0);
  });
});

describe('a tunnel', () => {
  const upgradeHead = (secret: string): string =>
    `GET /v1/socket HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\n\r\n`;

  const echoing = async (): Promise<{ rig: Rig; secret: string; id: string }> => {
    const rig = await start();
    rig.upstream.on('upgrade', (req, socket, head) => {
      rig.seen.push(req);
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: def\r\n\r\n',
      );
      socket.write(head);
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    return { rig, ...(await rig.key()) };
  };

  it('joins both ends after the same checks, and closes with either', async () => {
    const { rig, secret } = await echoing();
    const line = openLine(rig.port, `${upgradeHead(secret)}early `);
    await line.until(/^HTTP\/1\.1 101 [\s\S]*sec-websocket-accept: def\r\n[\s\S]*\r\n\r\nearly $/i);
    line.socket.write('late');
    await line.until(/early late$/);
    expect(rig.seen[0]?.headers).toMatchObject({
      upgrade: 'websocket',
      'sec-websocket-key': 'abc',
      'x-latchkey-mode': 'live',
    });
    expect(rig.seen[0]?.headers.authorization).toBeUndefined();
    line.socket.end();
    await line.closed();
    await eventually(() => rig.gateway.inFlight() === 0);
  });

  it('is refused in the dialect', async () => {
    const { rig } = await echoing();
    expect(await say(rig.port, upgradeHead('nonsense'))).toMatch(/^HTTP\/1\.1 401[\s\S]*"success":false/);
    expect(rig.seen).toHaveLength(0);
    await eventually(() => rig.gateway.inFlight() === 0);
  });

  it("passes the upstream's own refusal on", async () => {
    const rig = await start({ upstream: (_, res) => void res.writeHead(426).end('not here') });
    const { secret } = await rig.key();
    expect(await say(rig.port, upgradeHead(secret))).toMatch(/^HTTP\/1\.1 426[\s\S]*not here/);
  });

  it('is cut when its key is revoked', async () => {
    const { rig, secret, id } = await echoing();
    const line = openLine(rig.port, upgradeHead(secret));
    await line.until(/101/);
    await rig.latchkey.keys.revoke({ keyId: id });
    await line.closed();
    await eventually(() => rig.gateway.inFlight() === 0);
  });

  it('is not made of an offer of HTTP/2: that request is an ordinary one', async () => {
    const rig = await start();
    const { secret } = await rig.key();
    const answer = await say(
      rig.port,
      `POST /v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 4\r\n\r\nbody`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200[\s\S]*"body":"body"/);
    expect(answer).not.toMatch(/"(upgrade|http2-settings)"/i);
  });
});
