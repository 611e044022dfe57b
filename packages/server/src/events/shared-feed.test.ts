// The change feed of several nodes: what each hears, once, whatever is cut; and how long it trusts what it knows.

import type { Change, Store } from '@latchkey/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../store/open-store.js';
import { commit, createTestBus, createTestTime, startNode, type TestNode, type TestTime } from './rig.suite.js';

const ended = (id: string): Change => ({ subject: 'key', id, kind: 'ended' });
const changed = (id: string): Change => ({ subject: 'key', id, kind: 'changed' });

let store: Store;
let time: TestTime;
let bus: ReturnType<typeof createTestBus>;
let nodes: TestNode[];

const start = async (id: string, more: { key?: string; staleMs?: number; buses?: [] } = {}): Promise<TestNode> => {
  const node = await startNode({ store, scheduler: time, buses: [bus.bus], id, ...more });
  nodes.push(node);
  return node;
};
/** Starts nodes that know of each other. */
const startAll = async (...ids: string[]): Promise<TestNode[]> => {
  const all: TestNode[] = [];
  for (const id of ids) all.push(await start(id));
  await time.pass(4_500);
  return all;
};
const pair = async () => (await startAll('a', 'b')) as [TestNode, TestNode];

beforeEach(async () => {
  store = await openSqliteStore({ file: ':memory:' });
  time = createTestTime();
  bus = createTestBus();
  nodes = [];
});
afterEach(async () => {
  for (const node of nodes) node.reaches(true);
  await Promise.all(nodes.map((node) => node.close()));
  await store.close();
});

describe('a change', () => {
  it('is heard by its own node before publish returns, and by all once they confirmed', async () => {
    const [a, b, c] = (await startAll('a', 'b', 'c')) as [TestNode, TestNode, TestNode];
    const { published } = await commit(store, a, [ended('k1'), changed('k2')]);
    expect(a.heard).toEqual(['ended key k1', 'changed key k2']);
    await time.pass(5);
    expect(await published).toEqual({ nodes: 3, of: 3, ms: 0 });
    for (const node of [b, c]) expect(node.heard).toEqual(['ended key k1', 'changed key k2']);
    // One figure for each other node.
    expect(a.lags).toEqual([0, 0]);
  });

  it('is heard once, though bus and log both bring it', async () => {
    const [a, b] = await pair();
    for (let at = 1; at <= 20; at++) await commit(store, at % 2 === 0 ? a : b, [ended(`k${at}`)]);
    await time.pass(10_000);
    const all = Array.from({ length: 20 }, (_, at) => `ended key k${at + 1}`).sort();
    expect([...a.heard].sort()).toEqual(all);
    expect([...b.heard].sort()).toEqual(all);
  });

  it('is heard once, though two buses bring it before what came first can be read', async () => {
    const [a, b] = await pair();
    b.reaches(false);
    await store.transaction((view) => view.changes.append([ended('k1')], 0));
    await commit(store, a, [ended('k2')]);
    await time.pass(5);
    const [announced] = bus.sent.filter((text) => text.includes('k2'));
    await bus.bus.send(announced as string);
    await time.pass(5);
    expect(b.heard).toEqual(['ended key k2']);
    b.reaches(true);
    await time.pass(1_100);
    expect(b.heard).toEqual(['ended key k2', 'ended key k1']);
  });

  it('is heard within a second and a bit when every bus is cut, and the call says how far it got', async () => {
    const [a, b] = await pair();
    bus.cut(true);
    const { published } = await commit(store, a, [ended('k1')]);
    expect(a.heard).toEqual(['ended key k1']);
    expect(b.heard).toEqual([]);
    await time.pass(1_100);
    expect(await published).toEqual({ nodes: 1, of: 2, ms: 1_000 });
    expect(b.heard).toEqual(['ended key k1']);
  });

  it('that nobody announced is found in the log: its node died between commit and message', async () => {
    const [a, b] = await pair();
    await store.transaction((view) => view.changes.append([ended('k1')], 0));
    await time.pass(1_100);
    expect(a.heard).toEqual(['ended key k1']);
    expect(b.heard).toEqual(['ended key k1']);
  });

  it('that comes before an earlier one is heard at once, and the earlier one is read at once', async () => {
    const [a, b] = await pair();
    await store.transaction((view) => view.changes.append([ended('k1')], 0));
    await commit(store, a, [ended('k2')]);
    // No time but that of the messages.
    await time.pass(5);
    for (const node of [a, b]) expect(node.heard).toEqual(['ended key k2', 'ended key k1']);
    await time.pass(5_000);
    for (const node of [a, b]) expect(node.heard).toHaveLength(2);
  });

  it('too long for a message is read in the log at once', async () => {
    const [a, b] = await pair();
    const many = Array.from({ length: 500 }, (_, at) => ended(`key_${at}`));
    const { published } = await commit(store, a, many);
    await time.pass(5);
    expect(await published).toMatchObject({ nodes: 2, of: 2 });
    expect(b.heard).toHaveLength(500);
    expect(Math.max(...bus.sent.map(({ length }) => length))).toBeLessThan(7_000);
  });

  it('is not believed from anybody without the key of this installation', async () => {
    const [a, b] = await pair();
    const stranger = await startNode({ store, scheduler: time, buses: [bus.bus], id: 'x', key: 'another' });
    nodes.push(stranger);
    const told = stranger.feed.publish([ended('k1')], 7);
    await bus.bus.send('{"node":"a","position":1}');
    await bus.bus.send('nonsense');
    await time.pass(5);
    expect(a.heard).toEqual([]);
    expect(b.heard).toEqual([]);
    await time.pass(1_000);
    expect(await told).toMatchObject({ nodes: 1, of: 3 });
  });
});

