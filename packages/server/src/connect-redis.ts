// REDIS_URL to clients: which servers it names, and how this process talks to them. What is said to them is said elsewhere.

import { LatchkeyError } from '@latchkey/core';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import { z } from 'zod';

export interface RedisAddress {
  kind: 'single' | 'sentinel' | 'cluster';
  hosts: { host: string; port: number }[];
  tls: boolean;
  username: string | undefined;
  password: string | undefined;
  /** Name of the group that the sentinels watch. */
  group: string | undefined;
  sentinelPassword: string | undefined;
  database: number;
}

export const REDIS_URL_FORMS =
  'redis://[user:password@]host[:port][/database], rediss:// for TLS, redis+sentinel://[user:password@]host:port,host:port/group[/database][?sentinelPassword=…] or redis+cluster://[user:password@]host:port,host:port';

const FORM =
  /^(?:redis|valkey)(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^:@/\s]*)(?::([^@/\s]*))?@)?([^@/?#\s]+)(?:\/([^?#\s]*))?(?:\?([^#\s]*))?$/;
const HOST = /^(\[[0-9A-Fa-f:.]+\]|[^:[\],]+)(?::([0-9]{1,5}))?$/;
const DEFAULT_PORTS = { single: 6379, sentinel: 26_379, cluster: 6379 } as const;
const MOST_DATABASES = 1_000_000;

function parse(url: string): RedisAddress | null {
  const form = FORM.exec(url);
  if (form === null) return null;
  const [, secure, way, username, password, hostList = '', path = '', query = ''] = form;
  const kind = (way ?? 'single') as RedisAddress['kind'];
  const hosts: RedisAddress['hosts'] = [];
  for (const entry of hostList.split(',')) {
    const [, host, port] = HOST.exec(entry) ?? [];
    const number = port === undefined ? DEFAULT_PORTS[kind] : Number(port);
    if (host === undefined || number < 1 || number > 65_535) return null;
    hosts.push({ host: host.replace(/^\[|\]$/g, ''), port: number });
  }
  const parts = path.split('/').filter((part) => part !== '');
  const group = kind === 'sentinel' ? parts.shift() : undefined;
  const database = parts.shift() ?? '0';
  const isWhole = /^[0-9]{1,6}$/.test(database) && Number(database) < MOST_DATABASES;
  if (!isWhole || parts.length > 0) return null;
  if ((kind === 'single' && hosts.length > 1) || (kind === 'sentinel' && group === undefined)) return null;
  // A Redis Cluster has one database.
  if (kind === 'cluster' && Number(database) !== 0) return null;
  const options = new URLSearchParams(query);
  for (const name of options.keys()) if (name !== 'sentinelPassword' || kind !== 'sentinel') return null;
  try {
    const decoded = (text: string | undefined) => (text ? decodeURIComponent(text) : undefined);
    return {
      kind,
      hosts,
      tls: secure === 's',
      username: decoded(username),
      password: decoded(password),
      group: decoded(group),
      sentinelPassword: options.get('sentinelPassword') ?? undefined,
      database: Number(database),
    };
  } catch {
    return null;
  }
}

/** The forms that REDIS_URL may have, read. */
export const redisUrl = z.string().transform((url, context): RedisAddress => {
  const address = parse(url);
  if (address !== null) return address;
  context.issues.push({ code: 'custom', message: `must be ${REDIS_URL_FORMS}`, input: undefined });
  return z.NEVER;
});

/** The address as it may be shown: without passwords. */
export const shownAddress = ({ kind, tls, hosts, group, database }: RedisAddress): string =>
  `redis${tls ? 's' : ''}${kind === 'single' ? '' : `+${kind}`}://${hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',')}${group === undefined ? '' : `/${group}`}${database === 0 ? '' : `/${database}`}`;

export type RedisClient = Redis | Cluster;

const CONNECT_MS = 1_000;
const RECONNECT_MS = 500;
/** Above the budget of any caller: it only clears away what nobody waits for any more. */
const COMMAND_MS = 5_000;

/**
 * A client that keeps nothing for later: what cannot be sent now fails now. It reconnects within a second of the server's return, and
 * reports trouble by `onTrouble` alone.
 */
export function connectRedis(address: RedisAddress, onTrouble: (cause: unknown) => void = () => {}): RedisClient {
  const common: RedisOptions = {
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: false,
    retryStrategy: (times) => Math.min(RECONNECT_MS, 50 * times),
    ...(address.username !== undefined && { username: address.username }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.tls && { tls: {} }),
    db: address.database,
  };
  const [first] = address.hosts;
  if (first === undefined) throw new LatchkeyError('configuration_invalid', `REDIS_URL must be ${REDIS_URL_FORMS}.`);
  const client = ((): RedisClient => {
    if (address.kind === 'cluster') {
      const options: ClusterOptions = {
        redisOptions: common,
        enableOfflineQueue: false,
        clusterRetryStrategy: (times) => Math.min(RECONNECT_MS, 50 * times),
        slotsRefreshTimeout: CONNECT_MS,
        slotsRefreshInterval: 2_000,
        retryDelayOnFailover: 50,
        retryDelayOnClusterDown: 50,
        maxRedirections: 3,
      };
      return new Cluster(address.hosts, options);
    }
    if (address.kind === 'single') return new Redis({ ...common, ...first });
    return new Redis({
      ...common,
      sentinels: address.hosts,
      name: address.group ?? '',
      sentinelRetryStrategy: (times) => Math.min(RECONNECT_MS, 50 * times),
      ...(address.sentinelPassword !== undefined && { sentinelPassword: address.sentinelPassword }),
      ...(address.tls && { sentinelTLS: {}, enableTLSForSentinelMode: true }),
    });
  })();
  // Without a listener an 'error' event would end the process.
  client.on('error', onTrouble);
  return client;
}
