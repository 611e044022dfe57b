// Limits through the real gateway: exactly as many requests pass as the page or the key says, one by one and all at once, and the rest are told when to come back.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Key, openRun, type Run } from './acceptance/run.js';
import type { Answer, Question } from './client.js';
import { startInProcess } from './in-process.js';
import { openLedger } from './ledger.js';
import {
  createMeter,
  type Expected,
  limitHeadersOf,
  PROFILES,
  type ProfileName,
  passed,
  refusal,
  secondsLeft,
} from './oracle.js';
import { randomOf, seeds } from './random.js';
import { type LatchkeyProcess, startLatchkey } from './server.js';
import { eventually, minuteOf, roomInMinute } from './window.js';

const [SEED = 1] = seeds(1);
console.log(`limits: LATCHKEY_SEED=${SEED}`);

/** One request of each profile that any key may make and that is answered 200. */
const REQUEST: Record<ProfileName, Question> = {
  aifaceswap: { path: '/v1/swaps' },
  swaypi: { path: '/v1/creators/cr_1001?fields=handle' },
  suward: { path: '/v1/payments' },
  textgen: { method: 'POST', path: '/v1/generate', body: { prompt: 'Hello', model: 'gpt-4' } },
  accounts: { path: '/v1/users/usr_123' },
};

/** The page's own figure, where a page has one. */
const PAGE_LIMIT: Partial<Record<ProfileName, number>> = { aifaceswap: 60, swaypi: 60 };

const draw = randomOf(SEED, 'limits');
const CASES = PROFILES.flatMap((profile) => [
  { profile, limit: draw.int(3, 40), own: true },
  ...(PAGE_LIMIT[profile] === undefined ? [] : [{ profile, limit: PAGE_LIMIT[profile], own: false }]),
]);
const named = (way: string) =>
  CASES.map((one) => [`${one.profile}, ${one.limit}${one.own ? '' : ' (the page)'}, ${way}`, one] as const);

/** `Retry-After` is whole seconds to the end of the window; the test's clock and the gateway's may be a second apart. */
function waitFaults(answer: Answer): string[] {
  const wait = Number(answer.headers['retry-after']);
  const left = [answer.sentAt, answer.heardAt].map((at) => secondsLeft(at, 'minute'));
  return left.some((seconds) => Math.abs(wait - seconds) <= 1)
    ? []
    : [`Retry-After is ${wait}, the minute has ${left}`];
}

