// The swap of a legacy key, seen from inside: at no instant do both keys pass, not even between the commit and the answer.

import { randomBytes } from 'node:crypto';
import { MIN_BODY_LENGTH, makeSecret } from '@latchkey/core';
import { expect, it } from 'vitest';
import { world } from '../world.suite.js';

const WORKERS = 40;

interface Tally {
  passedOld: number;
  passedNew: number;
  /** Old accepted by a request that began after one with the new key had been accepted, or after the answer. */
  faults: number;
}

/** Hammers both keys while `swap` runs; the new secret is known as soon as it is drawn, long before the answer. */
async function hammer(keyModel: 'legacy' | 'v2', rounds: number): Promise<Tally> {
  let drawn: Uint8Array[] = [];
  const random = (length: number): Uint8Array => {
    const bytes = randomBytes(length);
    drawn.push(bytes);
    return bytes;
  };
  const w = await world('suward', { keyModel, random });
  const { live: prefix } = w.lk.profile.policy.prefixes;
  /** What became a secret, if one was drawn: the bytes of an id are fewer. */
  const coming = (): string | undefined => {
    const bytes = drawn.find(({ length }) => length >= MIN_BODY_LENGTH);
    return bytes && makeSecret(prefix, MIN_BODY_LENGTH, () => bytes);
  };
  const tally: Tally = { passedOld: 0, passedNew: 0, faults: 0 };
  const limits = { perMinute: 100_000_000, perDay: 1_000_000_000 };
  let old = await w.key({ limits });
  for (let round = 0; round < rounds; round++) {
    drawn = [];
    /** Events in their order: one thread, so a counter is a clock. */
    let clock = 0;
    let newPassedAt = Infinity;
    let answeredAt = Infinity;
    const worker = async (odd: boolean): Promise<void> => {
      for (let last = false, turn = 1; !last; turn++) {
        last = answeredAt < clock;
        const presented = odd ? coming() : old.secret;
        if (presented === undefined) {
          await new Promise(setImmediate);
          continue;
        }
        const begun = ++clock;
        const passed = (await w.verify(presented)).reason === null;
        const ended = ++clock;
        if (passed && odd) {
          tally.passedNew++;
          newPassedAt = Math.min(newPassedAt, ended);
        } else if (passed) {
          tally.passedOld++;
          if (begun > newPassedAt || begun > answeredAt) tally.faults++;
        }
        // What is cached never waits: without a pause nothing else would get its turn.
        if (turn % 4 === 0) await new Promise(setImmediate);
      }
    };
    const working = Promise.all(Array.from({ length: WORKERS }, (_, at) => worker(at % 2 === 1)));
    const next = await w.lk.keys.rotate({
      keyId: old.id,
      ...(keyModel === 'v2' && { gracePeriodSeconds: 60 }),
    });
    answeredAt = ++clock;
    expect(coming()).toBe(next.secret);
    await working;
    old = { id: next.key.id, secret: next.secret };
  }
  await w.close();
  return tally;
}

const ROUNDS = 300;

it('legacy: 0 requests on the old key once the new one passed', async () => {
  const { passedOld, passedNew, faults } = await hammer('legacy', ROUNDS);
  console.log(`legacy in process: ${ROUNDS} swaps, ${passedOld} old and ${passedNew} new passed, ${faults} faults`);
  expect(faults).toBe(0);
  expect(passedOld).toBeGreaterThan(ROUNDS);
  expect(passedNew).toBeGreaterThan(ROUNDS);
});

it('a window in which both pass shows', async () => {
  expect((await hammer('v2', 10)).faults).toBeGreaterThan(10);
});
