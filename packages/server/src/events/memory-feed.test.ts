// The change feed of one node: who hears what, and what a failing listener may not do.

import type { Change } from '@latchkey/core';
import { expect, it } from 'vitest';
import { createMemoryFeed } from './memory-feed.js';

const ended = (id: string): Change => ({ subject: 'key', id, kind: 'ended' });

it('tells every listener every change, in order, before publish returns', async () => {
  let now = 0;
  const feed = createMemoryFeed({
    clock: () => {
      now += 3;
      return now;
    },
  });
  const heard: string[] = [];
  feed.subscribe((change) => heard.push(`first ${change.id}`));
  feed.subscribe((change) => heard.push(`second ${change.id}`));
  const published = feed.publish([ended('a'), ended('b')]);
  expect(heard).toEqual(['first a', 'second a', 'first b', 'second b']);
  expect(await published).toEqual({ nodes: 1, of: 1, ms: 3 });
});

it('lets the others hear when one listener throws, and hands its error on', async () => {
  const errors: unknown[] = [];
  const feed = createMemoryFeed({ clock: () => 0, onError: (error, change) => errors.push([error, change.id]) });
  const failure = new Error('listener');
  const heard: string[] = [];
  feed.subscribe(() => {
    throw failure;
  });
  feed.subscribe((change) => heard.push(change.id));
  await feed.publish([ended('a'), ended('b')]);
  expect(heard).toEqual(['a', 'b']);
  expect(errors).toEqual([
    [failure, 'a'],
    [failure, 'b'],
  ]);
});

it('stops telling a listener that left, even one that leaves while it is told', async () => {
  const feed = createMemoryFeed({ clock: () => 0 });
  const heard: string[] = [];
  const listener = (change: Change) => {
    heard.push(change.id);
  };
  const leave = feed.subscribe(listener);
  feed.subscribe(listener);
  const leaveOnce = feed.subscribe(() => leaveOnce());
  leave();
  leave();
  await feed.publish([ended('a')]);
  await feed.publish([ended('b')]);
  expect(heard).toEqual(['a', 'b']);
});

it('never reports a negative time, even when the clock goes back', async () => {
  let now = 10;
  const feed = createMemoryFeed({
    clock: () => {
      now -= 5;
      return now;
    },
  });
  expect((await feed.publish([])).ms).toBe(0);
});
