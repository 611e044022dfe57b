// A ring kept in a file: made, read again when it changes, added to and dropped from while a server runs on it.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { LatchkeyError, type RandomBytes } from '@latchkey/core';
import { RING_KEY_BYTES, type Ring, ringFromText, ringKeyId, ringToText } from './ring.js';

export interface RingFile {
  /** The ring as last read; a file that turned bad leaves the one before in force. */
  ring(): Ring;
  /** Reads the file now. @throws LatchkeyError `configuration_invalid` and keeps the ring before. */
  reload(): void;
  close(): void;
}

const POLL_MS = 1_000;

/** The ring of a file, read once. @throws LatchkeyError `configuration_invalid` */
export function readRingFile(file: string): Ring {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LatchkeyError('configuration_invalid', `The key file ${file} cannot be read.`, { cause });
  }
  return ringFromText(text, `The key file ${file}`);
}

function signature(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'missing';
  }
}

/** Follows the file: a change is seen within a second. `onError` hears of a change that cannot be read, once. */
export function openRingFile(file: string, options: { onError?: (error: unknown) => void } = {}): RingFile {
  let seen = signature(file);
  let ring = readRingFile(file);
  const reload = () => {
    // Taken before reading: a write in between shows as another change.
    seen = signature(file);
    ring = readRingFile(file);
  };
  const timer = setInterval(() => {
    if (signature(file) === seen) return;
    try {
      reload();
    } catch (error) {
      options.onError?.(error);
    }
  }, POLL_MS);
  timer.unref();
  return { ring: () => ring, reload, close: () => clearInterval(timer) };
}

function writeNew(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncDirectory(file: string): void {
  const descriptor = openSync(dirname(file), 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes the file (mode 0600) with one new key and returns its id; never touches a file that is there. */
export function createRingFile(file: string, random: RandomBytes): string {
  const bytes = random(RING_KEY_BYTES);
  try {
    writeNew(file, `${Buffer.from(bytes).toString('base64')}\n`);
    syncDirectory(file);
  } catch (cause) {
    throw new LatchkeyError('configuration_invalid', `The key file ${file} cannot be made, or is already there.`, {
      cause,
    });
  }
  return ringKeyId(bytes);
}

/** Two changes at once would lose a key that is already in use, so a lock file lets one through at a time. */
function change(file: string, next: (ring: Ring) => Ring): void {
  const lock = `${file}.lock`;
  try {
    writeNew(lock, '');
  } catch (cause) {
    throw new LatchkeyError(
      'configuration_invalid',
      `The key file ${file} is being changed, or its directory cannot be written to; if nothing runs, remove ${lock}.`,
      { cause },
    );
  }
  const draft = `${file}.new`;
  try {
    const text = ringToText(next(readRingFile(file)));
    rmSync(draft, { force: true });
    writeNew(draft, text);
    renameSync(draft, file);
    syncDirectory(file);
  } catch (cause) {
    if (cause instanceof LatchkeyError) throw cause;
    throw new LatchkeyError('configuration_invalid', `The key file ${file} cannot be written.`, { cause });
  } finally {
    rmSync(draft, { force: true });
    rmSync(lock, { force: true });
  }
}

/** Adds a new key, which becomes current, and returns its id. The file changes in one step. */
export function addToRingFile(file: string, random: RandomBytes): string {
  const bytes = random(RING_KEY_BYTES);
  const current = { id: ringKeyId(bytes), bytes };
  change(file, (ring) => ({ keys: [...ring.keys, current], current }));
  return current.id;
}

/** @throws LatchkeyError `invalid_request` for the current key, `not_found` for one that is not there. */
export function dropFromRingFile(file: string, id: string): void {
  change(file, (ring) => {
    if (ring.current.id === id)
      throw new LatchkeyError('invalid_request', `${id} is the current key of ${file}: add another one first.`);
    const keys = ring.keys.filter((key) => key.id !== id);
    if (keys.length === ring.keys.length) throw new LatchkeyError('not_found', `${file} has no key ${id}.`);
    return { keys, current: ring.current };
  });
}