describe('a call that repeats what was done', () => {
  it('returns once its own node has heard of it, though no message came', async () => {
    const [a, b] = await pair();
    bus.cut(true);
    await commit(store, a, [ended('k1')]);
    expect(b.heard).toEqual([]);
    const { published } = await commit(store, b, []);
    await time.pass(0);
    expect(b.heard).toEqual(['ended key k1']);
    await time.pass(1_100);
    expect(await published).toMatchObject({ nodes: 1, of: 2 });
  });

  it('does not stand for the change it repeats: who has not heard that, hears it', async () => {
    const [a, b] = await pair();
    bus.cut(true);
    await commit(store, a, [ended('k1')]);
    bus.cut(false);
    await commit(store, a, []);
    await time.pass(1_100);
    expect(b.heard).toEqual(['ended key k1']);
  });

  it('fails when its own node cannot hear of it', async () => {
    const [a, b] = await pair();
    bus.cut(true);
    const { position } = await commit(store, a, [ended('k1')]);
    b.reaches(false);
    const published = b.feed.publish([], position);
    const failed = expect(published).rejects.toMatchObject({ code: 'unavailable' });
    await time.pass(0);
    await failed;
  });
});

describe('a node that was away', () => {
  it('catches up on everything, in its order', async () => {
    const [a, b] = await pair();
    bus.cut(true);
    b.reaches(false);
    for (let at = 0; at < 1_200; at++) await store.transaction((view) => view.changes.append([ended(`k${at}`)], 0));
    await time.pass(30_000);
    expect(b.heard).toEqual([]);
    b.reaches(true);
    await time.pass(1_100);
    expect(b.heard).toEqual(Array.from({ length: 1_200 }, (_, at) => `ended key k${at}`));
    expect(a.heard).toHaveLength(1_200);
  });

  it('forgets everything it knows when the log does not reach back so far', async () => {
    const [a, b] = await pair();
    b.reaches(false);
    bus.cut(true);
    for (let at = 0; at < 3; at++) await commit(store, a, [ended(`k${at}`)]);
    await store.changes.prune(2);
    b.reaches(true);
    await time.pass(1_100);
    expect(b.heard).toEqual(['changed all *']);
    await store.changes.prune(3);
    b.reaches(false);
    await commit(store, a, [ended('k4')]);
    await store.changes.prune(4);
    b.reaches(true);
    await time.pass(1_100);
    expect(b.heard).toEqual(['changed all *', 'changed all *']);
    // From here on it follows again.
    await commit(store, a, [ended('k5')]);
    await time.pass(1_100);
    expect(b.heard.slice(2)).toEqual(['ended key k5']);
  });

  it('is not trusted 25 s after the start of the last reading that succeeded, and is again after the next', async () => {
    const [a] = await pair();
    a.reaches(false);
    await time.pass(23_500);
    expect(a.feed.trusts()).toBe(true);
    await time.pass(1_500);
    expect(a.feed.trusts()).toBe(false);
    // What was read since then is as good as its age.
    expect(a.feed.trusts(a.feed.now() - 24_999)).toBe(true);
    expect(a.feed.trusts(a.feed.now() - 25_000)).toBe(false);
    a.reaches(true);
    await time.pass(1_100);
    expect(a.feed.trusts()).toBe(true);
  });
});

