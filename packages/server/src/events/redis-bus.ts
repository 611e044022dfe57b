// Messages between nodes over pub/sub of Redis or Valkey. What they say is not known here.

import type { Bus, Scheduler, Telemetry } from '@latchkey/core';
import type { Cluster, Redis } from 'ioredis';
import { watchPulse } from './pulse.js';

interface Needs {
  /** Makes a client that comes back by itself and queues nothing meanwhile. */
  connect: () => Redis | Cluster;
  /** A name that no other installation on this server uses. */
  channel: string;
  scheduler: Scheduler;
  telemetry: Telemetry;
}

/** A client that subscribed does nothing else, so there are two. What is sent while there is no connection is rejected. */
export function createRedisBus({ connect, channel, scheduler, telemetry }: Needs): Bus {
  const listeners = new Set<(message: string) => void>();
  const publisher = connect();
  const subscriber = connect();
  let closed = false;
  let stopPulse = (): void => {};

  const report = (isAway: boolean): void => {
    if (!closed) telemetry.gauge('latchkey_degraded', isAway ? 1 : 0, { part: 'pubsub' });
  };
  /** A connection that hangs is left, and made anew. */
  const leave = (): void => {
    report(true);
    for (const client of [subscriber, publisher]) client.disconnect(true);
  };

  subscriber.on('ready', () => {
    subscriber.subscribe(channel).then(
      () => report(false),
      () => {
        if (!closed) subscriber.disconnect(true);
      },
    );
  });
  subscriber.on('message', (_channel: string, message: string) => {
    for (const listener of [...listeners]) listener(message);
  });
  subscriber.on('close', () => report(true));
  /** Of a cluster the client itself watches the node that it subscribed at. */
  const ask = () => Promise.all([publisher.ping(), ...(subscriber.isCluster ? [] : [subscriber.ping()])]);
  publisher.on('ready', () => {
    stopPulse();
    stopPulse = watchPulse(scheduler, ask, leave);
  });
  publisher.on('close', () => stopPulse());

  return {
    async send(message) {
      await publisher.publish(channel, message);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closed = true;
      stopPulse();
      for (const client of [subscriber, publisher]) client.disconnect();
    },
  };
}
