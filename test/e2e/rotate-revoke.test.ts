// Keys that end: rotation with its grace period and shared budget, revocation of what is next and of what is running, suspension and back.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRun, type Run } from './acceptance/run.js';
import { type Answer, type Question, send } from './client.js';
import { startInProcess } from './in-process.js';
import { openLedger } from './ledger.js';
import { type ProfileName, passed, refusal } from './oracle.js';
import { randomOf, seeds } from './random.js';
import { type LatchkeyProcess, startLatchkey } from './server.js';
import { eventually, minuteOf, roomInMinute } from './window.js';

const [SEED = 1] = seeds(1);
console.log(`rotate and revoke: LATCHKEY_SEED=${SEED}`);

const SERVED = ['swaypi', 'textgen', 'aifaceswap'] as const;
const PICTURES = { source_url: 'https://example.com/a.jpg', target_url: 'https://example.com/b.jpg' };
const REQUEST: Record<(typeof SERVED)[number], Question> = {
  swaypi: { path: '/v1/me' },
  textgen: { method: 'POST', path: '/v1/generate', body: { prompt: 'Hello', model: 'gpt-4' } },
  aifaceswap: { path: '/v1/swaps' },
};

const servers: LatchkeyProcess[] = [];
const runs = new Map<ProfileName, Run>();
const runOf = (profile: ProfileName): Run => runs.get(profile) as Run;

beforeAll(async () => {
  await Promise.all(
    SERVED.map(async (profile) => {
      const server = await startLatchkey({ profile });
      servers.push(server);
      runs.set(profile, await openRun(server, profile, SEED, ' rotate'));
    }),
  );
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.dispose()));
});

describe('rotation', () => {
  it.concurrent.each(SERVED)('old and new pass and share one budget until the grace is over: %s', async (profile) => {
    const run = runOf(profile);
    const random = randomOf(SEED, `rotate ${profile}`);
    const ledger = openLedger(profile, SEED);
    const limit = random.int(6, 30);
    const first = await run.newKey({ limits: { perMinute: limit } });
    await roomInMinute(8);
    const begun = Date.now();
    const before = random.int(1, 3);
    for (let turn = 0; turn < before; turn++) await run.ask(first.secret, REQUEST[profile]);

    const asked = Date.now();
    const second = await run.rotate(first.key, { gracePeriodSeconds: 5 });
    const answered = Date.now();
    const ends = Date.parse(second.previous.graceEndsAt);
    expect(second.previous.id).toBe(first.key.id);
    expect(second.key.id).not.toBe(first.key.id);
    expect(second.key.familyId).toBe(first.key.familyId);
    expect(ends).toBeGreaterThanOrEqual(asked + 5000);
    expect(ends).toBeLessThanOrEqual(answered + 5000);

    const pair = [first.secret, second.secret];
    for (let spent = before + 1; spent <= limit; spent++) {
      const answer = await run.ask(random.oneOf(pair), REQUEST[profile]);
      const left = answer.headers['x-ratelimit-remaining'];
      const faults = profile === 'textgen' || left === `${limit - spent}` ? [] : [`${left} left, not ${limit - spent}`];
      ledger.judge('rotation', `request ${spent} of ${limit}`, passed(200), answer, faults);
    }
    for (const secret of pair) {
      ledger.judge(
        'rotation',
        'either, once all is spent',
        refusal(profile, 'minute'),
        await run.ask(secret, REQUEST[profile]),
      );
    }
    expect(minuteOf(Date.now()), 'the minute ended too early for this test').toBe(minuteOf(begun));

    await run.server.ask('PATCH', `/v1/keys/${second.key.id}`, { limits: { perMinute: 90 } });
    await sleep(Math.max(0, ends - Date.now() - 500));
    const last = await run.ask(first.secret, REQUEST[profile]);
    if (last.heardAt < ends)
      ledger.judge('rotation', 'the old key half a second before', { status: last.status === 429 ? 429 : 200 }, last);
    await sleep(Math.max(0, ends - Date.now() + 1));
    const dead = refusal(profile, 'rotated', { keyId: first.key.id });
    ledger.judge('rotation', 'the old key after the grace', dead, await run.ask(first.secret, REQUEST[profile]));
    ledger.judge(
      'rotation',
      'the new key after the grace',
      passed(200),
      await run.ask(second.secret, REQUEST[profile]),
    );
    expect(ledger.faults()).toEqual([]);
  });

  it('swaypi: without a word the old key passes 24 hours more, to the second', async () => {
    const start = Date.UTC(2026, 2, randomOf(SEED, 'grace').int(1, 28), 13, 59, 30, 250);
    const world = await startInProcess('swaypi', start);
    try {
      const ledger = openLedger('swaypi', SEED);
      const { keys } = world.latchkey;
      const old = await keys.create({ projectId: world.projectId, name: 'Old', tier: 'builder' });
      const next = await keys.rotate({ keyId: old.key.id });
      const day = 24 * 60 * 60_000;
      expect(Date.parse(next.previous.graceEndsAt)).toBe(start + day);
      const me = { path: '/v1/me' };
      for (const [after, lives] of [
        [0, true],
        [day / 2, true],
        [day - 1000, true],
        [day, false],
        [day + 1000, false],
      ] as const) {
        world.setClock(start + after);
        const expected = lives ? passed(200) : refusal('swaypi', 'rotated');
        ledger.judge('grace', `the old key after ${after} ms`, expected, await world.ask(old.secret, me));
        ledger.judge('grace', `the new key after ${after} ms`, passed(200), await world.ask(next.secret, me));
      }
      expect(ledger.faults()).toEqual([]);
    } finally {
      await world.close();
    }
  });
});

