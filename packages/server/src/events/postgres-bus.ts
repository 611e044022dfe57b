// Messages between nodes over LISTEN and NOTIFY of PostgreSQL, on a connection of its own. What they say is not known here.

import type { Bus, Scheduler, Telemetry } from '@latchkey/core';
import pg from 'pg';
import { watchPulse } from './pulse.js';

const CONNECT_MS = 2_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

interface Needs {
  config: pg.ClientConfig;
  /** A name that no other installation in this database uses; letters, digits, `_`. */
  channel: string;
  scheduler: Scheduler;
  telemetry: Telemetry;
}

interface Outgoing {
  message: string | null;
  resolve(): void;
  reject(cause: Error): void;
}

const notConnected = (): Error => new Error('PostgreSQL is not connected.');

/** Connects by itself, now and whenever the connection is lost. What is sent meanwhile is rejected. */
export function createPostgresBus({ config, channel, scheduler, telemetry }: Needs): Bus {
  const listeners = new Set<(message: string) => void>();
  let listening: pg.Client | null = null;
  /** What goes with the next query: a connection does one at a time. */
  const waiting: Outgoing[] = [];
  let isBusy = false;
  let closed = false;
  let pause = FIRST_PAUSE_MS;
  let dropCurrent = (): void => {};
  let cancelConnect = (): void => {};

  function connect(): void {
    const client = new pg.Client({ ...config, application_name: 'latchkey feed', keepAlive: true });
    let isOver = false;
    let stopPulse = (): void => {};
    const drop = (): void => {
      if (isOver) return;
      isOver = true;
      stopPulse();
      stopWaiting();
      if (listening === client) listening = null;
      for (const { reject } of waiting.splice(0)) reject(notConnected());
      cut(client);
      if (closed) return;
      telemetry.gauge('latchkey_degraded', 1, { part: 'notify' });
      cancelConnect = scheduler.after(pause, connect);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    };
    dropCurrent = drop;
    client.on('error', drop);
    client.on('end', drop);
    client.on('notification', ({ payload }) => {
      if (payload !== undefined && !isOver) for (const listener of [...listeners]) listener(payload);
    });
    const stopWaiting = scheduler.after(CONNECT_MS, drop);
    client
      .connect()
      .then(() => client.query(`listen ${channel}`))
      .then(() => {
        stopWaiting();
        if (isOver) return;
        listening = client;
        pause = FIRST_PAUSE_MS;
        telemetry.gauge('latchkey_degraded', 0, { part: 'notify' });
        stopPulse = watchPulse(scheduler, () => post(null), drop);
      })
      .catch(drop);
  }

  /** null: only an answer is asked for. */
  const post = (message: string | null): Promise<void> =>
    new Promise((resolve, reject) => {
      if (listening === null) {
        reject(notConnected());
        return;
      }
      waiting.push({ message, resolve, reject });
      if (!isBusy) void drain();
    });

  async function drain(): Promise<void> {
    isBusy = true;
    while (waiting.length > 0 && listening !== null) {
      const going = waiting.splice(0);
      const messages = going.flatMap(({ message }) => message ?? []);
      try {
        await listening.query('select pg_notify($1, one) from unnest($2::text[]) one', [channel, messages]);
        for (const { resolve } of going) resolve();
      } catch (cause) {
        for (const { reject } of going) reject(cause as Error);
      }
    }
    isBusy = false;
  }

  connect();
  return {
    send: post,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closed = true;
      cancelConnect();
      dropCurrent();
    },
  };
}

/** Without a goodbye, which a server that hangs would never answer. */
function cut(client: pg.Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
}
