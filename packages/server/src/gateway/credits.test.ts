// Guarantees of credits at the gateway: a row's cost is spent once it is sent, given back for the outcomes that the row names, and settled by the upstream.

import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { bearer, eventually, openLine, type Rig, type RigOptions, rigsOfEachTest, withRoutes } from './rig.suite.js';

const start = rigsOfEachTest();
type Row = Parameters<typeof withRoutes>[number];

const rigOf = (row: Row, upstream: RequestListener = (_, res) => res.end('{}'), more: RigOptions = {}): Promise<Rig> =>
  start({
    ...withRoutes({ method: 'POST', path: '/v1/jobs', cost: { requests: 1, credits: 2, settle: 'now' }, ...row }),
    upstream,
    ...more,
  });

const post = (rig: Rig, secret: string) =>
  fetch(`${rig.url}/v1/jobs`, { method: 'POST', headers: { ...bearer(secret), 'Idempotency-Key': 'once' } });
const balance = async (rig: Rig, keyId: string) => (await rig.latchkey.keys.get({ keyId })).credits?.balance;
const kinds = async (rig: Rig, keyId: string) =>
  (await rig.latchkey.credits.ledger({ keyId })).data.map(({ kind }) => kind).reverse();

describe('the cost of a row', () => {
  it('is spent before the upstream hears of it; without credits it hears nothing, and the limits stay as they were', async () => {
    const rig = await rigOf({});
    const { secret, id } = await rig.key({ credits: 5, limits: { perMinute: 3 } });
    for (let at = 0; at < 2; at++) expect((await post(rig, secret)).status).toBe(200);
    for (let at = 0; at < 5; at++) {
      const refused = await post(rig, secret);
      expect(refused.status).toBe(402);
      expect(refused.headers.get('x-should-retry')).toBe('false');
      expect(await refused.json()).toMatchObject({ error: { code: 'insufficient_credits' } });
    }
    expect(rig.seen).toHaveLength(2);
    expect(await balance(rig, id)).toBe(1);
    expect(rig.latchkey.engine.services.limiter.held((await rig.latchkey.keys.get({ keyId: id })).familyId)).toBe(0);
    // Two of three are used in this minute: one more passes where nothing is charged.
    expect((await fetch(`${rig.url}/v1/other`, { headers: bearer(secret) })).status).toBe(200);
  });

  it('is nothing for keys that are not bounded, and names its request in the ledger', async () => {
    const rig = await rigOf({});
    const free = await rig.key();
    expect((await post(rig, free.secret)).status).toBe(200);
    const { secret, id } = await rig.key({ credits: 2 });
    const answer = await post(rig, secret);
    const { data } = await rig.latchkey.credits.ledger({ keyId: id });
    expect(data[0]).toMatchObject({
      kind: 'debit',
      amount: -2,
      requestId: answer.headers.get('x-request-id'),
      keyId: id,
    });
  });
});

describe('credits come back', () => {
  const cases: [string, Row, RequestListener, number, 'back' | 'spent'][] = [
    ['for a 500 by default', {}, (_, res) => void res.writeHead(500).end(), 500, 'back'],
    ['for a 503 by default', {}, (_, res) => void res.writeHead(503).end(), 503, 'back'],
    ['not for a 400 by default', {}, (_, res) => void res.writeHead(400).end(), 400, 'spent'],
    ['for a 404 where the row says so', { refundOn: ['4xx'] }, (_, res) => void res.writeHead(404).end(), 404, 'back'],
    [
      'not for a 500 where the row does not',
      { refundOn: ['4xx'] },
      (_, res) => void res.writeHead(500).end(),
      500,
      'spent',
    ],
    ['when the connection breaks before an answer', {}, (req) => req.socket.destroy(), 502, 'back'],
    ['not then, where no outcome is named', { refundOn: [] }, (req) => req.socket.destroy(), 502, 'spent'],
    ['not for a timeout by default', {}, () => {}, 504, 'spent'],
    ['for a timeout where the row says so', { refundOn: ['timeout'] }, () => {}, 504, 'back'],
    [
      'for a 429 that is not kept under an Idempotency-Key',
      { idempotent: true },
      (_, res) => void res.writeHead(429).end(),
      429,
      'back',
    ],
    ['not for a 400 that is', { idempotent: true }, (_, res) => void res.writeHead(400).end(), 400, 'spent'],
    ['not for an answer that passes', {}, (_, res) => void res.end('{}'), 200, 'spent'],
  ];
  it.each(cases)('%s', async (_, row, upstream, status, expected) => {
    const rig = await rigOf(row, upstream, status === 504 ? { gateway: { timeouts: { upstreamHeadersMs: 300 } } } : {});
    const { secret, id } = await rig.key({ credits: 7 });
    expect((await post(rig, secret)).status).toBe(status);
    await eventually(async () => (await kinds(rig, id)).length === (expected === 'back' ? 3 : 2));
    expect(await balance(rig, id)).toBe(expected === 'back' ? 7 : 5);
  });

  it('when nothing listens there, and always when nothing was sent', async () => {
    const gone = await rigOf({ refundOn: ['unreachable'] }, undefined, {
      gateway: { upstream: new URL('http://127.0.0.1:9') },
    });
    const first = await gone.key({ credits: 7 });
    expect((await post(gone, first.secret)).status).toBe(502);
    await eventually(async () => (await balance(gone, first.id)) === 7);

    const nowhere = await rigOf({ refundOn: [] }, undefined, { gateway: { upstream: null } });
    const second = await nowhere.key({ credits: 7 });
    expect((await post(nowhere, second.secret)).status).toBe(502);
    await eventually(async () => (await balance(nowhere, second.id)) === 7);
  });

  it('not for a caller who leaves while the upstream works', async () => {
    const rig = await rigOf({}, () => {});
    const { secret, id } = await rig.key({ credits: 7 });
    const line = openLine(
      rig.port,
      `POST /v1/jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${secret}\r\nContent-Length: 0\r\n\r\n`,
    );
    await eventually(() => rig.seen.length === 1);
    line.socket.destroy();
    await eventually(() => rig.gateway.inFlight() === 0);
    await rig.latchkey.engine.services.store.ping();
    expect(await balance(rig, id)).toBe(5);
  });

  it('after the database was away: the refund is tried again, and said in the log', async () => {
    const rig = await rigOf({}, (_, res) => void res.writeHead(500).end());
    const { secret, id } = await rig.key({ credits: 7 });
    const { store } = rig.latchkey.engine.services;
    const { refundCredits } = store;
    let failures = 2;
    store.refundCredits = (order) => (failures-- > 0 ? Promise.reject(new Error('away')) : refundCredits(order));
    expect((await post(rig, secret)).status).toBe(500);
    await eventually(async () => (await balance(rig, id)) === 7);
    expect(rig.logged.filter(({ event }) => event === 'refund_failed')).toHaveLength(2);
    expect(rig.counted.filter(({ metric }) => metric === 'latchkey_refund_failures_total')).toHaveLength(2);
    expect(await kinds(rig, id)).toEqual(['grant', 'debit', 'refund']);
  });
});

