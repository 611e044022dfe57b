// A few connections to PostgreSQL, lent out so that every answer comes within a second, whatever the server does. It knows no table.

import { randomBytes } from 'node:crypto';
import type { Scheduler, Telemetry } from '@latchkey/core';
import pg from 'pg';
import { isFatal, isFull, translatePostgresError, unavailable } from './postgres-errors.js';

/** After so long without an answer somebody asks whether the server still works on the statement. */
const STALL_MS = 450;
const CONNECT_MS = 800;
/** How long that question may take, connecting included. */
const PROBE_MS = 400;
/** For an answer that was on its way while the question was asked. */
const GRACE_MS = 100;
/** A timer that comes so late says more of this process than of the server. */
const LATE_MS = 50;
/** Somebody waits this long for a connection while the server answers others. */
const QUEUE_MS = 5_000;
const RETRY_MS = 500;
/** Firewalls forget quiet connections; ours are closed before that. */
const IDLE_MS = 60_000;

/** Reads of single statements have connections of their own, so that no flood of writes stands in the way of a verification. */
export type Lane = 'read' | 'write';

export interface Connection {
  /** @throws LatchkeyError as translated; after an `unavailable` the connection may be gone */
  query(text: string, values?: readonly unknown[]): Promise<pg.QueryResult>;
  /** `lost`: the other side ended it; `given_up`: it was ended here, after waiting long enough. Nothing more can be asked of both. */
  state(): 'usable' | 'lost' | 'given_up';
  /** Gives it back; what is broken, or still in a transaction, is closed. Safe to call more than once. */
  release(reuse?: boolean): void;
}

export interface Pool {
  /** @throws LatchkeyError `unavailable` at once while the server is away, or when no connection comes free in time */
  take(lane: Lane): Promise<Connection>;
  /** Waits for what is under way, then closes all connections. */
  close(): Promise<void>;
}

export interface PoolOptions {
  config: pg.ClientConfig;
  sizes: Readonly<Record<Lane, number>>;
  scheduler: Scheduler;
  telemetry: Telemetry;
  /** Run on each new connection. */
  prepare: string;
  /** A statement that the server works on may take this long. */
  longMs: number;
}

interface Member {
  client: pg.Client;
  tag: string;
  lane: Lane;
  gone: boolean;
  givenUp: boolean;
  idleSince: number;
}

interface Waiter {
  resolve(member: Member): void;
  reject(error: unknown): void;
}