describe('within one minute', () => {
  const runs = new Map<ProfileName, Run>();
  const servers: LatchkeyProcess[] = [];

  beforeAll(async () => {
    await Promise.all(
      PROFILES.map(async (profile) => {
        const server = await startLatchkey({ profile });
        servers.push(server);
        runs.set(profile, await openRun(server, profile, SEED, ' limits'));
      }),
    );
    await roomInMinute(20);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.dispose()));
  });
  const runOf = (profile: ProfileName): Run => runs.get(profile) as Run;
  const newKey = (run: Run, limit: number, own: boolean) => run.newKey(own ? { limits: { perMinute: limit } } : {});

  it.concurrent.each(named('one by one'))('%s', async (_, { profile, limit, own }) => {
    const run = runOf(profile);
    const ledger = openLedger(profile, SEED);
    const { key, secret } = await newKey(run, limit, own);
    const meter = createMeter(profile, limit, null);
    const begun = Date.now();
    const ask = async (what: string, expected: Expected, passes: boolean) => {
      const answer = await run.ask(secret, REQUEST[profile]);
      const more = [...meter.faults(answer, passes), ...(passes ? [] : waitFaults(answer))];
      ledger.judge('limit', what, expected, answer, more);
    };
    for (let turn = 1; turn <= limit; turn++) await ask(`request ${turn} of ${limit}`, passed(200), true);
    for (let over = 1; over <= 3; over++) await ask(`${over} beyond ${limit}`, refusal(profile, 'minute'), false);
    expect(ledger.faults()).toEqual([]);

    // A changed limit applies to the next request; what was spent stays spent.
    await run.server.ask<Key>('PATCH', `/v1/keys/${key.id}`, { limits: { perMinute: limit + 2 } });
    const passes = [];
    for (let turn = 0; turn < 4; turn++) passes.push((await run.ask(secret, REQUEST[profile])).status);
    expect(minuteOf(Date.now()), 'the minute ended too early for this test').toBe(minuteOf(begun));
    expect(passes).toEqual([200, 200, 429, 429]);
  });

  it.concurrent.each(named('three times as many at once'))('%s', async (_, { profile, limit, own }) => {
    const run = runOf(profile);
    const ledger = openLedger(profile, SEED);
    const { secret } = await newKey(run, limit, own);
    const begun = Date.now();
    const answers = await Promise.all(Array.from({ length: 3 * limit }, () => run.ask(secret, REQUEST[profile])));
    expect(minuteOf(Date.now()), 'the minute ended too early for this test').toBe(minuteOf(begun));
    const good = answers.filter(({ status }) => status === 200);
    expect(good.length).toBe(limit);
    for (const answer of answers) {
      if (answer.status === 200) ledger.judge('burst', 'passes', passed(200), answer);
      else ledger.judge('burst', 'is refused', refusal(profile, 'minute'), answer, waitFaults(answer));
    }
    expect(ledger.faults()).toEqual([]);
    const names = limitHeadersOf(profile);
    if (names === null) return;
    const [, remaining, reset] = names;
    // Each number of requests left is told to exactly one of those that passed.
    const told = good.map(({ headers }) => Number(headers[remaining])).sort((a, b) => a - b);
    expect(told).toEqual(Array.from({ length: limit }, (_, left) => left));
    expect(new Set(answers.map(({ headers }) => headers[reset]))).toEqual(new Set([`${(minuteOf(begun) + 1) * 60}`]));
    for (const { headers, status } of answers) if (status === 429) expect(headers[remaining]).toBe('0');
  });

  it.concurrent('aifaceswap: swaps that outlive their requests hold their slots until they are done', async () => {
    const run = runOf('aifaceswap');
    const ledger = openLedger('aifaceswap', SEED);
    const { secret } = await run.newKey({ limits: { concurrent: 2 } }, await run.newProject());
    const body = { source_url: 'https://example.com/a.jpg', target_url: 'https://example.com/b.jpg', seconds: 3 };
    const swap = () => run.ask(secret, { method: 'POST', path: '/v1/swaps', body });
    for (let turn = 0; turn < 2; turn++)
      ledger.judge('concurrent', 'a swap within the limit', passed(202), await swap());
    ledger.judge('concurrent', 'one swap too many', refusal('aifaceswap', 'concurrent'), await swap());
    await eventually('a swap is done and reported', async () => (await swap()).status === 202);
    expect(ledger.faults()).toEqual([]);
  });

  it.concurrent.each([draw.int(1, 6), 10])('aifaceswap: %i swaps at once', async (most) => {
    const run = runOf('aifaceswap');
    const ledger = openLedger('aifaceswap', SEED);
    const { secret } = await run.newKey(most === 10 ? {} : { limits: { concurrent: most } }, await run.newProject());
    const pictures = { source_url: 'https://example.com/a.jpg', target_url: 'https://example.com/b.jpg' };
    const swap = (seconds: number) =>
      run.ask(secret, { method: 'POST', path: '/v1/swaps', body: { ...pictures, seconds, wait: true } });
    const running = Promise.all(Array.from({ length: most }, () => swap(2.5)));
    // Reading is not a swap: it passes beside them, and shows when all have begun.
    await eventually('all swaps run', async () => {
      const list = await run.ask(secret, { path: '/v1/swaps' });
      ledger.judge('concurrent', 'reading beside them', passed(200), list);
      return (list.json as { data?: unknown[] }).data?.length === most;
    });
    for (const answer of await Promise.all(Array.from({ length: 3 }, () => swap(0)))) {
      ledger.judge('concurrent', 'one swap too many', refusal('aifaceswap', 'concurrent'), answer);
    }
    for (const answer of await running) ledger.judge('concurrent', 'those within the limit', passed(200), answer);
    ledger.judge('concurrent', 'after they are done', passed(200), await swap(0));
    expect(ledger.faults()).toEqual([]);
  });

  it('a killed process forgets no more of a day than one block, a stopped one nothing', async () => {
    const run = runOf('swaypi');
    const { secret } = await run.newKey();
    const left = async (from: Run): Promise<number> => {
      const { json } = await from.ask(secret, { path: '/v1/me' });
      return (json as { requests_remaining: number }).requests_remaining;
    };
    const spent = randomOf(SEED, 'day').int(3, 30);
    for (let turn = 1; turn <= spent; turn++) expect(await left(run)).toBe(100 - turn);

    await run.server.kill();
    const second = await run.server.restart();
    servers.push(second);
    const after = await left(await openRun(second, 'swaypi', SEED, ' killed'));
    // One block of 100 a day is one request.
    expect(100 - spent - 1 - after).toBeGreaterThanOrEqual(0);
    expect(100 - spent - 1 - after).toBeLessThanOrEqual(1);

    expect(await second.stop()).toBe(0);
    const third = await second.restart();
    servers.push(third);
    expect(await left(await openRun(third, 'swaypi', SEED, ' stopped'))).toBe(after - 1);
  });
});

