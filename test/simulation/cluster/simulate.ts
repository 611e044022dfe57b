// One simulated cluster from a seed: boots the nodes, plays the plan, writes down what clients saw, and has it judged.

import { createHash } from 'node:crypto';
import { type KeyRecord, LatchkeyError, type Store, type Telemetry } from '@latchkey/core';
import { createMemoryFeed } from '../../../packages/server/src/events/memory-feed.js';
import { createMemoryLimiter } from '../../../packages/server/src/limiter/memory.js';
import { createEngine } from '../../../packages/server/src/operations/create-engine.js';
import { seedTiers } from '../../../packages/server/src/operations/profile.js';
import { openSqliteStore } from '../../../packages/server/src/store/open-store.js';
import { randomOf } from '../../e2e/random.js';
import { createBroadcast } from './bus.js';
import { asServer, type Contact, overNetwork } from './database.js';
import { createHost, type Host } from './host.js';
import { judge } from './judge.js';
import { createNetwork } from './network.js';
import { AUDIT_KEY, apiOf, bytesOf, CALL, type Node, PROFILE, SIGNER, startNode, vaultOf } from './node.js';
import { type Parts, SHIPPED } from './parts.js';
import { type Act, type Ask, drawPlan, type Kind, type Plan } from './plan.js';
import type { AskRecord, ChangeRecord, FamilyRecord, History } from './records.js';
import { createRedis } from './redis.js';
import { createTime, type Time } from './time.js';

export interface Outcome {
  plan: Plan;
  history: History;
  faults: string[];
  /** Over everything that any client saw, in order: two runs that have it in common were the same. */
  trace: string;
  events: number;
}

interface Family {
  generations: { id: string; secret: string }[];
}

interface Machine {
  host: Host;
  node: Node | null;
  boot: number;
  contact: Contact;
}

export async function simulate(seed: number, options: { kind?: Kind; parts?: Partial<Parts> } = {}): Promise<Outcome> {
  const plan = drawPlan(seed, options.kind);
  const time = createTime();
  const store = asServer(await openSqliteStore({ file: ':memory:' }), () =>
    Math.floor(plan.epoch + plan.databaseSkew + time.now()),
  );
  try {
    const families = await found(seed, plan, store);
    const cluster = createCluster(seed, plan, time, store, families, { ...SHIPPED, ...options.parts });
    await time.run(plan.endsAt);
    const history = await cluster.history();
    const trace = createHash('sha256')
      .update(JSON.stringify([history.asks, history.changes, history.families]))
      .digest('hex')
      .slice(0, 16);
    return { plan, history, faults: judge(history), trace, events: time.events() };
  } finally {
    await store.close();
  }
}

/** What is there before the first node starts: organization, project, tiers, keys. */
async function found(seed: number, plan: Plan, store: Store): Promise<Family[]> {
  const clock = () => plan.epoch + plan.databaseSkew;
  const random = bytesOf(`${seed} founding`);
  const telemetry: Telemetry = { log() {}, count() {}, observe() {}, gauge() {} };
  const engine = createEngine(
    {
      ...{ store, vault: vaultOf(random), telemetry, clock, random, profile: PROFILE, signer: SIGNER },
      limiter: createMemoryLimiter({ book: store, clock }),
      members: { nodeId: 'founder', live: () => ['founder'], look: async () => {} },
      feed: createMemoryFeed({ clock }),
      servedModes: ['live', 'test'],
      mailer: { sends: false, send: async () => {} },
      publicUrl: 'http://simulated',
    },
    { auditKey: AUDIT_KEY, issuer: 'simulated', flushMs: 0 },
  );
  await seedTiers(engine.services, CALL);
  const api = apiOf(engine);
  const organization = await api.organizations.create({ name: 'Simulated' });
  const project = await api.projects.create({ organizationId: organization.id, name: 'Main' });
  const families: Family[] = [];
  for (const { limits, credits } of plan.keys) {
    const { key, secret } = await api.keys.create({
      ...{ projectId: project.id, name: 'simulated', mode: 'live', tier: 'simulated', limits: figuresOf(limits) },
      ...(credits !== null && {
        credits: { balance: credits.balance, refill: credits.refill ? { amount: credits.refill, every: 'day' } : null },
      }),
    });
    families.push({ generations: [{ id: key.id, secret }] });
  }
  await engine.close();
  return families;
}

const figuresOf = ({ perMinute, perDay, concurrent }: Plan['keys'][number]['limits']) => ({
  ...{ perMinute, perDay },
  ...(concurrent !== null && { concurrent }),
});

