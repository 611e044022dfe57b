// What a golden says was there before its request: a Latchkey of its own under the golden's clock, with keys made by the ordinary operations.

import type { Mode, OperationOutput, Operations, Profile } from '@latchkey/core';
import { createLatchkey, type Latchkey } from '../../packages/server/src/latchkey.js';
import type { Golden, Made } from './golden.js';

export interface World {
  latchkey: Latchkey;
  /** The profile that callers go by; the one that is spoken, unless a test is about the difference. */
  caller: Profile;
  /** Ids and secrets by the names that goldens use, e.g. `key.id`, `replacement.secret`. */
  made: Made;
  close(): Promise<void>;
}

/** What a world is made from: a golden, or whatever else says what was there. */
export type Scene = Pick<Golden, 'name' | 'at'> & {
  given: Pick<Golden['given'], 'key' | 'others' | 'sandbox'>;
};

type KeySpec = NonNullable<Golden['given']['key']>;
type KeyObject = OperationOutput<Operations['getKey']>;

const SECOND = 1000;
const MINUTE = 60_000;
const DAY = 86_400_000;

/** Peppers and keys that every world has. */
export const PEPPER = Buffer.alloc(32, 1);
export const ROOT_KEY = `lk_root_${'r'.repeat(40)}`;

/** @param profile a shipped one by name, or one already read */
export async function openWorld(profile: string | Profile, golden: Scene, caller?: Profile): Promise<World> {
  const now = Date.parse(golden.at);
  const specs = [golden.given.key ?? [], golden.given.others ?? []].flat();
  let clock = Math.min(now, ...specs.flatMap(timesOf), ...specs.map((spec) => createdAt(spec, now))) - DAY;
  const modes: Mode[] = golden.given.sandbox === false ? ['live'] : ['live', 'test'];
  const latchkey = await createLatchkey({
    profile,
    pepper: PEPPER.toString('base64'),
    masterKey: Buffer.alloc(32, 2).toString('base64'),
    rootKey: ROOT_KEY,
    servedModes: modes,
    clock: () => clock,
    flushMs: 0,
  });
  const made: Record<string, string> = {};
  const projectOf = await projects(latchkey);
  const steps: { at: number; run: () => Promise<unknown> }[] = [];
  const plan = (who: string, spec: KeySpec): void => {
    const born = createdAt(spec, now);
    let key: KeyObject;
    const remember = (name: string, answer: { key: KeyObject; secret: string }): void => {
      const { id, projectId } = answer.key;
      Object.assign(made, { [`${name}.id`]: id, [`${name}.projectId`]: projectId, [`${name}.secret`]: answer.secret });
    };
    const step = (at: number, run: () => Promise<unknown>): void => void steps.push({ at, run });
    step(born, async () => {
      const { name = 'A key', tier, mode, permissions, restrictions, limits, credits, expiresAt } = spec;
      const settings = { name, tier, mode, permissions, restrictions, limits, credits, expiresAt };
      const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
      const projectId = await projectOf(spec);
      const answer = await latchkey.keys.create({ projectId, name, ...given });
      key = answer.key;
      remember(who, answer);
    });
    const { rotatedAt, lastUsedAt, used, state } = spec;
    if (lastUsedAt !== undefined) {
      const use = { at: Date.parse(lastUsedAt), ip: null };
      step(use.at, () => latchkey.engine.services.store.usage.recordUse([{ keyId: key.id, ...use }]));
    }
    if (rotatedAt !== undefined) {
      step(Date.parse(rotatedAt), async () => {
        const answer = await latchkey.keys.rotate({ keyId: key.id });
        if (who === 'key') remember('replacement', answer);
      });
    }
    if (used !== undefined) {
      const at = used.at === undefined ? now : Date.parse(used.at);
      const figures = spent(latchkey, spec);
      // Every take counts in minute and day alike: what is spent of the day alone is spent in an earlier minute.
      const earlier = at === now ? at - MINUTE : at;
      if (Math.floor(earlier / DAY) !== Math.floor(at / DAY))
        throw new Error(`${golden.name}: name another time in used`);
      step(earlier, () => take(latchkey, key, Math.max(0, figures.day - figures.minute)));
      step(at, () => take(latchkey, key, figures.minute));
      for (let slot = 0; slot < figures.slots; slot++) step(at, () => take(latchkey, key, 0, true));
    }
    if (state !== undefined && state !== 'active') step(Math.max(born, now - SECOND), () => end(latchkey, key, state));
  };
  if (golden.given.key) plan('key', golden.given.key);
  golden.given.others?.forEach((spec, index) => {
    plan(`others.${index}`, spec);
  });
  // Sorting is stable: what happens at one instant happens in the order of the plan.
  for (const { at, run } of steps.sort((a, b) => a.at - b.at)) {
    clock = at;
    await run();
  }
  clock = now;
  return { latchkey, caller: caller ?? latchkey.profile, made, close: () => latchkey.close() };
}

const timesOf = ({ expiresAt, rotatedAt, lastUsedAt, used }: KeySpec): number[] =>
  [expiresAt, rotatedAt, lastUsedAt, used?.at].flatMap((text) => (text === undefined ? [] : [Date.parse(text)]));

const createdAt = (spec: KeySpec, now: number): number =>
  spec.createdAt === undefined ? Math.min(now, ...timesOf(spec)) - DAY : Date.parse(spec.createdAt);

/** One organization; a project for each key model, and another beside it for keys that are to be in another. */
async function projects(latchkey: Latchkey): Promise<(spec: KeySpec) => Promise<string>> {
  const have = new Map<string, string>();
  return async ({ project = 'same', model }) => {
    const name = `${project} ${model ?? ''}`;
    let id = have.get(name);
    if (id === undefined) {
      const { data } = await latchkey.organizations.list({ limit: 1 });
      const organizationId = data[0]?.id ?? (await latchkey.organizations.create({ name: 'Acme' })).id;
      ({ id } = await latchkey.projects.create({ organizationId, name, ...(model && { keyModel: model }) }));
      have.set(name, id);
    }
    return id;
  };
}

/** How much of each limit is spent; `all` is the whole limit in force. */
function spent(latchkey: Latchkey, { used, tier, limits }: KeySpec): { minute: number; day: number; slots: number } {
  const { policy } = latchkey.profile;
  const inForce = policy.tiers.find(({ name }) => name === (tier ?? policy.defaultTier))?.limits ?? policy.limits;
  const amount = (figure: number | 'all' | undefined, limit: unknown): number =>
    figure === 'all' ? Number(limit) : (figure ?? 0);
  return {
    minute: amount(used?.perMinute, limits?.perMinute ?? inForce.perMinute),
    day: amount(used?.perDay, limits?.perDay ?? inForce.perDay?.limit),
    slots: amount(used?.concurrent, limits?.concurrent ?? inForce.concurrent),
  };
}

function take({ engine }: Latchkey, { familyId }: KeyObject, cost: number, slot = false): Promise<unknown> {
  const limits = { perMinute: null, perDay: null, concurrent: null };
  return engine.services.limiter.take({ familyId, limits, cost, durable: true, holdSlot: slot, concurrency: slot });
}

async function end({ keys, organizations, projects }: Latchkey, { id, projectId }: KeyObject, state: string) {
  const keyId = { keyId: id };
  if (state === 'disabled') return keys.disable(keyId);
  if (state === 'revoked') return keys.revoke(keyId);
  if (state === 'deleted') return keys.delete(keyId);
  const { organizationId } = await projects.get({ projectId });
  return organizations.suspend({ organizationId });
}
