// Plays steps on a real engine in memory and on the model side by side, and says where they first part. What should happen is the model's.

import { LatchkeyError } from '@latchkey/core';
import type { Latchkey } from '../../packages/server/src/latchkey.js';
import { decide, type Heard, heardOf, openEngine, questionOf } from './engine.js';
import {
  type Asked,
  admit,
  answerAlone,
  balanceOf,
  budgetsOf,
  type Clock,
  changeRefill,
  costOf,
  creditsOf,
  inForce,
  isAlive,
  type ModelAnswer,
  type ModelBudget,
  type ModelFamily,
  type ModelKey,
  type ModelProject,
  meetsCap,
  newFamily,
  openCredits,
  openWindows,
  pay,
  REASON_OF,
  refillIfDue,
  refusedBy,
  refusedOutright,
} from './model.js';
import type { Ask, Change, ClockMove, Step, World } from './steps.js';

export interface Outcome {
  requests: number;
  allowed: number;
  refused: number;
  /** Refused requests after which a look was held against the look before. */
  looked: number;
  /** Operations that the engine refused, by code. */
  codes: Record<string, number>;
  byReason: Record<string, number>;
  /** The first difference; null: none. */
  fault: { step: number; text: string } | null;
}

interface Entry {
  model: ModelKey;
  id: string;
  secret: string;
  projectId: string;
}

/** What random operations may rightly be refused with. */
const EXPECTED_CODES = [
  'limits_inconsistent',
  'limits_required',
  'key_not_live',
  'key_not_rotatable',
  'organization_suspended',
  'credits_unbounded',
  'credits_out_of_range',
];

export async function play(
  world: World,
  steps: readonly Step[],
  options: { lookEvery?: number } = {},
): Promise<Outcome> {
  const clock: Clock = { now: world.start, highest: world.start };
  const latchkey = await openEngine(world, clock);
  const outcome: Outcome = { requests: 0, allowed: 0, refused: 0, looked: 0, codes: {}, byReason: {}, fault: null };
  try {
    const player = await createPlayer(world, latchkey, clock, outcome, options.lookEvery ?? 1);
    for (const [at, step] of steps.entries()) {
      const text = await player(step);
      if (text === null) continue;
      outcome.fault = {
        step: at,
        text: `${text}\n  at ${new Date(clock.now).toISOString()}, step ${JSON.stringify(step)}`,
      };
      break;
    }
  } finally {
    await latchkey.close();
  }
  return outcome;
}