function createCluster(seed: number, plan: Plan, time: Time, store: Store, families: Family[], parts: Parts) {
  const draw = randomOf(seed, 'cluster network');
  const network = createNetwork(time, draw, plan.weather);
  const redis = createRedis({ time, network, epoch: plan.epoch + plan.redisSkew, clockOf: parts.countersClock });
  const buses = [createBroadcast(network, 'notify'), createBroadcast(network, 'pubsub')];
  const history: History = {
    ...{ kind: plan.kind, machines: plan.nodes, epoch: plan.epoch, redisSkew: plan.redisSkew },
    ...{ asks: [], changes: [], families: [], boots: [], losses: [], oddities: [] },
    pauses: plan.skews.map(() => []),
    databaseAway: plan.skews.map(() => []),
    redisAway: plan.skews.map(() => []),
    databaseSkew: plan.databaseSkew,
    ...{ healsAt: plan.healsAt, endsAt: plan.endsAt },
  };
  const machines: Machine[] = [];
  let spends = 0;

  const isOutage = (error: unknown): boolean => error instanceof LatchkeyError && error.code === 'unavailable';

  /** Everything that is logged as a failure, and is none of an outage. */
  const telemetryOf = (name: string): Telemetry => ({
    log(level, event, fields) {
      const cause = fields?.cause;
      if (isOutage(cause) || (level !== 'error' && !(cause instanceof TypeError))) return;
      const text =
        cause instanceof Error ? `${cause.stack}${cause.cause instanceof Error ? ` < ${cause.cause.stack}` : ''}` : '';
      history.oddities.push(`${name} at ${time.now().toFixed(1)} logs ${event}: ${text}`);
    },
    count() {},
    observe() {},
    gauge() {},
  });

  function boot(index: number): void {
    const name = `node${index}`;
    const entry = { machine: index, from: time.now(), upAt: Infinity, to: Infinity, clean: false };
    const number = history.boots.push(entry) - 1;
    const host = createHost(name, time, plan.epoch, number * 1_000_003);
    host.setSkew(machines[index]?.host.skew() ?? plan.skews[index] ?? 0);
    const contact: Contact = { askedAt: time.now() };
    const machine: Machine = { host, node: null, boot: number, contact };
    machines[index] = machine;
    startNode({
      host,
      id: `node_${String(number).padStart(3, '0')}`,
      seed,
      store: parts.store(overNetwork(store, host, network, contact, time.now), host, store),
      buses: buses.map((bus) => bus.join(host)),
      telemetry: telemetryOf(`${name} (boot ${number})`),
      parts,
      link: redis.connect(host),
    }).then(
      (node) => {
        machine.node = node;
        entry.upAt = time.now();
      },
      (error: unknown) => {
        if (!isOutage(error)) history.oddities.push(`${name} does not start: ${(error as Error).stack}`);
        // The process ends, whatever of it runs already, and its supervisor starts another.
        kill(machine);
        time.at(time.now() + 1_000, () => {
          if (machines[index] === machine) boot(index);
        });
      },
    );
  }

  function kill(machine: Machine): void {
    machine.host.kill();
    const entry = history.boots[machine.boot];
    if (entry) entry.to = Math.min(entry.to, time.now());
    for (const ask of history.asks)
      if (ask.boot === machine.boot && ask.releasedAt === null) ask.releasedAt = time.now();
  }

  /** Lets a client ask one node; what comes back comes back later, or never. */
  function visit(index: number, work: (node: Node, machine: Machine) => Promise<() => void>): Machine {
    const machine = machines[index] as Machine;
    time.at(time.now() + network.delay(), () =>
      machine.host.run(() => {
        if (machine.node === null) return;
        work(machine.node, machine).then((answer) => {
          if (machine.host.isAlive()) time.at(time.now() + network.delay(), answer);
        });
      }),
    );
    return machine;
  }

  function ask(
    index: number,
    { key, cost, credits, holdMs }: Ask,
    { again, probe = null }: { again?: AskRecord; probe?: AskRecord['probe'] } = {},
  ): void {
    const family = families[key] as Family;
    // Sometimes with the secret before the last rotation.
    const before = probe === null && draw.int(1, 5) === 1 ? 1 : 0;
    const generation = again?.generation ?? Math.max(0, family.generations.length - 1 - before);
    const { secret } = family.generations[generation] as Family['generations'][number];
    const spendId = credits > 0 ? (again?.spendId ?? `spend_${++spends}`) : null;
    const record: AskRecord = {
      ...{ family: key, generation, machine: index, boot: -1, cost, credits, spendId },
      ...{ hold: holdMs !== null, sentAt: time.now(), answeredAt: null, reason: null, budgets: [], degraded: false },
      ...{ releasedAt: null, contactAt: 0, probe },
    };
    history.asks.push(record);
    record.boot = visit(index, async (node, machine) => {
      const verdict = await node.engine.verify({
        ...{ credential: { secret }, method: null, path: null, ip: null, referrer: null, mode: null },
        ...{ cost: { requests: cost, credits }, holdSlot: record.hold, requestId: `req_${history.asks.length}` },
        ...(spendId !== null && { spendId }),
      });
      record.contactAt = machine.contact.askedAt;
      if (verdict.reason === null && holdMs === null) verdict.release();
      if (verdict.reason === null && holdMs !== null)
        time.at(time.now() + holdMs, () =>
          machine.host.run(() => {
            record.releasedAt = time.now();
            verdict.release();
          }),
        );
      return () => {
        record.answeredAt = time.now();
        record.reason = verdict.reason;
        record.budgets = verdict.budgets;
        record.degraded = verdict.degraded;
      };
    }).boot;
    if (spendId === null || again) return;
    // A client that hears nothing, or that it may try again, asks another node for the same.
    time.at(time.now() + 2_500, () => {
      if (record.answeredAt === null || record.reason === 'unavailable')
        ask(draw.int(0, plan.nodes - 1), { key, cost, credits, holdMs }, { again: record });
    });
  }

  function change(
    what: ChangeRecord['what'],
    key: number,
    index: number,
    run: (node: Node, keyId: string, record: ChangeRecord) => Promise<unknown>,
    extra: Partial<ChangeRecord> = {},
  ): void {
    const family = families[key] as Family;
    const generation = family.generations.length - 1;
    const { id } = family.generations[generation] as Family['generations'][number];
    const living = (): number[] => machines.filter(({ host }) => host.isAlive()).map((machine) => machine.boot);
    const record: ChangeRecord = {
      ...{ what, family: key, generation, machine: index, boot: -1, sentAt: time.now(), answeredAt: null },
      ...{ done: false, refused: null, propagated: null, boots: living(), ...extra },
    };
    history.changes.push(record);
    record.boot = visit(index, async (node) => {
      const [error] = await run(node, id, record).then(
        () => [null],
        (cause: unknown) => [cause],
      );
      return () => {
        record.answeredAt = time.now();
        record.done = error === null;
        record.boots = record.boots.filter((each) => living().includes(each));
        if (error instanceof LatchkeyError && error.code !== 'unavailable') record.refused = error.code;
        else if (error !== null && !(error instanceof LatchkeyError))
          history.oddities.push(`${what} throws ${(error as Error).stack}`);
      };
    }).boot;
  }

  const acts: { [Do in Act['do']]: (one: Extract<Act, { do: Do }>) => void } = {
    ask(one) {
      for (let turn = 0; turn < one.count; turn++)
        time.at(time.now() + turn * one.gapMs, () => ask(one.node ?? turn % plan.nodes, one));
    },
    revoke: ({ key, node }) =>
      change('revoke', key, node, async ({ api }, keyId, record) => {
        record.propagated = (await api.keys.revoke({ keyId })).propagated;
      }),
    disable: ({ key, node }) => change('disable', key, node, ({ api }, keyId) => api.keys.disable({ keyId })),
    enable: ({ key, node }) => change('enable', key, node, ({ api }, keyId) => api.keys.enable({ keyId })),
    rotate({ key, node, graceSeconds }) {
      const rotate = async ({ api }: Node, keyId: string): Promise<void> => {
        const made = await api.keys.rotate({ keyId, gracePeriodSeconds: graceSeconds });
        families[key]?.generations.push({ id: made.key.id, secret: made.secret });
      };
      change('rotate', key, node, rotate, { graceMs: graceSeconds * 1_000 });
    },
    limits: ({ key, node, limits }) =>
      change('limits', key, node, ({ api }, keyId) => api.keys.update({ keyId, limits: figuresOf(limits) }), {
        limits,
      }),
    tier({ node, batchSize }) {
      visit(node, async ({ api }) => {
        const { data } = await api.tiers.list({}).catch(() => ({ data: [] }));
        if (data[0]) await api.tiers.update({ tierId: data[0].id, batchSize }).catch(() => {});
        return () => {};
      });
    },
    credits: ({ key, node, add }) =>
      change('credits', key, node, ({ api }, keyId) => api.credits.adjust({ keyId, add }), { add }),
    stop: ({ node, clean, forMs }) => stop(machines[node] as Machine, node, clean, forMs),
    pause({ node, forMs }) {
      const from = time.now();
      const to = Math.min(from + forMs, plan.healsAt);
      machines[node]?.host.pause(to);
      history.pauses[node]?.push({ from, to });
    },
    link: (one) => cut(one),
    clock: ({ node, skew }) => machines[node]?.host.setSkew(skew),
    forget({ agoMs }) {
      history.losses.push(time.now());
      redis.restart(agoMs);
    },
  };
  const act = (one: Act): void => (acts[one.do] as (one: Act) => void)(one);

  function stop(machine: Machine, index: number, clean: boolean, forMs: number): void {
    if (!machine.host.isAlive()) return;
    const entry = history.boots[machine.boot];
    if (clean && machine.node !== null && entry) {
      entry.clean = true;
      const { node } = machine;
      machine.node = null;
      // Requests under way are let end first, as a server does; it is killed when it takes too long.
      machine.host.run(
        () =>
          void node
            .close()
            .finally(() => kill(machine))
            .catch(() => {}),
      );
      time.at(time.now() + 3_000, () => kill(machine));
    } else kill(machine);
    const again = Math.min(time.now() + forMs + (clean ? 3_000 : 0), Math.max(time.now(), plan.healsAt));
    time.at(again, () => {
      kill(machine);
      if (machines[index] === machine) boot(index);
    });
  }

  const cuts = new Map<string, number>();
  function cut({ node, service, state, forMs }: Extract<Act, { do: 'link' }>): void {
    const host = node === null ? '*' : `node${node}`;
    const from = time.now();
    const to = Math.min(from + forMs, plan.healsAt);
    network.set(host, service, state);
    const name = `${host} ${service}`;
    const number = (cuts.get(name) ?? 0) + 1;
    cuts.set(name, number);
    const among = service === 'database' ? history.databaseAway : service === 'redis' ? history.redisAway : [];
    for (const [index, spells] of among.entries()) if (node === null || node === index) spells.push({ from, to });
    time.at(to, () => {
      if (cuts.get(name) === number) network.set(host, service, 'up');
    });
  }

  /** Each key on each node: first a look, then more than fits, of its minute and of its slots. */
  function probe(): void {
    for (const [key, { limits }] of plan.keys.entries()) {
      const one: Ask = { key, cost: 0, credits: 0, holdMs: null };
      for (let index = 0; index < plan.nodes; index++) ask(index, one, { probe: 'look' });
      const takes = Math.min(limits.perMinute + 1, 12);
      for (let turn = 0; turn < takes; turn++)
        time.at(time.now() + 100 + turn, () => ask(turn % plan.nodes, { ...one, cost: 1 }, { probe: 'take' }));
      for (let turn = 0; turn <= (limits.concurrent ?? -1); turn++)
        time.at(time.now() + 2_000 + turn * 50, () =>
          ask(turn % plan.nodes, { ...one, holdMs: 1_000 }, { probe: 'take' }),
        );
    }
  }

  for (let index = 0; index < plan.nodes; index++) time.at(index * 37, () => boot(index));
  time.at(plan.healsAt, network.settleDown);
  time.at(plan.probesAt, probe);
  for (const { at, act: one } of plan.acts) time.at(at, () => act(one));

  return {
    async history(): Promise<History> {
      for (const [key, { limits, credits }] of plan.keys.entries())
        history.families.push(await familyOf(store, families[key] as Family, limits, credits));
      return history;
    },
  };
}

async function familyOf(
  store: Store,
  { generations }: Family,
  limits: Plan['keys'][number]['limits'],
  credits: Plan['keys'][number]['credits'],
): Promise<FamilyRecord> {
  const records = await Promise.all(generations.map(({ id }) => store.keys.get(id)));
  const familyId = records[0]?.familyId ?? '';
  const endedBy = (key: KeyRecord | null): string | null => {
    if (key?.revokedAt) return 'revoked_key';
    if (key?.disabledAt) return 'disabled_key';
    // By which clock its grace is over is left open.
    return key?.graceEndsAt ? 'rotated_key or yes' : null;
  };
  const { rows } = await store.credits.entries(familyId, { limit: 5_000, after: null });
  const account = await store.credits.get(familyId);
  return {
    ...{ limits, credits, balance: account?.balance ?? null, ended: records.map(endedBy) },
    ledger: rows
      .reverse()
      .map(({ kind, amount, balanceAfter, requestId }) => ({ kind, amount, balanceAfter, requestId })),
  };
}
