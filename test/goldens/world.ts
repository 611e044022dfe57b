// What a golden presupposes, made real: an engine under the golden's clock, its keys with their past, the credential it presents.

import { type LimitDefaults, makeSecret, type Profile } from '@latchkey/core';
import { loadProfile } from '../../packages/server/src/config/load-profile.js';
import { createLatchkey, type Latchkey } from '../../packages/server/src/latchkey.js';
import type { Golden, Made } from './golden.js';

type KeySpec = NonNullable<Golden['given']['key']>;
type Used = NonNullable<KeySpec['used']>;

export interface World {
  latchkey: Latchkey;
  made: Made;
  /** The header lines that present the golden's credential; a name may have several. */
  credential: Record<string, string[]>;
}

interface Step {
  at: number;
  run(): Promise<unknown>;
}

const DAY_MS = 86_400_000;

/** Lives the golden's past in the order of its times, then stands at its instant. Close `latchkey` afterwards. */
export async function makeWorld(profileName: string, golden: Golden): Promise<World> {
  const { given } = golden;
  const now = Date.parse(golden.at);
  const specs = Object.entries({
    ...(given.key && { key: given.key }),
    ...Object.fromEntries((given.others ?? []).map((spec, at) => [`others.${at}`, spec])),
  });
  let clock = Math.min(...specs.map(([, spec]) => createdAtOf(spec, now)), now) - DAY_MS;
  const latchkey = await createLatchkey({
    profile: loadProfile(profileName),
    pepper: Buffer.alloc(32, 1).toString('base64'),
    masterKey: Buffer.alloc(32, 2).toString('base64'),
    servedModes: given.sandbox === false ? ['live'] : ['live', 'test'],
    clock: () => clock,
    flushMs: 0,
  });
  const organization = await latchkey.organizations.create({ name: 'Acme' });
  const projects = new Map<string, Promise<string>>();
  const projectFor = ({ project = 'same', model }: KeySpec): Promise<string> => {
    const name = `${project} ${model ?? ''}`;
    const id =
      projects.get(name) ??
      latchkey.projects.create({ organizationId: organization.id, name, keyModel: model }).then((made) => made.id);
    projects.set(name, id);
    return id;
  };
  const made: Record<string, string> = {};
  const steps = specs.flatMap(([who, spec]) => pastOf(latchkey, who, spec, now, projectFor, made));
  for (const step of steps.sort((a, b) => a.at - b.at)) {
    clock = step.at;
    await step.run();
  }
  clock = now;
  return { latchkey, made, credential: credentialOf(latchkey.profile, given.present, made) };
}

const instant = (text: string): number => Date.parse(text);

function createdAtOf({ createdAt, expiresAt, rotatedAt, lastUsedAt, used }: KeySpec, now: number): number {
  if (createdAt !== undefined) return instant(createdAt);
  const named = [expiresAt, rotatedAt, lastUsedAt, used?.at].flatMap((text) =>
    text === undefined ? [] : instant(text),
  );
  return Math.min(now, ...named) - DAY_MS;
}

/** Everything that happened to one key before the golden's request. Steps of one instant keep this order. */
function pastOf(
  latchkey: Latchkey,
  who: string,
  spec: KeySpec,
  now: number,
  projectFor: (spec: KeySpec) => Promise<string>,
  made: Record<string, string>,
): Step[] {
  const { services } = latchkey.engine;
  const id = (): string => made[`${who}.id`] as string;
  let familyId = '';
  const steps: Step[] = [];
  steps.push({
    at: createdAtOf(spec, now),
    async run() {
      const { name = 'A key', tier, mode, permissions, restrictions, limits, expiresAt } = spec;
      const projectId = await projectFor(spec);
      const options = { tier, mode, permissions, restrictions, limits, expiresAt };
      const { key, secret } = await latchkey.keys.create({ projectId, name, ...options });
      familyId = key.familyId;
      Object.assign(made, { [`${who}.id`]: key.id, [`${who}.projectId`]: projectId, [`${who}.secret`]: secret });
    },
  });
  const { lastUsedAt, rotatedAt, used, state } = spec;
  if (lastUsedAt !== undefined) {
    const at = instant(lastUsedAt);
    steps.push({ at, run: () => services.store.usage.recordUse([{ keyId: id(), at, ip: null }]) });
  }
  if (rotatedAt !== undefined) {
    steps.push({
      at: instant(rotatedAt),
      async run() {
        const { key, secret } = await latchkey.keys.rotate({ keyId: id() });
        Object.assign(made, {
          'replacement.id': key.id,
          'replacement.projectId': key.projectId,
          'replacement.secret': secret,
        });
      },
    });
  }
  if (used) {
    steps.push({
      at: used.at === undefined ? now : instant(used.at),
      run: () => spend(latchkey, familyId, spec, used),
    });
  }
  if (state !== undefined && state !== 'active') {
    const ends = {
      disabled: () => latchkey.keys.disable({ keyId: id() }),
      revoked: () => latchkey.keys.revoke({ keyId: id() }),
      deleted: () => latchkey.keys.delete({ keyId: id() }),
      suspended: async () => {
        const { data } = await latchkey.organizations.list({});
        for (const { id: organizationId } of data) await latchkey.organizations.suspend({ organizationId });
      },
    };
    steps.push({ at: now, run: ends[state] });
  }
  return steps;
}