async function createPlayer(
  world: World,
  latchkey: Latchkey,
  clock: Clock,
  outcome: Outcome,
  lookEvery: number,
): Promise<(step: Step) => Promise<string | null>> {
  const { routes } = world;
  const tiers = structuredClone(world.tiers);
  const tierIds = new Map((await latchkey.tiers.list({})).data.map(({ name, id }) => [name, id]));
  const organization = await latchkey.organizations.create({ name: 'Simulated' });
  const projects: { id: string; model: ModelProject }[] = [];
  for (const name of ['A', 'B']) {
    const { id } = await latchkey.projects.create({ organizationId: organization.id, name });
    projects.push({ id, model: { suspended: false } });
  }
  const entries: Entry[] = [];
  const held: { family: ModelFamily; release: () => void }[] = [];
  const charged: { family: ModelFamily; credits: number; refund: () => void }[] = [];
  let turn = 0;

  const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;
  const entryOf = ({ key, alive }: { key: number; alive: boolean }): Entry | null => {
    const good = ({ model }: Entry): boolean =>
      isAlive(model, clock.now) && !model.disabled && !model.project.suspended;
    const living = alive ? entries.filter(good) : [];
    const among = living.length > 0 ? living : entries;
    return among.length === 0 ? null : pick(among, key);
  };
  const disabled = (): Entry[] => entries.filter(({ model }) => model.disabled && !model.deleted);
  const move = (how: ClockMove): void => {
    if ('by' in how) clock.now += how.by;
    else {
      const length = how.to === 'minute' ? 60_000 : 86_400_000;
      clock.now = (Math.floor(clock.now / length) + 1) * length + how.offset;
    }
    clock.highest = Math.max(clock.highest, clock.now);
  };

  const askedOf = (ask: Ask): Asked => ({
    ...ask,
    // The operation holds no slot, and serves either mode.
    hold: ask.way === 'engine' && ask.hold,
    mode: ask.way === 'engine' ? ask.mode : null,
    route: ask.route < 0 ? null : pick(routes, ask.route),
  });
  const LOOK: Asked = {
    ...{ route: null, cost: 0, credits: 0, hold: false, mode: null, ip: null, permissions: [], batchSize: null },
    fields: [],
  };

  const send = async ({ secret, model }: Entry, asked: Asked, way: Ask['way']): Promise<Heard> =>
    way === 'engine'
      ? decide(latchkey, secret, asked)
      : heardOf(await latchkey.verify(questionOf(secret, asked)), creditsOf(model, asked) > 0);

  const look = (entry: Entry): Promise<Heard> => send(entry, { ...LOOK, ip: entry.model.ips?.[0] ?? null }, 'engine');

  const count = ({ reason }: ModelAnswer): void => {
    outcome.requests++;
    outcome[reason === null ? 'allowed' : 'refused']++;
    outcome.byReason[reason ?? 'allowed'] = (outcome.byReason[reason ?? 'allowed'] ?? 0) + 1;
  };
  const keep = (entry: Entry, asked: Asked, heard: Heard): void => {
    const { family } = entry.model;
    const credits = creditsOf(entry.model, asked);
    if (heard.reason === null && credits > 0 && heard.refund) charged.push({ family, credits, refund: heard.refund });
    if (heard.reason === null && asked.hold && meetsCap(asked))
      held.push({ family: entry.model.family, release: heard.release });
  };

  /** Holds an answer nobody disturbed against the model's. */
  function judge(entry: Entry, asked: Asked, heard: Heard): string | null {
    const wrong = heard.budgets.length === 0 ? null : openWindows(entry.model.family, clock, claimsOf(heard.budgets));
    const expected = answerAlone(tiers, entry.model, asked, clock.now);
    const told = tellOf(heard);
    if (wrong !== null) return `${wrong}: ${told}`;
    return told === tellOf(expected) ? null : `the engine says ${told}\n  the model says ${tellOf(expected)}`;
  }

  /** The balance as it shows, with what is due by now. */
  async function balanceFault({ id, model }: Entry): Promise<string | null> {
    if (model.deleted) return null;
    const { credits } = await latchkey.keys.get({ keyId: id });
    const { family } = model;
    const due = family.credits && { ...family.credits, booked: [...family.credits.booked] };
    if (due !== null) refillIfDue(due, clock.now);
    const expected = due && balanceOf(due);
    return (credits?.balance ?? null) === expected
      ? null
      : `the engine has ${credits?.balance ?? 'no'} credits, the model ${expected ?? 'no'}`;
  }

  async function lookFault(entry: Entry): Promise<string | null> {
    const fault = judge(entry, { ...LOOK, ip: entry.model.ips?.[0] ?? null }, await look(entry));
    return fault === null ? balanceFault(entry) : `a look afterwards: ${fault}`;
  }

  async function ask(one: Ask): Promise<string | null> {
    const entry = entryOf(one);
    if (entry === null) return null;
    const asked = askedOf(one);
    const looks = turn++ % lookEvery === 0;
    const before = looks ? await look(entry) : null;
    const owed = looks ? await balanceFault(entry) : null;
    if (owed !== null) return owed;
    const heard = await send(entry, asked, one.way);
    count(heard);
    keep(entry, asked, heard);
    if (before !== null && heard.reason !== null) {
      outcome.looked++;
      const after = await look(entry);
      if (JSON.stringify(before) !== JSON.stringify(after))
        return `refused (${heard.reason}), and yet the budgets moved from ${JSON.stringify(before)} to ${JSON.stringify(after)}`;
    }
    const fault = judge(entry, asked, heard);
    return fault ?? (looks ? balanceFault(entry) : null);
  }

  /** Several questions in one call are answered one after the other. */
  async function list(asks: readonly Ask[]): Promise<string | null> {
    const all = asks.flatMap((one) => {
      const entry = entryOf(one);
      return entry === null ? [] : [{ entry, asked: askedOf({ ...one, way: 'operation' }) }];
    });
    if (all.length === 0) return null;
    const { data } = await latchkey.keys.verifyBatch({
      keys: all.map(({ entry, asked }) => questionOf(entry.secret, asked)),
    });
    for (const [at, { entry, asked }] of all.entries()) {
      const heard = heardOf(data[at] as (typeof data)[number], creditsOf(entry.model, asked) > 0);
      count(heard);
      const fault = judge(entry, asked, heard);
      if (fault !== null) return fault;
    }
    return null;
  }

  /**
   * Requests at once. In which order they come to the limits is the engine's own affair: what passed fits, what was refused
   * would not have fitted in the end, and what is left is what was not spent.
   */
  async function burst({
    asks,
    meanwhile,
    clock: step,
    turns,
  }: Extract<Step, { do: 'burst' }>): Promise<string | null> {
    const all = asks.flatMap((one) => {
      const entry = entryOf(one);
      // Whether one is charged before or after an adjustment or another day is open, and then what it leaves.
      const isCharged = step === null && meanwhile?.do !== 'adjust';
      const asked = isCharged ? askedOf(one) : { ...askedOf(one), cost: one.cost ?? 1, credits: 0 };
      return entry === null ? [] : [{ entry, asked, way: one.way }];
    });
    const tiersBefore = structuredClone(tiers);
    const standing = all.map(({ entry }) => ({ ...entry.model, project: { ...entry.model.project } }));
    const begun = clock.now;
    const running = all.map(({ entry, asked, way }) => send(entry, asked, way));
    const changed = meanwhile === null ? null : change(meanwhile);
    for (let turn = 0; turn < turns; turn++) await (turn % 8 === 7 ? new Promise(setImmediate) : Promise.resolve());
    if (step !== null) move(step);
    const heard = await Promise.all(running);
    const fault = await changed;
    if (fault) return fault;
    const disturbed = meanwhile !== null || step !== null;

    for (const [at, one] of inOrderOfWindows(heard)) {
      const { entry, asked } = all[at] as (typeof all)[number];
      count(one);
      keep(entry, asked, one);
      const family = entry.model.family;
      const states = [standing[at] as ModelKey, entry.model];
      // Whether the change or the step of the clock came first is open.
      const may = [tiersBefore, tiers].flatMap((rules) =>
        states.flatMap((key) => [begun, clock.now].map((now) => refusedOutright(rules, key, asked, now))),
      );
      const limited = [...Object.values(REASON_OF), 'insufficient_credits'].includes(one.reason ?? '');
      if (one.reason === null || limited ? !may.includes(null) : !may.includes(one.reason))
        return `of several at once, one is answered ${one.reason}, where ${may.join(' or ')} is right`;
      if (one.budgets.length > 0) {
        const wrong = step === null ? openWindows(family, clock, claimsOf(one.budgets)) : reopen(family, one.budgets);
        if (wrong !== null) return wrong;
      }
      if (one.reason === null) {
        admit(family, asked);
        if (pay(entry.model, asked, clock.now) === 'too few')
          return 'more of those at once were charged than there was';
        // Generations differ in their limits only where a clock that went back let an old one pass again.
        const sharing = all.flatMap((other, place) =>
          other.entry.model.family === family ? [standing[place] as ModelKey, other.entry.model] : [],
        );
        const overruns = sharing.flatMap((key) =>
          [tiersBefore, tiers].map((rules) => overrun(inForce(rules, key), family, asked)),
        );
        if (!overruns.includes(null)) return `${overruns[0]}: too many of those at once passed`;
      }
    }
    if (!disturbed) {
      for (const [at, one] of heard.entries()) {
        const { entry, asked } = all[at] as (typeof all)[number];
        if (one.reason === 'insufficient_credits' && pay({ ...entry.model }, asked, clock.now) !== 'too few')
          return 'one of those at once was refused for credits that are there in the end';
        if (!Object.values(REASON_OF).includes(one.reason ?? '')) continue;
        // Limits that a failed debit gave back were in use for a moment: meanwhile others are refused, and rightly.
        const gaveBack = heard.some(
          ({ reason }, place) =>
            reason === 'insufficient_credits' && all[place]?.entry.model.family === entry.model.family,
        );
        if (gaveBack) continue;
        const by = refusedBy(inForce(tiers, entry.model), entry.model.family, asked);
        if (by === null) return `one of those at once is refused (${one.reason}) though it would fit in the end`;
      }
    }
    for (const entry of new Set(all.map((one) => one.entry))) {
      const wrong = await lookFault(entry);
      if (wrong !== null) return wrong;
    }
    return null;
  }

  /** A clock that stepped while requests ran: each was counted in the windows that its own answer names. */
  function reopen(family: ModelFamily, budgets: readonly ModelBudget[]): string | null {
    for (const { name, resetAt } of budgets) {
      if (name === 'concurrent' || resetAt === null) continue;
      const window = resetAt / (name === 'perMinute' ? 60_000 : 86_400_000) - 1;
      if (!Number.isInteger(window) || resetAt > (Math.floor(clock.highest / 86_400_000) + 1) * 86_400_000)
        return `${name} resets at ${resetAt}, which is no end of a window that was reached`;
      if (window < family[name]) return `${name} went back from window ${family[name]} to ${window}`;
      family[name] = window;
    }
    return null;
  }

  async function change(asked: Change): Promise<string | null> {
    try {
      await apply(asked);
      return null;
    } catch (error) {
      const code = error instanceof LatchkeyError ? error.code : String(error);
      outcome.codes[code] = (outcome.codes[code] ?? 0) + 1;
      return EXPECTED_CODES.includes(code) ? null : `${asked.do} ends in ${code}`;
    }
  }

  /** The engine first: when it refuses, nothing happened. */
  async function apply(asked: Change): Promise<void> {
    const { now } = clock;
    if (asked.do === 'create') {
      const { id, model } = pick(projects, asked.project);
      const tier = pick(tiers, asked.tier).name;
      const limits = tier === 'boundless' ? null : asked.limits;
      if (!showsItsWindows(tier, limits)) return;
      const expiresAt = asked.expires === null ? null : now + asked.expires;
      const made = await latchkey.keys.create({
        ...{ projectId: id, name: 'simulated', mode: asked.mode, tier, limits },
        ...(expiresAt !== null && { expiresAt: new Date(expiresAt).toISOString() }),
        ...(asked.credits !== null && { credits: asked.credits }),
      });
      const { mode, credits } = asked;
      const family = { ...newFamily(), credits: credits && openCredits(credits.balance, credits.refill, now) };
      const times = { expiresAt, graceEndsAt: null, disabled: false, revoked: false, deleted: false };
      const model_ = {
        family,
        project: model,
        mode,
        tier,
        limits,
        permissions: null,
        ips: null,
        ...times,
      };
      entries.push({ id: made.key.id, secret: made.secret, projectId: id, model: model_ });
      return;
    }
    if (asked.do === 'suspend' || asked.do === 'resume') {
      const { id, model } = pick(projects, asked.project);
      await latchkey.projects[asked.do]({ projectId: id });
      model.suspended = asked.do === 'suspend';
      return;
    }
    if (asked.do === 'retier') {
      const tier = pick(tiers, asked.tier);
      const { perMinute, perDay: limit, concurrent, batchSize } = asked;
      const perDay = tier.perDay && { ...tier.perDay, limit };
      const tierId = tierIds.get(tier.name) ?? '';
      await latchkey.tiers.update({ tierId, limits: { perMinute, perDay, concurrent }, batchSize });
      Object.assign(tier, { perMinute, perDay, concurrent, batchSize });
      return;
    }
    const entry = asked.do === 'enable' ? pick(disabled(), asked.key) : entryOf({ key: asked.key, alive: true });
    if (entry === undefined || entry === null || entry.model.deleted) return;
    const { id: keyId, model } = entry;
    const family = (): Entry[] => entries.filter((one) => one.model.family === model.family);
    switch (asked.do) {
      case 'restrict': {
        const { permissions, ips } = asked;
        await latchkey.keys.update({ keyId, permissions, restrictions: ips === null ? null : { ips } });
        Object.assign(model, { permissions, ips });
        return;
      }
      case 'limits':
      case 'tier': {
        const tier = asked.do === 'tier' ? pick(tiers, asked.tier).name : model.tier;
        const { limits } = asked;
        if (model.tier === 'boundless' || !showsItsWindows(tier, limits)) return;
        // What changes nothing reaches no other generation either; they differ only where the clock went back.
        if (tier === model.tier && JSON.stringify(limits) === JSON.stringify(model.limits)) return;
        await latchkey.keys.update({ keyId, limits, ...(asked.do === 'tier' && { tier }) });
        for (const one of family())
          if (one === entry || isAlive(one.model, now)) Object.assign(one.model, { tier, limits });
        return;
      }
      case 'adjust': {
        const { do: _, key: __, ...wanted } = asked;
        const { family: shared } = model;
        await latchkey.credits.adjust({ keyId, ...wanted });
        shared.credits ??= openCredits(0, null, now);
        refillIfDue(shared.credits, now);
        const { add = 0, set } = asked;
        shared.credits.booked.push(set === undefined ? add : set - balanceOf(shared.credits));
        if (asked.refill !== undefined) changeRefill(shared.credits, asked.refill, now);
        return;
      }
      case 'rotate': {
        const { graceSeconds } = asked;
        const made = await latchkey.keys.rotate({ keyId, gracePeriodSeconds: graceSeconds });
        for (const { model: other } of family())
          if (other !== model && other.graceEndsAt !== null && other.graceEndsAt > now) other.graceEndsAt = now;
        entries.push({ ...entry, id: made.key.id, secret: made.secret, model: { ...model } });
        model.graceEndsAt = Math.min(now + graceSeconds * 1000, model.expiresAt ?? Infinity);
        return;
      }
      case 'revoke':
        await latchkey.keys.revoke({ keyId });
        model.revoked = true;
        return;
      case 'disable':
      case 'enable':
        await latchkey.keys[asked.do]({ keyId });
        model.disabled = asked.do === 'disable';
        return;
      case 'delete':
        await latchkey.keys.delete({ keyId });
        model.deleted = true;
    }
  }

  return async (step) => {
    switch (step.do) {
      case 'ask':
        return ask(step.ask);
      case 'list':
        return list(step.asks);
      case 'burst':
        return burst(step);
      case 'clock':
        move(step.move);
        return null;
      case 'release': {
        if (held.length === 0) return null;
        const [one] = held.splice(step.held % held.length, 1);
        for (let time = 0; time < step.times; time++) one?.release();
        if (one) one.family.held -= 1;
        return null;
      }
      case 'refund': {
        if (charged.length === 0) return null;
        const [one] = charged.splice(step.charged % charged.length, 1);
        for (let time = 0; time < step.times; time++) one?.refund();
        // Nobody waits for a refund; it is written within a few turns of the loop.
        for (let turn = 0; turn < 12; turn++) await new Promise(setImmediate);
        const credits = one?.family.credits;
        if (!credits) return null;
        refillIfDue(credits, clock.now);
        credits.booked.push(one?.credits ?? 0);
        return null;
      }
      case 'change':
        return change(step.change);
    }
  };
}

