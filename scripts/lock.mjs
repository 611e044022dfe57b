// One run at a time: a folder in the repository that only one process can hold. Node built-ins only.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const BEAT_MS = 2_000;
const STALE_MS = 30_000;
const GIVE_UP_MS = 15 * 60_000;

/**
 * Runs `work` while holding `.boot-lock` in `root`; a second process waits for its turn.
 *
 * The folder arrives by rename with its owner already inside, so it is never seen half made. The holder touches it every
 * two seconds; a folder that is untouched for thirty, or whose process is gone from this host, is taken over.
 */
export async function withLock(root, say, work) {
  const path = join(root, '.boot-lock');
  const token = await acquire(root, path, say);
  const beat = setInterval(() => touch(path), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    release(path, token);
  }
}

async function acquire(root, path, say) {
  const token = `${process.pid}-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const started = Date.now();
  for (let said = false; ; said = true) {
    if ((!existsSync(path) || takeOver(path)) && claim(root, path, token)) return token;
    if (!said) say('Waiting for another run that is installing or building here.');
    if (Date.now() - started > GIVE_UP_MS) {
      throw new Error(`${path} has been held for 15 minutes. Fix: end the other run, or delete that folder.`);
    }
    await sleep(200);
  }
}

/** Puts our folder in place; false when another process was first. */
function claim(root, path, token) {
  const mine = makeFolder(root);
  try {
    writeFileSync(join(mine, 'owner.json'), JSON.stringify({ token, pid: process.pid, host: hostname() }));
    renameSync(mine, path);
    return true;
  } catch (error) {
    rmSync(mine, { recursive: true, force: true });
    if (['ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'].includes(error.code)) return false;
    throw error;
  }
}

function makeFolder(root) {
  try {
    return mkdtempSync(join(root, '.boot-lock-'));
  } catch (error) {
    throw new Error(
      `${root} cannot be written (${error.code}). Fix: check who owns the folder and whether the disk is full.`,
    );
  }
}

/** Removes a dead owner's folder. Of several that see the same dead owner, one makes the marker and removes. */
function takeOver(path) {
  const dead = owner(path);
  if (!dead || isAlive(path, dead)) return false;
  try {
    mkdirSync(join(path, `dead-${dead.token}`));
    if (owner(path)?.token !== dead.token) return false;
    renameSync(path, `${path}-${dead.token}`);
    rmSync(`${path}-${dead.token}`, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

function isAlive(path, { pid, host }) {
  try {
    if (Date.now() - statSync(path).mtimeMs > STALE_MS) return false;
    if (host === hostname()) process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function owner(path) {
  try {
    return JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

function touch(path) {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Gone: someone took over, or the release came first. Either way there is nothing to keep alive.
  }
}

function release(path, token) {
  if (owner(path)?.token === token) rmSync(path, { recursive: true, force: true });
}