/** Spends each counter by itself, at the limiter: a golden may say that a day is used up without breaking the minute's limit. */
async function spend({ engine, profile }: Latchkey, familyId: string, spec: KeySpec, used: Used): Promise<void> {
  const { limiter } = engine.services;
  const { policy } = profile;
  const tier = policy.tiers.find(({ name }) => name === (spec.tier ?? policy.defaultTier));
  const defaults: LimitDefaults = tier?.limits ?? policy.limits;
  const figure = (spent: number | 'all' | undefined, limit: number | 'custom' | null | undefined): number => {
    if (spent !== 'all') return spent ?? 0;
    if (typeof limit !== 'number') throw new Error(`"all" needs a limit that is a number, and the key has none`);
    return limit;
  };
  const perMinute = figure(used.perMinute, spec.limits?.perMinute ?? defaults.perMinute);
  const perDay = figure(used.perDay, spec.limits?.perDay ?? defaults.perDay?.limit);
  const concurrent = figure(used.concurrent, spec.limits?.concurrent ?? defaults.concurrent);
  const limits = { perMinute: null, perDay: null, concurrent: null };
  const claims = { familyId, durable: true, holdSlot: false, concurrency: false };
  await limiter.take({ ...claims, limits, cost: perMinute });
  const day = { limit: Math.max(perDay, perMinute), metered: false };
  await limiter.take({ ...claims, limits: { ...limits, perDay: day }, cost: Math.max(0, perDay - perMinute) });
  for (let slot = 0; slot < concurrent; slot++) {
    await limiter.take({ ...claims, limits: { ...limits, concurrent }, cost: 0, holdSlot: true, concurrency: true });
  }
}

function credentialOf({ wire, policy }: Profile, present: Golden['given']['present'], made: Made): World['credential'] {
  const { credential } = wire;
  const scheme = 'scheme' in credential ? credential.scheme : '';
  const behind = (word: string, secret: string): string => (word === '' ? secret : `${word} ${secret}`);
  const secret = made['key.secret'] ?? '';
  const middle = Math.floor(secret.length / 2);
  const other = { authorization: { 'x-api-key': [secret] }, 'x-api-key': { authorization: [`Bearer ${secret}`] } };
  const line = (...values: string[]): World['credential'] => ({ [credential.header]: values });
  switch (present) {
    case 'valid':
      return line(behind(scheme, secret));
    case 'replacement':
      return line(behind(scheme, made['replacement.secret'] ?? ''));
    case 'other':
      return line(behind(scheme, made['others.0.secret'] ?? ''));
    case 'none':
      return {};
    case 'empty':
      return line(scheme);
    case 'unknown':
      return line(behind(scheme, makeSecret(policy.prefixes.live, policy.secretBodyLength, neverIssued)));
    case 'mistyped':
      return line(behind(scheme, `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`));
    case 'malformed':
      return line(behind(scheme, `${secret.slice(0, middle)} ${secret.slice(middle)}`));
    case 'bare':
      return line(secret);
    case 'other scheme':
      return line(behind('Basic', secret));
    case 'lower case':
      return line(behind(scheme.toLowerCase(), secret));
    case 'other header':
      return other[credential.header];
    case 'twice':
      return line(behind(scheme, secret), behind(scheme, secret));
  }
}

const neverIssued = (length: number): Uint8Array => new Uint8Array(length).fill(7);