/** A key of `platform` may lack figures, and then nobody sees in which window it is counted: the model could not follow a change. */
const showsItsWindows = (tier: string, limits: { perMinute?: number; perDay?: number } | null): boolean =>
  tier !== 'platform' || (limits?.perMinute !== undefined && limits.perDay !== undefined);

const claimsOf = (budgets: readonly ModelBudget[]) =>
  Object.fromEntries(budgets.map(({ name, resetAt }) => [name, resetAt])) as Record<
    'perMinute' | 'perDay',
    number | null
  >;

const tellOf = ({ reason, budgets, retryAfterSeconds, balance }: ModelAnswer): string =>
  JSON.stringify({ reason, budgets, retryAfterSeconds, balance });

/** The answers with their places, those that were counted in earlier windows first. */
const inOrderOfWindows = (heard: readonly Heard[]): [number, Heard][] =>
  [...heard.entries()].sort(([, a], [, b]) => windowsEnd(a) - windowsEnd(b));
const windowsEnd = ({ budgets }: Heard): number =>
  Math.max(0, ...budgets.map(({ name, resetAt }) => (name === 'perDay' ? 0 : (resetAt ?? 0))));

/** The limit that what passed goes beyond; null: none. */
function overrun(limits: ReturnType<typeof inForce>, family: ModelFamily, asked: Asked): string | null {
  if (costOf(asked) === 0 && !meetsCap(asked)) return null;
  for (const { name, remaining } of budgetsOf(limits, family)) {
    const limit = name === 'perDay' && !limits.metered ? null : limits[name];
    if (limit === null || remaining !== 0) continue;
    const sum =
      name === 'concurrent'
        ? family.held
        : family.admitted.reduce((all, one) => (one[name] === family[name] ? all + one.cost : all), 0);
    if (sum > limit && (name !== 'concurrent' ? costOf(asked) > 0 : asked.hold && meetsCap(asked)))
      return `${name} lets ${limit} through, and ${sum} passed`;
  }
  return null;
}