/** int8 and numeric as numbers: no figure of ours is beyond what a number holds exactly. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === 20 || oid === 1700 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

export function createPool(options: PoolOptions): Pool {
  const { scheduler, telemetry, longMs } = options;
  const lane = (size: number) => ({ size, open: 0, idle: [] as Member[], waiting: [] as Waiter[] });
  const lanes = { read: lane(options.sizes.read), write: lane(options.sizes.write) };
  const both = Object.values(lanes);
  const lent = new Set<Member>();
  const pool = randomBytes(4).toString('hex');
  let made = 0;
  let closed = false;
  let whenQuiet: (() => void) | null = null;
  /** Why the server counts as away; null while it does not. */
  let away: unknown = null;
  /** When the server last answered anything. */
  let heardAt = Number.NEGATIVE_INFINITY;
  let probing: Promise<Set<string>> | null = null;

  const within = <T>(ms: number, work: Promise<T>, giveUp: () => void): Promise<T> => {
    let stop = (): void => {};
    const arm = (): void => {
      const due = scheduler.now() + ms;
      // Who was too busy to look in time does not know what has come meanwhile.
      stop = scheduler.after(ms, () => (scheduler.now() - due > LATE_MS ? arm() : giveUp()));
    };
    arm();
    return work.finally(() => stop());
  };

  /** A connection that is made within `ms`, or not at all. */
  async function connect(ms: number, tag: string): Promise<pg.Client> {
    const client = new pg.Client({ ...options.config, application_name: tag, keepAlive: true, pipeline: true, types });
    // Told by the query that runs, or by `end`: never an exception out of nowhere.
    client.on('error', () => {});
    const ready = client.connect().then(() => client.query(options.prepare));
    await within(ms, ready, () => cut(client, TOO_LATE));
    return client;
  }

  function discard(member: Member): void {
    if (member.gone) return;
    member.gone = true;
    const own = lanes[member.lane];
    own.open -= 1;
    own.idle = own.idle.filter((other) => other !== member);
    member.client.end().catch(() => {});
    // A goodbye that nobody reads must not keep the socket.
    scheduler.after(PROBE_MS, () => cut(member.client, 'The connection did not close in time.'));
    grow(own, member.lane);
  }

  function grow(own: ReturnType<typeof lane>, name: Lane, patienceMs = CONNECT_MS): void {
    if (closed || away !== null || own.waiting.length === 0 || own.open >= own.size) return;
    own.open += 1;
    const tag = `latchkey ${pool}.${++made}`;
    const startedAt = scheduler.now();
    connect(patienceMs, tag).then(
      (client) => {
        const member: Member = { client, tag, lane: name, gone: false, givenUp: false, idleSince: scheduler.now() };
        for (const sign of ['error', 'end'] as const) client.once(sign, () => discard(member));
        offer(member);
      },
      (error: unknown) => {
        own.open -= 1;
        // It answered others meanwhile: it is busy, and the next attempt tells more.
        if (isLate(error) && heardAt > startedAt) grow(own, name, PROBE_MS);
        // Others of this pool may still come free; with none there is nothing to wait for.
        else if (!isFull(error) || own.open === 0) goAway(error);
      },
    );
    if (own.waiting.length > own.open) grow(own, name);
  }

  function offer(member: Member): void {
    const own = lanes[member.lane];
    if (member.gone) return;
    if (closed || away !== null) {
      discard(member);
      return;
    }
    const next = own.waiting.shift();
    if (next === undefined) {
      member.idleSince = scheduler.now();
      own.idle.push(member);
    } else next.resolve(member);
  }

  function goAway(error: unknown): void {
    if (away !== null || closed) return;
    away = error;
    telemetry.log('error', 'database_away', { cause: error });
    for (const own of both) {
      for (const { reject } of own.waiting.splice(0)) reject(unavailable(error));
      for (const member of own.idle.splice(0)) discard(member);
    }
    scheduler.after(RETRY_MS, lookAgain);
  }

  async function lookAgain(): Promise<void> {
    if (closed) return;
    try {
      await askServer();
      away = null;
      telemetry.log('info', 'database_back');
    } catch {
      scheduler.after(RETRY_MS, lookAgain);
    }
  }

  /** Which connections the server works for now, asked on a connection of its own; many ask with one question. */
  function askServer(): Promise<Set<string>> {
    probing ??= (async () => {
      const asking = connect(PROBE_MS, `latchkey ${pool}.probe`);
      try {
        const client = await asking;
        const sql = `select application_name from pg_stat_activity where state = 'active' and application_name like $1`;
        const asked = client.query<{ application_name: string }>(sql, [`latchkey ${pool}.%`]);
        const { rows } = await within(PROBE_MS, asked, () => cut(client, 'The server does not answer.'));
        return new Set(rows.map((row) => row.application_name));
      } finally {
        probing = null;
        asking.then(
          (client) => client.end().catch(() => {}),
          () => {},
        );
      }
    })();
    return probing;
  }

  /** Gives up the statement that runs on a connection once nobody works on it, until it is told that the answer came. */
  function watch(member: Member): () => void {
    const startedAt = scheduler.now();
    let over = false;
    let unanswered = 0;
    let stop = scheduler.after(STALL_MS, look);
    const giveUp = (reason: string): void => {
      member.givenUp = true;
      cut(member.client, reason);
    };
    function look(): void {
      const askedAt = scheduler.now();
      askServer().then(
        (active) => {
          if (over) return;
          const waited = scheduler.now() - startedAt;
          if (waited > longMs) giveUp('The statement took too long.');
          else if (active.has(member.tag)) stop = scheduler.after(STALL_MS, look);
          else stop = scheduler.after(GRACE_MS, () => giveUp('The answer to a statement was lost.'));
        },
        (error: unknown) => {
          if (over) return;
          // It answered others meanwhile, so it is there: the question was one too many for it, or this connection is lost.
          const isBusy = heardAt > askedAt;
          if (isFull(error)) stop = scheduler.after(STALL_MS, look);
          else if (isBusy && ++unanswered === 1) look();
          else {
            giveUp('The server does not answer.');
            if (!isBusy) goAway(error);
          }
        },
      );
    }
    return () => {
      over = true;
      stop();
    };
  }

  function lend(member: Member): Connection {
    lent.add(member);
    let given = false;
    return {
      async query(text, values = []) {
        if (given || member.gone) throw unavailable(new Error('The connection is gone.'));
        const stop = watch(member);
        try {
          const result = await member.client.query({ text, values: values as unknown[] });
          heardAt = scheduler.now();
          return result;
        } catch (error) {
          // Those at rest may have gone the same way unheard; a fresh one tells.
          if (isFatal(error)) for (const gone of [member, ...both.flatMap((own) => own.idle)]) discard(gone);
          throw translatePostgresError(error);
        } finally {
          stop();
        }
      },
      state: () => (member.givenUp ? 'given_up' : given || member.gone ? 'lost' : 'usable'),
      release(reuse = true) {
        if (given) return;
        given = true;
        lent.delete(member);
        if (reuse) offer(member);
        else discard(member);
        if (lent.size === 0) whenQuiet?.();
      },
    };
  }

  function tidy(): void {
    if (closed) return;
    const since = scheduler.now() - IDLE_MS;
    for (const own of both) for (const member of own.idle.filter(({ idleSince }) => idleSince < since)) discard(member);
    scheduler.after(IDLE_MS / 2, tidy);
  }
  scheduler.after(IDLE_MS / 2, tidy);

  return {
    async take(name) {
      if (closed) throw unavailable(new Error('The store is closed.'));
      if (away !== null) throw unavailable(away);
      const own = lanes[name];
      const idle = own.idle.pop();
      if (idle !== undefined) return lend(idle);
      const member = await new Promise<Member>((resolve, reject) => {
        const waiter: Waiter = { resolve: done(resolve), reject: done(reject) };
        const stop = scheduler.after(QUEUE_MS, () => {
          own.waiting = own.waiting.filter((other) => other !== waiter);
          reject(unavailable(new Error('No connection came free in time.')));
        });
        function done<T>(end: (value: T) => void): (value: T) => void {
          return (value) => {
            stop();
            end(value);
          };
        }
        own.waiting.push(waiter);
        grow(own, name);
      });
      return lend(member);
    },
    async close() {
      if (closed) return;
      closed = true;
      for (const own of both)
        for (const { reject } of own.waiting.splice(0)) reject(unavailable(new Error('The store is closed.')));
      if (lent.size > 0) {
        await new Promise<void>((resolve) => {
          whenQuiet = resolve;
        });
      }
      const idle = both.flatMap((own) => own.idle.splice(0));
      await Promise.all(
        idle.map((member) => {
          const ended = new Promise<void>((resolve) => member.client.once('end', () => resolve()));
          discard(member);
          return ended;
        }),
      );
    },
  };
}

const TOO_LATE = 'The server did not take the connection in time.';
const isLate = (error: unknown): boolean => error instanceof Error && error.message === TOO_LATE;

/** Ends a connection without waiting for anybody; what runs on it fails with that reason. */
function cut(client: pg.Client, reason: string): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(error: Error): void } } };
  connection.stream.destroy(new Error(reason));
}