describe('the log', () => {
  it('keeps an hour and no more, by the time of the nodes that run', async () => {
    const [a] = (await startAll('a')) as [TestNode];
    await commit(store, a, [ended('k1')]);
    await time.pass(3_000_000);
    await commit(store, a, [ended('k2')]);
    expect((await store.changes.after(0, 10)).rows).toHaveLength(2);
    await time.pass(1_500_000);
    expect((await store.changes.after(0, 10)).rows.map(({ position }) => position)).toEqual([2]);
    expect(a.heard).not.toContain('changed all *');
  });
});

describe('nodes', () => {
  it('are counted as long as they are seen to beat', async () => {
    const [a, b] = await pair();
    expect(a.members.live()).toEqual(['a', 'b']);
    expect(a.members.seen()).toEqual(['a', 'b']);
    b.reaches(false);
    await time.pass(14_000);
    expect(a.members.live()).toEqual(['a', 'b']);
    await time.pass(4_000);
    expect(a.members.live()).toEqual(['a']);
    // It may serve from what it remembers for a while, and is not forgotten in the count.
    const { published } = await commit(store, a, [ended('k1')]);
    bus.cut(true);
    expect(a.members.mayServe()).toEqual(['a', 'b']);
    await time.pass(20_000);
    expect(a.members.mayServe()).toEqual(['a']);
    expect(await published).toMatchObject({ of: 2 });
  });

  it('that one node cannot watch are not taken for dead', async () => {
    const [a, b] = await pair();
    b.reaches(false);
    await time.pass(2_000);
    a.reaches(false);
    await time.pass(60_000);
    expect(a.members.live()).toEqual(['a', 'b']);
    // It looks before the other could beat again.
    a.reaches(true);
    await time.pass(2_000);
    expect(a.members.live()).toEqual(['a', 'b']);
    b.reaches(true);
    await time.pass(4_000);
    expect(a.members.live()).toEqual(['a', 'b']);
  });

  it('that stop are gone at once, and rows of the dead are cleared away', async () => {
    const [a, b] = await pair();
    await store.nodes.beat('long-dead', []);
    await b.close();
    await time.pass(2_000);
    expect(a.members.live()).toEqual(['a', 'long-dead']);
    expect(a.members.seen()).toEqual(['a']);
    await time.pass(120_000);
    expect(await store.nodes.list()).toMatchObject([{ id: 'a' }]);
  });

  it('that are new are known as soon as they are heard', async () => {
    const [a] = (await startAll('a')) as [TestNode];
    await start('z');
    await time.pass(5);
    expect(a.members.live()).toEqual(['a', 'z']);
  });
});
