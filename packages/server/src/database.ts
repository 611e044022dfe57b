// Where an installation's data is, and its store: a SQLite file of this machine, or a PostgreSQL database that several nodes share.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Store, Telemetry } from '@latchkey/core';
import { processScheduler } from './scheduler.js';
import { lockDataDir } from './store/lock.js';
import { openPostgresStore, withoutPassword } from './store/open-postgres.js';
import { openDatabase, openSqliteStore } from './store/open-store.js';

/** The file that holds everything but the peppers and master keys. */
export const databaseFile = (dataDir: string): string => join(dataDir, 'latchkey.sqlite');

export interface Database {
  /** As it may be shown: a path, or an address without its password. */
  name: string;
  /** The file; null: PostgreSQL. */
  file: string | null;
  /** false: nobody ever opened it here. Of PostgreSQL only opening tells. */
  exists(): boolean;
  /** Opens it beside whatever serves it. @throws LatchkeyError `configuration_invalid`, `unavailable` */
  open(): Promise<Store>;
}

export function databaseOf(place: { databaseUrl?: string | undefined; dataDir: string }): Database {
  const { databaseUrl: url, dataDir } = place;
  if (url !== undefined) {
    return {
      name: withoutPassword(url),
      file: null,
      exists: () => true,
      open: () => openPostgresStore({ url, scheduler: processScheduler }),
    };
  }
  const file = databaseFile(resolve(dataDir));
  return { name: file, file, exists: () => existsSync(file), open: () => openDatabase(file) };
}

/** A store that is served: this process's alone, unless it is one that nodes share. */
export interface OpenedStore {
  store: Store;
  close(): Promise<void>;
}

/** @throws LatchkeyError `data_dir_in_use` while another process serves the directory, and what opening throws */
export async function openForServing(place: {
  databaseUrl?: string | undefined;
  dataDir?: string | undefined;
  telemetry: Telemetry;
}): Promise<OpenedStore> {
  const { databaseUrl, dataDir, telemetry } = place;
  if (databaseUrl !== undefined) {
    const store = await openPostgresStore({ url: databaseUrl, scheduler: processScheduler, telemetry });
    return { store, close: () => store.close() };
  }
  if (dataDir === undefined) {
    const store = await openSqliteStore({ file: ':memory:' });
    return { store, close: () => store.close() };
  }
  const unlock = await lockDataDir(dataDir);
  try {
    const store = await openDatabase(databaseFile(dataDir));
    return { store, close: () => store.close().finally(unlock) };
  } catch (error) {
    unlock();
    throw error;
  }
}
