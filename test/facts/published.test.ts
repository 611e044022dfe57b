// A wrong limit is worse than none: random limits go in, by profile and by changed tiers, and the page that comes out has those and no other.

import { randomBytes } from 'node:crypto';
import {
  authenticationPage,
  type Profile,
  profileSchema,
  type Tier,
  tiersOf,
  toHtml,
  toMarkdown,
} from '@latchkey/core';
import { describe, expect, it } from 'vitest';
import { createLatchkey } from '../../packages/server/src/latchkey.js';
import { type Random, randomOf, seeds } from '../e2e/random.js';
import { profileNames, readProfileFile } from '../goldens/golden.js';

const CONFIGURATIONS = 20;
const [SEED = 1] = seeds(1);
console.log(`published limits: LATCHKEY_SEED=${SEED}`);

const read = (name: string): Profile => profileSchema.parse(readProfileFile(`${name}/profile.json`));
const text = (figure: number): string => figure.toLocaleString('en-US');

/** Figures that stand nowhere else on a page, each once; none is a round number of hours or days. */
function figures(random: Random): () => number {
  const drawn = new Set<number>();
  return () => {
    let figure: number;
    do figure = random.int(100_003, 9_999_991);
    while (drawn.has(figure) || figure % 10 === 0);
    drawn.add(figure);
    return figure;
  };
}

/** A day that lets less through than a minute is refused as a slip. */
const ascending = (draw: () => number): [perMinute: number, perDay: number] => {
  const [a, b] = [draw(), draw()];
  return a < b ? [a, b] : [b, a];
};

/** Other figures wherever the profile has one, written by whoever keeps the file. */
function withFigures(profile: Profile, draw: () => number): { profile: Profile; told: number[] } {
  const told: number[] = [];
  const next = (): number => {
    told.push(draw());
    return told.at(-1) as number;
  };
  const { limits } = profile.policy;
  const [perMinute, perDay] = ascending(draw);
  const bound = profile.policy.tiers.length === 0;
  const counted = profile.routes.some(({ concurrency }) => concurrency !== null);
  const policy: Profile['policy'] = {
    ...profile.policy,
    ...(bound && {
      limits: {
        perMinute,
        perDay: { limit: perDay, metered: true },
        concurrent: counted ? next() : limits.concurrent,
      },
    }),
    gracePeriodSeconds: profile.policy.gracePeriodSeconds === null ? null : next() * 60,
    rotationDays: profile.policy.rotationDays === null ? null : next(),
  };
  const routes = profile.routes.map((route) =>
    route.cost.credits > 0 ? { ...route, cost: { ...route.cost, credits: next() } } : route,
  );
  return { profile: { ...profile, policy, routes }, told: bound ? [...told, perMinute, perDay] : told };
}

/** Other figures for every tier, set by the operator while the server runs. */
function changed(tier: Tier, draw: () => number): { patch: object; told: number[] } {
  const batchSize = draw();
  const [perMinute, perDay] = ascending(draw);
  return {
    patch: {
      limits: { perMinute, perDay: { limit: perDay, metered: tier.limits.perDay?.metered ?? true } },
      batchSize,
    },
    told: [perMinute, perDay, batchSize],
  };
}

async function built(profile: Profile, draw: () => number): Promise<{ md: string; html: string; told: number[] }> {
  const latchkey = await createLatchkey({
    profile,
    pepper: randomBytes(32).toString('base64'),
    masterKey: randomBytes(32).toString('base64'),
    flushMs: 0,
  });
  try {
    const told: number[] = [];
    for (const tier of (await latchkey.tiers.list({})).data) {
      const change = changed(tier, draw);
      told.push(...change.told);
      await latchkey.tiers.update({ tierId: tier.id, ...change.patch });
    }
    const { profile: spoken, tiers } = await latchkey.profiles.get({});
    const page = authenticationPage({ profile: spoken, tiers });
    return { md: toMarkdown(page), html: toHtml(page), told };
  } finally {
    await latchkey.close();
  }
}

/** Figures of limits that the file had: none of them may be told any more. */
const oldFigures = ({ policy, routes }: Profile): number[] =>
  [
    ...[policy, ...policy.tiers].flatMap(({ limits }) => [limits.perMinute, limits.perDay?.limit, limits.concurrent]),
    ...policy.tiers.map(({ batchSize }) => batchSize),
    ...routes.map(({ cost }) => cost.credits),
  ].filter((figure): figure is number => typeof figure === 'number' && figure > 0);

/** Whether a page still tells a figure. A small one may stand in a sentence for something else: it is looked for in tables and messages. */
function tells(page: string, figure: number): boolean {
  const plain = page.replace(/HTTP\/1\.1 \d+|\b(40[1-4]|409|422|429|503)\b/g, '');
  if (figure >= 60) return new RegExp(`(?<![\\d,.])${text(figure).replaceAll(',', ',?')}(?!,?\\d)`).test(plain);
  const cells = plain.split('|').map((cell) => cell.trim());
  return cells.includes(text(figure)) || cells.some((cell) => cell.startsWith(`At most ${figure} `));
}

describe.each(profileNames())('%s', (name) => {
  it(`tells the numbers of ${CONFIGURATIONS} random configurations, and none of before`, async () => {
    const random = randomOf(SEED, name);
    const original = read(name);
    for (let turn = 0; turn < CONFIGURATIONS; turn++) {
      const draw = figures(random);
      const { profile, told } = withFigures(original, draw);
      const page = await built(profile, draw);
      for (const figure of [...told, ...page.told]) {
        expect(page.md, `seed ${SEED}, turn ${turn}`).toContain(text(figure));
        expect(page.html).toContain(text(figure));
      }
      for (const old of oldFigures(original)) {
        expect(tells(page.md, old), `seed ${SEED}, turn ${turn}: ${old}`).toBe(false);
      }
    }
  });

  it('the check finds a number that was left over', () => {
    const profile = read(name);
    const page = toMarkdown(authenticationPage({ profile, tiers: tiersOf(profile.policy) }));
    expect(oldFigures(profile).filter((old) => !tells(page, old))).toStrictEqual([]);
  });
});