describe('repeats under one Idempotency-Key', () => {
  const repeat = (rig: Rig, secret: string, key: string) =>
    fetch(`${rig.url}/v1/jobs`, { method: 'POST', headers: { ...bearer(secret), 'idempotency-key': key }, body: '{}' });

  it('are charged once, at a used-up balance too; one that failed is charged anew', async () => {
    let status = 200;
    const rig = await rigOf({ idempotent: true }, (_, res) => void res.writeHead(status).end('{}'));
    const { secret, id } = await rig.key({ credits: 2 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => repeat(rig, secret, 'order-1')));
    expect(answers.filter(({ status: code }) => code === 200).length).toBeGreaterThan(0);
    expect((await repeat(rig, secret, 'order-1')).status).toBe(200);
    expect((await repeat(rig, secret, 'order-2')).status).toBe(402);
    expect(rig.seen).toHaveLength(1);
    expect(await kinds(rig, id)).toEqual(['grant', 'debit']);

    await rig.latchkey.credits.adjust({ keyId: id, set: 2 });
    status = 503;
    expect((await repeat(rig, secret, 'order-3')).status).toBe(503);
    await eventually(async () => (await balance(rig, id)) === 2);
    status = 200;
    expect((await repeat(rig, secret, 'order-3')).status).toBe(200);
    expect(await balance(rig, id)).toBe(0);
  });
});

describe('a row that settles later', () => {
  const later: Row = { cost: { requests: 1, credits: 5, settle: 'later' }, maxSeconds: 60 };

  it('reserves, tells the upstream the reservation, and costs what the upstream settles', async () => {
    const rig = await rigOf(later, async (req, res) => {
      const reservationId = String(req.headers['x-latchkey-reservation-id']);
      await rig.latchkey.reservations.settle({ reservationId, credits: 3 });
      res.end('{}');
    });
    const { secret, id } = await rig.key({ credits: 7 });
    expect((await post(rig, secret)).status).toBe(200);
    expect(await balance(rig, id)).toBe(4);
    expect(await kinds(rig, id)).toEqual(['grant', 'reserve', 'settle']);
    expect((await post(rig, secret)).status).toBe(402);
  });

  it('counts as spent until it expires, then returns once', async () => {
    let now = Date.UTC(2025, 0, 1);
    const rig = await rigOf(later, undefined, { settings: { clock: () => now } });
    const { secret, id } = await rig.key({ credits: 7 });
    expect((await post(rig, secret)).status).toBe(200);
    expect(await balance(rig, id)).toBe(2);
    expect((await post(rig, secret)).status).toBe(402);
    now += 60_000;
    expect((await post(rig, secret)).status).toBe(200);
    expect(await kinds(rig, id)).toEqual(['grant', 'reserve', 'expire', 'reserve']);
  });

  it('is given back for the outcomes named, unless the upstream has settled it', async () => {
    const rig = await rigOf(later, async (req, res) => {
      if (req.headers['x-settle'] !== undefined)
        await rig.latchkey.reservations.settle({
          reservationId: String(req.headers['x-latchkey-reservation-id']),
          credits: 1,
        });
      res.writeHead(500).end();
    });
    const { secret, id } = await rig.key({ credits: 7 });
    await post(rig, secret);
    await eventually(async () => (await balance(rig, id)) === 7);
    await fetch(`${rig.url}/v1/jobs`, { method: 'POST', headers: { ...bearer(secret), 'x-settle': '1' } });
    await eventually(async () => (await balance(rig, id)) === 6);
    expect(await kinds(rig, id)).toEqual(['grant', 'reserve', 'refund', 'reserve', 'settle']);
  });

  it('has an empty header where nothing is reserved', async () => {
    const rig = await rigOf(later);
    await post(rig, (await rig.key()).secret);
    expect(rig.seen[0]?.headers['x-latchkey-reservation-id']).toBe('');
  });
});
