// The script on a real Redis against its definition: the vectors, and sequences drawn from a seed, answer by answer and state by state.

import { type FamilyAnswer, type FamilyCall, type FamilyState, type NodeShare, stepFamily } from '@latchkey/core';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeds } from '../../../../test/e2e/random.js';
import { openRedis, redisOrSkip } from '../../../../test/servers/redis.js';
import { drawnCalls, type SomeCall, seeded, wholeCall } from '../../../core/src/limit/family-step.suite.js';
import vectors from '../../../core/src/limit/family-step.vectors.json' with { type: 'json' };
import { argumentsOf, atGivenTime, FAMILY_SCRIPT, familyKey, readAnswers } from './family-script.js';

const program = redisOrSkip();
const SCRIPT = atGivenTime(FAMILY_SCRIPT);

describe.skipIf(program === null)('the script', () => {
  let redis: Redis;
  let close: () => Promise<void>;
  let families = 0;

  beforeAll(async () => {
    const server = await openRedis();
    redis = new Redis(server.url);
    close = async () => {
      redis.disconnect();
      await server.stop();
    };
  });
  afterAll(() => close());

  const run = async (families: readonly (readonly [string, FamilyCall])[], now: number): Promise<FamilyAnswer[]> => {
    const calls = families.map(([, call]) => call);
    const args = argumentsOf(calls[0]?.node ?? '', calls);
    const keys = families.map(([family]) => familyKey(family));
    const raw = (await redis.callBuffer('eval', SCRIPT, keys.length, ...keys, ...args, now)) as Buffer[];
    const read = readAnswers(calls, raw);
    expect(read.now).toBe(now);
    return read.answers;
  };

  const stateOf = async (family: string): Promise<FamilyState | null> => {
    const fields = await redis.hgetallBuffer(familyKey(family));
    if (fields.t === undefined) return null;
    const numbers = (packed: Buffer) =>
      Array.from({ length: packed.length / 8 }, (_, at) => packed.readDoubleLE(at * 8)) as [number, ...number[]];
    expect(fields.t.length).toBeLessThanOrEqual(64);
    const [day, knownDay, slots, leases] = [16, 28, 32, 36].map((at) => fields.t?.readInt32LE(at));
    const [minute, minuteUsed, dayUsed, untold] = [0, 8, 20, 48].map((at) => fields.t?.readDoubleLE(at));
    const nodes: Record<string, NodeShare> = {};
    const ends: Record<string, number> = {};
    for (const [field, value] of Object.entries(fields)) {
      if (field.startsWith('n:')) {
        const [sequence, minute, minuteUsed, day, dayUsed, slots] = numbers(value);
        nodes[field.slice(2)] = { sequence, minute, minuteUsed, day, dayUsed, slots } as NodeShare;
      }
      if (field.startsWith('l:')) ends[field.slice(2)] = Number(value.toString());
    }
    expect(slots).toBe(Object.values(nodes).reduce((sum, share) => sum + share.slots, 0));
    expect(leases).toBe(Object.keys(ends).length);
    return { minute, minuteUsed, day, dayUsed, knownDay, untold, nodes, leases: ends } as FamilyState;
  };

  it.each(vectors.map(({ name, steps, state }) => [name, steps, state] as const))('%s', async (_, steps, state) => {
    const family = `vector ${families++}`;
    for (const [index, { at, call, answer }] of steps.entries())
      expect(await run([[family, wholeCall(call as SomeCall, index + 1)]], at)).toEqual([answer]);
    expect(await stateOf(family)).toEqual(state);
  });

  it.each(seeds(4))('does what its definition says, whatever comes: seed %i', async (seed) => {
    const family = `drawn ${families++}`;
    let state: FamilyState | null = null;
    for (const { at, call } of drawnCalls(seeded(seed), 400)) {
      const stepped: ReturnType<typeof stepFamily> = stepFamily(state, call, at);
      state = stepped.state;
      expect(await run([[family, call]], at)).toEqual([stepped.answer]);
      expect(await stateOf(family)).toEqual(state);
    }
  });

  it('does several families in one call, each as if it were alone', async () => {
    const drawn = [...drawnCalls(seeded(11), 60)];
    const names = [`many ${families++}`, `many ${families++}`, `many ${families++}`];
    const states: (FamilyState | null)[] = [null, null, null];
    for (const { at, call } of drawn) {
      const expected = names.map((_, index) => {
        const stepped = stepFamily(states[index] ?? null, call, at);
        states[index] = stepped.state;
        return stepped.answer;
      });
      expect(
        await run(
          names.map((name) => [name, call]),
          at,
        ),
      ).toEqual(expected);
    }
  });

  it('goes by the clock of Redis alone', async () => {
    const calls = [wholeCall({ asks: [{ limits: { perMinute: 3 } }] }, 1)];
    const args = argumentsOf('a', calls);
    const raw = (await redis.callBuffer('eval', FAMILY_SCRIPT, 1, familyKey('clock'), ...args)) as Buffer[];
    const { now } = readAnswers(calls, raw);
    const [seconds] = (await redis.time()) as [number, number];
    expect(Math.abs(now / 1000 - seconds)).toBeLessThan(2);
    expect(await redis.pttl(familyKey('clock'))).toBeGreaterThan(2 * 86_400_000);
  });
});
