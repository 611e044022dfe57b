// Guarantees of an Idempotency-Key in process: the gateway's rules for the work of any front, and every refusal ready to send.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IdempotentCall, WorkAnswer } from './idempotent-call.js';
import { codeOf, DAY, freshRing, MINUTE, type World, world } from './world.suite.js';

let w: World;
let secret: string;
let done: number;
const rings = { pepper: freshRing(), masterKey: freshRing() };
beforeEach(async () => {
  w = await world('suward', { onDisk: true, ...rings });
  ({ secret } = await w.key({ limits: { perMinute: 2, perDay: 100 } }));
  done = 0;
});
afterEach(() => w.close());

const pay = async (): Promise<WorkAnswer> => ({
  status: 201,
  headers: { 'Content-Type': 'application/json', 'Set-Cookie': 'a=1' },
  body: `{"payment":${++done}}`,
});
const call = (more: Partial<IdempotentCall> & { secret?: string; path?: string } = {}): IdempotentCall => {
  const { secret: presented = secret, path = '/v1/payments', ...rest } = more;
  return {
    question: { secret: presented, request: { method: 'post', path } },
    idempotencyKey: 'order_abc_1',
    body: '{"amount":"25.00"}',
    ...rest,
  } as IdempotentCall;
};
const left = async () => {
  const { budgets } = await w.lk.verify({ secret, cost: { requests: 0 } });
  return budgets.map(({ remaining }) => remaining);
};

describe('work asked for with a question', () => {
  it('is done once; a repeat costs nothing, passes at a used-up limit, and hears the same bytes', async () => {
    const first = await w.lk.idempotent(call(), pay);
    expect(first).toMatchObject({ reason: null, replayed: false });
    expect(first.reply).toEqual({
      status: 201,
      headers: { 'content-type': 'application/json', 'set-cookie': 'a=1' },
      body: Buffer.from('{"payment":1}'),
    });
    expect(await left()).toEqual([1, 99]);
    await w.lk.idempotent(call({ idempotencyKey: 'order_abc_2' }), pay);
    expect(await left()).toEqual([0, 98]);
    const again = await w.lk.idempotent(call({ idempotencyKey: '"order_abc_1"' }), pay);
    expect(again).toMatchObject({ reason: null, replayed: true });
    expect(again.reply).toEqual({
      status: 201,
      headers: { 'content-type': 'application/json', 'Idempotent-Replayed': 'true' },
      body: Buffer.from('{"payment":1}'),
    });
    expect(await left()).toEqual([0, 98]);
    expect(await w.lk.idempotent(call({ idempotencyKey: 'order_abc_3' }), pay)).toMatchObject({
      reason: 'rate_limited',
      reply: { status: 429, headers: { 'Retry-After': expect.any(String) } },
    });
    w.time.now += MINUTE;
    expect(await w.lk.idempotent(call({ idempotencyKey: 'order_abc_3' }), pay)).toMatchObject({ replayed: false });
    expect(done).toBe(3);
  });

  it('is done once for any number of calls at once, over a restart, and under the next generation of the key', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => w.lk.idempotent(call(), pay)));
    expect(all.filter(({ reason }) => reason === null)).toHaveLength(1);
    for (const { reason, reply } of all) {
      if (reason === null) continue;
      expect(reason).toBe('idempotency_conflict');
      expect(reply).toMatchObject({ status: 409, headers: { 'Retry-After': '1' } });
      expect(JSON.parse(reply.body as string)).toMatchObject({ code: 'idempotency_conflict' });
    }
    await w.restart();
    const { key } = await w.lk.verify({ secret, cost: { requests: 0 } });
    const next = await w.lk.keys.rotate({ keyId: key?.id as string, gracePeriodSeconds: 60 });
    for (const { replayed, reply } of await Promise.all(
      Array.from({ length: 20 }, () => w.lk.idempotent(call({ secret: next.secret }), pay)),
    )) {
      expect(replayed).toBe(true);
      expect(reply.body?.toString()).toBe('{"payment":1}');
    }
    w.time.now += DAY;
    expect(await w.lk.idempotent(call({ secret: next.secret }), pay)).toMatchObject({ replayed: false });
    expect(done).toBe(2);
  });

  it('is refused with the profile’s own words, and not done', async () => {
    const reader = await w.key({ permissions: ['payments.read'] });
    await w.lk.idempotent(call(), pay);
    const refusals = [
      [call({ secret: 'nonsense' }), 'unknown_key', 401],
      [call({ secret: reader.secret }), 'insufficient_permission', 403],
      [call({ idempotencyKey: ['a', 'a'] }), 'idempotency_key_invalid', 422],
      [call({ idempotencyKey: '' }), 'idempotency_key_invalid', 422],
      [call({ body: '{"amount":"26.00"}' }), 'idempotency_mismatch', 422],
      [call({ path: '/v1/payments?x=1' }), 'idempotency_mismatch', 422],
    ] as const;
    for (const [asked, reason, status] of refusals)
      expect(await w.lk.idempotent(asked, pay)).toMatchObject({ reason, replayed: false, reply: { status } });
    expect(done).toBe(1);
    expect(await codeOf(w.lk.idempotent({ ...call(), question: { secret } }, pay))).toBe('invalid_request');
  });

  it('that throws has an outcome nobody knows; where what it calls honours the key, it is done again', async () => {
    const broken = async (): Promise<WorkAnswer> => {
      done++;
      throw new Error('the connection broke');
    };
    await expect(w.lk.idempotent(call(), broken)).rejects.toThrow('the connection broke');
    expect(await w.lk.idempotent(call(), pay)).toMatchObject({ reason: 'idempotency_unknown', reply: { status: 409 } });
    await w.restart();
    expect(await w.lk.idempotent(call(), pay)).toMatchObject({ reason: 'idempotency_unknown' });
    expect(done).toBe(1);
    expect(await w.lk.idempotent(call({ upstreamIdempotent: true }), pay)).toMatchObject({ reason: null });
    expect(await w.lk.idempotent(call(), pay)).toMatchObject({ replayed: true });
  });

  it.each([500, 503, 401, 402, 429])('that answers %i is done again', async (status) => {
    expect((await w.lk.idempotent(call(), async () => ({ status }))).reply.status).toBe(status);
    expect(await w.lk.idempotent(call(), pay)).toMatchObject({ replayed: false, reply: { status: 201 } });
  });

  it('without the header is done each time', async () => {
    for (const idempotencyKey of [undefined, null, []])
      expect(await w.lk.idempotent(call({ idempotencyKey }), pay).then(({ replayed }) => replayed)).toBe(false);
    expect(done).toBe(2);
    expect(await left()).toEqual([0, 98]);
  });

  it('holds a slot while it runs, and none when it is told again', async () => {
    const busy = await w.key({ limits: { concurrent: 1 } });
    const held = () => w.lk.engine.services.limiter.held();
    const question = { secret: busy.secret, request: { method: 'POST', path: '/v1/payments' } };
    const asked = { question, idempotencyKey: 'k' };
    await w.lk.idempotent(asked, async () => ({ status: 200, body: String(held()) }));
    expect(held()).toBe(0);
    expect((await w.lk.idempotent(asked, pay)).replayed).toBe(true);
    await expect(
      w.lk.idempotent({ ...asked, idempotencyKey: 'l' }, () => Promise.reject(new Error('x'))),
    ).rejects.toThrow();
    expect(held()).toBe(0);
  });
});

