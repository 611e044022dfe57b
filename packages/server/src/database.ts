// Where an installation's data is, and its store: a SQLite file of this machine, or a PostgreSQL database that several nodes share.

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
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
  open(telemetry?: Telemetry): Promise<Store>;
}

export function databaseOf(place: { databaseUrl?: string | undefined; dataDir: string }): Database {
  const { databaseUrl: url, dataDir } = place;
  if (url !== undefined) {
    return {
      name: withoutPassword(url),
      file: null,
      exists: () => true,
      open: (telemetry) => openPostgresStore({ url, scheduler: processScheduler, ...(telemetry && { telemetry }) }),
    };
  }
  const file = databaseFile(resolve(dataDir));
  return { name: file, file, exists: () => existsSync(file), open: () => openDatabase(file) };
}

/** A store that is served: a file by this process alone, PostgreSQL beside other nodes. */
export interface OpenedStore {
  store: Store;
  close(): Promise<void>;
}

/** @throws LatchkeyError `data_dir_in_use` while another process serves the file, and what opening throws */
export async function openForServing(database: Database, telemetry?: Telemetry): Promise<OpenedStore> {
  const unlock = database.file === null ? () => {} : await lockDataDir(dirname(database.file));
  try {
    const store = await database.open(telemetry);
    return { store, close: () => store.close().finally(unlock) };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** One that is gone when it is closed. */
export async function openInMemory(): Promise<OpenedStore> {
  const store = await openSqliteStore({ file: ':memory:' });
  return { store, close: () => store.close() };
}
