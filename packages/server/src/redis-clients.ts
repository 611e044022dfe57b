// Clients of one Redis or Valkey from its address: alone, behind Sentinels, or a cluster. What they are asked is the business of the rooms.

import { LatchkeyError } from '@latchkey/core';
import { Cluster, Redis, type RedisOptions } from 'ioredis';

export type RedisClient = Redis | Cluster;
/** Makes a client that connects, and comes back, by itself. What cannot be sent at once fails at once. */
export type ConnectRedis = (own?: RedisOptions) => RedisClient;

const ADDRESS = /^(rediss?)(?:\+(cluster|sentinel))?:\/\/(?:([^@/?#]*)@)?([^@/?#]+)((?:\/[^?#]*)?)(?:\?([^#]*))?$/;
const HOST = /^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/;
const CONNECT_MS = 1_000;
const CLUSTER_LOOK_MS = 2_000;
const LONGEST_PAUSE_MS = 1_000;

interface Address {
  kind: 'alone' | 'cluster' | 'sentinel';
  hosts: { host: string; port: number }[];
  username: string | undefined;
  password: string | undefined;
  sentinelPassword: string | undefined;
  isEncrypted: boolean;
  db: number;
  /** What the Sentinels call the master. */
  master: string;
}

/** @throws LatchkeyError `configuration_invalid`, which never quotes the address */
export function redisConnector(url: string): ConnectRedis {
  const address = readAddress(url);
  return (own = {}) => {
    const client = clientOf(address, own);
    // Told by what was asked, or by `close`: never an exception out of nowhere.
    client.on('error', () => {});
    return client;
  };
}

/** The address as it may be shown. */
export const withoutLogin = (url: string): string => url.replace(/\/\/[^/?#]*@/, '//').replace(/\?.*$/, '');

const pause = (attempt: number): number => Math.min(50 * 2 ** Math.min(attempt, 6), LONGEST_PAUSE_MS);

function clientOf(address: Address, own: RedisOptions): RedisClient {
  const { kind, hosts, username, password, isEncrypted, db } = address;
  const options: RedisOptions = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isEncrypted && { tls: {} }),
    connectTimeout: CONNECT_MS,
    keepAlive: 5_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    retryStrategy: pause,
    ...own,
  };
  if (kind === 'cluster')
    return new Cluster(hosts, {
      redisOptions: options,
      enableOfflineQueue: false,
      clusterRetryStrategy: pause,
      // A master that was replaced or is back is known soon, whether anybody asked it or not.
      slotsRefreshInterval: CLUSTER_LOOK_MS,
      slotsRefreshTimeout: CONNECT_MS,
    });
  if (kind === 'sentinel') {
    const { sentinelPassword, master } = address;
    return new Redis({
      ...options,
      ...{ sentinels: hosts, name: master, db, sentinelRetryStrategy: pause },
      ...(sentinelPassword !== undefined && { sentinelPassword }),
    });
  }
  return new Redis({ ...options, ...hosts[0], db });
}

function readAddress(url: string): Address {
  const parts = ADDRESS.exec(url);
  const hosts = parts?.[4]?.split(',').map((text) => HOST.exec(text));
  if (parts === null || hosts === undefined || hosts.includes(null)) throw misspelt();
  const [, scheme, kind = 'alone', login = '', , path = '', query = ''] = parts;
  const [user = '', ...secret] = login.split(':');
  const names = path.split('/').filter((name) => name !== '');
  const master = kind === 'sentinel' ? names.shift() : undefined;
  const db = Number(names.shift() ?? 0);
  if (!Number.isInteger(db) || names.length > 0 || (kind === 'sentinel' && !master)) throw misspelt();
  if (kind === 'cluster' && db !== 0) throw misspelt();
  if (kind === 'alone' && hosts.length > 1) throw misspelt();
  return {
    kind: kind as Address['kind'],
    hosts: hosts.map((found) => ({
      host: (found?.[1] ?? '').replace(/^\[|\]$/g, ''),
      port: Number(found?.[2] ?? (kind === 'sentinel' ? 26379 : 6379)),
    })),
    username: textOf(user),
    password: textOf(secret.join(':')),
    sentinelPassword: textOf(new URLSearchParams(query).get('sentinelPassword') ?? ''),
    isEncrypted: scheme === 'rediss',
    db,
    master: master ?? '',
  };
}

function textOf(part: string): string | undefined {
  try {
    return part === '' ? undefined : decodeURIComponent(part);
  } catch {
    throw misspelt();
  }
}

const misspelt = (): LatchkeyError =>
  new LatchkeyError(
    'configuration_invalid',
    'REDIS_URL is no address of a Redis: write redis://user:password@host:6379/0, redis+sentinel://host:26379,host:26379/master or redis+cluster://host:6379,host:6379 (rediss for TLS).',
  );