describe('work for a caller who was let in before', () => {
  it('is done once for its project and mode, and for no other', async () => {
    const verification = await w.lk.verify({ secret });
    const asked = {
      verification,
      method: 'POST',
      path: '/v1/payments',
      idempotencyKey: 'k',
      body: new Uint8Array([1]),
    };
    expect(await w.lk.idempotent(asked, pay)).toMatchObject({ replayed: false });
    expect(await w.lk.idempotent({ ...asked, method: 'post' }, pay)).toMatchObject({ replayed: true });
    const other = { project: { id: 'proj_other' }, mode: 'live' } as const;
    expect(await w.lk.idempotent({ ...asked, verification: other }, pay)).toMatchObject({ replayed: false });
    expect(await w.lk.idempotent({ ...asked, verification: { ...other, mode: 'test' } }, pay)).toMatchObject({
      replayed: false,
    });
    expect(await w.lk.idempotent({ ...asked, body: new Uint8Array([2]) }, pay)).toMatchObject({
      reason: 'idempotency_mismatch',
      reply: { status: 422, headers: { 'Content-Type': 'application/problem+json' } },
    });
    expect(await codeOf(w.lk.idempotent({ ...asked, verification: await w.lk.verify({ secret: 'x' }) }, pay))).toBe(
      'invalid_request',
    );
    expect(done).toBe(3);
  });
});

it('neither header, body nor answer is readable in the database, and of test keys nothing is there', async () => {
  const marks = { idempotencyKey: 'order-marked-key', body: 'marked-body', answer: 'marked-answer' };
  const asked = (mode: 'live' | 'test', idempotencyKey: string): IdempotentCall => ({
    ...{ verification: { project: { id: w.projectId }, mode }, method: 'POST', path: '/marked-path' },
    ...{ idempotencyKey, body: marks.body },
  });
  const work = async () => ({ status: 200, body: marks.answer });
  await w.lk.idempotent(asked('live', marks.idempotencyKey), work);
  for (let at = 0; at < 5; at++) await w.lk.idempotent(asked('test', `t${at}`), work);
  const rows = w.sql<Record<string, unknown>>('select * from idempotency');
  expect(rows).toHaveLength(1);
  const text = JSON.stringify(rows) + JSON.stringify(w.log);
  for (const mark of [...Object.values(marks), 'marked-path', w.projectId])
    for (const spelled of [
      mark,
      Buffer.from(mark).toString('base64').replace(/=+$/, ''),
      Buffer.from(mark).toString('hex'),
    ])
      expect(text).not.toContain(spelled);
});
