// What commands need of this machine: a data directory, key files, a process to run. Provided by main; types only.

import type { Running } from '@latchkey/core';

export interface Finding {
  check: string;
  good: boolean;
  detail: string;
}

export interface RingStatus {
  id: string;
  current: boolean;
  /** Records that still need it. */
  needed: number;
}

export type RingName = 'pepper' | 'master-key';

/** Settings given as flags, by member name; each command reads the ones it knows. */
export type Flags = Readonly<Record<string, unknown>>;

export interface Local {
  /** Runs until a signal asks it to stop; resolves after a clean stop. */
  serve(flags: Flags, json: boolean): Promise<void>;
  dev(flags: Flags, json: boolean): Promise<void>;
  init(flags: { profile?: string; format?: string; force?: boolean }): Promise<{ file: string; schema: string }>;
  migrate(flags: Flags): Promise<{ database: string }>;
  backup(flags: Flags & { file: string }): Promise<{ file: string; bytes: number; keys: number }>;
  restore(
    flags: Flags & { file: string; force?: boolean },
  ): Promise<{ file: string; keys: number; before: string | null }>;
  doctor(flags: Flags): Promise<Finding[]>;
  ringAdd(ring: RingName, flags: Flags): Promise<{ id: string; file: string }>;
  ringStatus(ring: RingName, flags: Flags): Promise<RingStatus[]>;
  ringDrop(ring: RingName, id: string, flags: Flags): Promise<void>;
  createRootKey(flags: Flags & { name: string; permissions: string[] }): Promise<{ id: string; secret: string }>;
  /** The rows, and how many live keys are not among them. */
  exportKeys(flags: Flags & { project?: string }): Promise<{ rows: Record<string, unknown>[]; left: number }>;
  /** The configuration that a server with these settings would start with, and where it was read. */
  running(flags: Flags): Promise<{ running: Running; source: string }>;
  /** Writes files into a directory, made where it is not there; answers their paths. */
  writeTexts(dir: string, texts: readonly { name: string; text: string }[]): Promise<{ file: string; bytes: number }[]>;
  profiles(): string[];
  profile(nameOrPath: string): unknown;
  /** The one that the settings name. */
  configuredProfile(flags: Flags): Promise<unknown>;
}