describe('revocation', () => {
  const revoke = (run: Run, keyId: string, body: unknown = {}) =>
    run.server.ask<{ key: { state: string }; propagated: { nodes: number; of: number } }>(
      'POST',
      `/v1/keys/${keyId}/revoke`,
      body,
    );

  it('no request that begins after the answer passes, under load', async () => {
    const run = runOf('textgen');
    const { key, secret } = await run.newKey({ limits: { perMinute: 100_000, perDay: 1_000_000 } });
    const answers: Answer[] = [];
    let running = true;
    const callers = Array.from({ length: 8 }, async () => {
      while (running) answers.push(await run.ask(secret, REQUEST.textgen));
    });
    await eventually('the key passes', () => answers.filter(({ status }) => status === 200).length > 20);
    const { propagated } = await revoke(run, key.id);
    const revokedAt = Date.now();
    expect(propagated).toMatchObject({ nodes: 1, of: 1 });
    await eventually(
      'more requests are answered',
      () => answers.filter(({ sentAt }) => sentAt > revokedAt).length > 20,
    );
    running = false;
    await Promise.all(callers);
    const late = answers.filter(({ sentAt }) => sentAt > revokedAt).map(({ status }) => status);
    expect(new Set(late)).toEqual(new Set([401]));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 401]));
  });

  it('one generation ends alone, a family ends together', async () => {
    const run = runOf('swaypi');
    const pair = async () => {
      const old = await run.newKey();
      return { old, next: await run.rotate(old.key, { gracePeriodSeconds: 600 }) };
    };
    const statuses = async ({ old, next }: Awaited<ReturnType<typeof pair>>) =>
      Promise.all([old, next].map(async ({ secret }) => (await run.ask(secret, REQUEST.swaypi)).status));
    const one = await pair();
    expect(await statuses(one)).toEqual([200, 200]);
    await revoke(run, one.old.key.id);
    expect(await statuses(one)).toEqual([401, 200]);
    const both = await pair();
    await revoke(run, both.next.key.id, { family: true });
    expect(await statuses(both)).toEqual([401, 401]);
  });

  const stream = { prompt: 'Hello', model: 'gpt-4', stream: true };
  const streaming = (run: Run, secret: string, events: number, delay: number) => {
    const seen = { pieces: 0 };
    const answer = run.ask(secret, {
      method: 'POST',
      path: '/v1/generate',
      body: { ...stream, events, delay_ms: delay },
      onPiece: () => {
        seen.pieces += 1;
      },
    });
    return { seen, answer };
  };

  it.each(['revoke', 'disable', 'suspend'] as const)('a running stream is cut within a second: %s', async (way) => {
    const run = runOf('textgen');
    const organizationId = await run.newOrganization();
    const project = await run.newProject({ organizationId });
    const { key, secret } = await run.newKey({}, project);
    const bystander = await run.newKey();
    const cut = streaming(run, secret, 1000, 50);
    const whole = streaming(run, bystander.secret, 12, 50);
    await eventually('both streams run', () => cut.seen.pieces > 1 && whole.seen.pieces > 1);
    const path = way === 'suspend' ? `/v1/organizations/${organizationId}/suspend` : `/v1/keys/${key.id}/${way}`;
    const asked = Date.now();
    await run.server.ask('POST', path, {});
    const answer = await cut.answer;
    expect(answer.heardAt - asked).toBeLessThan(1000);
    expect(answer).toMatchObject({ status: 200, cut: true });
    expect(answer.text).not.toContain('[DONE]');
    expect(await whole.answer).toMatchObject({ status: 200, cut: false });
    expect((await whole.answer).text).toContain('[DONE]');
    await eventually('the upstream is told to stop', async () => {
      const { json } = await send(run.server.upstream, { path: '/_example/effects' });
      return (json as { streams: { open: number } }).streams.open === 0;
    });
  });

  it('aifaceswap: a swap that is waited for is answered invalid_api_key within a second', async () => {
    const run = runOf('aifaceswap');
    const ledger = openLedger('aifaceswap', SEED);
    const { key, secret } = await run.newKey();
    const effects = async () =>
      (await send(run.server.upstream, { path: '/_example/effects' })).json as { waiting: number; abandoned: number };
    const swap = run.ask(secret, { method: 'POST', path: '/v1/swaps', body: { ...PICTURES, seconds: 20, wait: true } });
    await eventually('the swap runs', async () => (await effects()).waiting === 1);
    const asked = Date.now();
    await revoke(run, key.id);
    const answer = await swap;
    const ms = answer.heardAt - asked;
    ledger.judge('in flight', 'revoked', refusal('aifaceswap', 'revoked'), answer, ms < 1000 ? [] : [`after ${ms} ms`]);
    expect(ledger.faults()).toEqual([]);
    await eventually('the upstream is let go', async () => (await effects()).waiting === 0);
    expect((await effects()).abandoned).toBe(1);
  });
});

describe('suspension', () => {
  it.each(['organizations', 'projects'] as const)('%s: refused at once, and back after resuming', async (kind) => {
    const run = runOf('textgen');
    const ledger = openLedger('textgen', SEED);
    const organizationId = await run.newOrganization();
    const projectId = await run.newProject({ organizationId });
    const [one, two] = [
      await run.newKey({}, projectId),
      await run.newKey({}, await run.newProject({ organizationId })),
    ];
    const id = kind === 'organizations' ? organizationId : projectId;
    const judge = async (what: string, made: typeof one, refused: boolean) =>
      ledger.judge(
        'suspension',
        what,
        refused ? refusal('textgen', 'suspended', { keyId: made.key.id }) : passed(200),
        await run.ask(made.secret, REQUEST.textgen),
      );
    for (let round = 0; round < 2; round++) {
      await judge('before', one, false);
      await run.server.ask('POST', `/v1/${kind}/${id}/suspend`, {});
      await judge('suspended', one, true);
      await judge('the other project of the organization', two, kind === 'organizations');
      await run.server.ask('POST', `/v1/${kind}/${id}/resume`, {});
      await judge('resumed', one, false);
      await judge('the other project', two, false);
    }
    expect(ledger.faults()).toEqual([]);
  });
});