describe('within one day', () => {
  it('swaypi: the 101st request of a free day is refused until midnight UTC', async () => {
    const random = randomOf(SEED, 'day of swaypi');
    const midnight = Date.UTC(2026, random.int(0, 11), random.int(2, 28));
    const start = midnight - random.int(600, 86_000) * 1000 - random.int(0, 999);
    const world = await startInProcess('swaypi', start);
    try {
      const ledger = openLedger('swaypi', SEED);
      const { secret } = await world.latchkey.keys.create({ projectId: world.projectId, name: 'A free key' });
      const ask = async (what: string, spent: number, inMinute: number, expected: Expected): Promise<void> => {
        const heard = await world.ask(secret, { path: '/v1/me' });
        const reset = Math.floor(world.now() / 60_000) * 60 + 60;
        const headers = {
          'x-ratelimit-limit': '60',
          'x-ratelimit-remaining': `${60 - inMinute}`,
          'x-ratelimit-reset': `${reset}`,
        };
        const body = { tier: 'free', requests_remaining: 100 - spent, rate_limit_per_minute: 60 };
        const full = {
          ...expected,
          headers: { ...expected.headers, ...headers },
          ...(expected.status === 200 && { body }),
        };
        ledger.judge('day', what, full, heard);
      };
      for (let spent = 1; spent <= 100; spent++) {
        if (spent === 51) world.setClock(world.now() + 60_000);
        await ask(`request ${spent}`, spent, spent > 50 ? spent - 50 : spent, passed(200));
      }
      const refused = (): Expected => {
        const expected = refusal('swaypi', 'day');
        return { ...expected, headers: { ...expected.headers, 'retry-after': `${secondsLeft(world.now(), 'day')}` } };
      };
      await ask('the 101st in the same minute', 100, 50, refused());
      for (const at of [world.now() + 60_000, midnight - 61_000, midnight - 1000, midnight - 1]) {
        world.setClock(at);
        await ask(`at ${new Date(at).toISOString()}`, 100, 0, refused());
      }
      world.setClock(midnight);
      await ask('at midnight', 1, 1, passed(200));
      expect(ledger.faults()).toEqual([]);
    } finally {
      await world.close();
    }
  });
});
