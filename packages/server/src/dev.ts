// `latchkey dev`: a provider's whole situation on one machine. The example API behind the gateway, and on the first run somebody with keys.

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LatchkeyError, type Mode, type Profile, type Tier } from '@latchkey/core';
import { loadProfile } from './config/load-profile.js';
import type { Settings } from './config/settings.js';
import { databaseFile } from './database.js';
import type { Latchkey } from './latchkey.js';
import { type RunningServer, startServer } from './serve.js';
import { makeDirectory } from './store/make-directory.js';
import { createRingFile } from './vault/ring-file.js';

/** A key of the first run. Its secret is printed and never again to be had. */
export interface SeededKey {
  label: string;
  secret: string;
  mode: Mode;
}

export interface DevServer extends RunningServer {
  profile: Profile;
  dataDir: string;
  logFile: string;
  /** Where letters are written; null: a mail server sends them. */
  outbox: string | null;
  examples: { live: string; test: string | null };
  projectId: string;
  /** Keys made by this start; empty on later ones. */
  seeded: SeededKey[];
}

/** A data directory that was named is taken as it is; otherwise there is one per profile below `./data`. */
export async function startDev(settings: Settings): Promise<DevServer> {
  const profile = loadProfile(settings.profile);
  const dataDir = resolve(settings.dataDirGiven ? settings.dataDir : join('data', profile.name));
  const logFile = settings.logFile ?? join(dataDir, 'latchkey.log');
  makeDataDir(dataDir);
  const rings = ringFiles(settings, dataDir);
  let latchkey: Latchkey | null = null;
  // Examples listen before there is anything to call; they have jobs to end only once it serves.
  const endLease: EndLease = async (leaseId) => latchkey?.leases.release({ leaseId });
  const live = settings.upstream === undefined ? await startExample(profile, 'live', endLease) : null;
  const sandbox =
    settings.sandboxUpstream === undefined && profile.policy.prefixes.test
      ? await startExample(profile, 'test', endLease)
      : null;
  const closeExamples = async (): Promise<void> => {
    for (const example of [live, sandbox]) example?.close();
  };
  try {
    const upstream = settings.upstream ?? live?.url;
    const sandboxUpstream = settings.sandboxUpstream ?? sandbox?.url;
    const outbox = settings.smtpUrl === undefined ? join(dataDir, 'outbox') : null;
    const server = await startServer(
      { ...settings, ...rings, dataDir, logFile, upstream, sandboxUpstream, gatewayUrl: gatewayUrlOf(settings) },
      outbox === null ? {} : { outbox },
    );
    latchkey = server.latchkey;
    const { projectId, seeded } = await seed(server.latchkey, profile).catch(async (error) => {
      await server.close();
      throw error;
    });
    return {
      ...server,
      profile,
      dataDir,
      logFile,
      outbox,
      examples: { live: upstream ?? '', test: sandboxUpstream ?? null },
      projectId,
      seeded,
      close: () => server.close().finally(closeExamples),
    };
  } catch (error) {
    await closeExamples();
    throw error;
  }
}

/** Samples on the dashboard are there to be pasted: they call the gateway that runs here. */
const gatewayUrlOf = ({ gatewayUrl, gatewayPort }: Settings): string | undefined =>
  gatewayUrl ?? (gatewayPort === 0 ? undefined : `http://127.0.0.1:${gatewayPort}`);

function makeDataDir(dir: string): void {
  try {
    makeDirectory(dir);
  } catch (cause) {
    throw new LatchkeyError('configuration_invalid', `The data directory ${dir} cannot be made: name another one.`, {
      cause,
    });
  }
}

/**
 * Pepper and master key of the data directory, made on the first run with mode 0600. A database that is there already was
 * made with others: new ones would only hide that they are missing.
 */
function ringFiles(settings: Settings, dataDir: string): Pick<Settings, 'pepperFile' | 'masterKeyFile'> {
  const file = (given: string | undefined, followed: string | undefined, name: string): string | undefined => {
    if (given !== undefined || followed !== undefined) return followed;
    const path = join(dataDir, name);
    if (existsSync(path)) return path;
    if (existsSync(databaseFile(dataDir))) {
      throw new LatchkeyError(
        'configuration_invalid',
        `${path} is missing, and the database beside it needs it: put it back, or name another directory with --data-dir.`,
      );
    }
    createRingFile(path, (length) => randomBytes(length));
    return path;
  };
  const pepperFile = file(settings.pepper, settings.pepperFile, 'pepper');
  const masterKeyFile = file(settings.masterKey, settings.masterKeyFile, 'master-key');
  return { ...(pepperFile && { pepperFile }), ...(masterKeyFile && { masterKeyFile }) };
}

/** What a job that is over needs of Latchkey; examples that run alone call `DELETE /v1/leases/:leaseId` with a root key. */
type EndLease = (leaseId: string) => Promise<unknown>;

interface Example {
  createExample(options: { mode: Mode; endLease: EndLease }): Server;
}

const EXAMPLE_DIRS = ['./examples', '../../../examples'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** The example API of a shipped profile on a free loopback port; null when it has none. */
async function startExample(
  profile: Profile,
  mode: Mode,
  endLease: EndLease,
): Promise<{ url: string; close(): void } | null> {
  const file = EXAMPLE_DIRS.map((dir) => join(dir, profile.name, 'server.js')).find(existsSync);
  if (file === undefined) return null;
  const { createExample } = (await import(pathToFileURL(file).href)) as Example;
  const server = createExample({ mode, endLease });
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', done);
  });
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** On an empty database: an organization, a project and one key for each thing worth trying. */
async function seed(latchkey: Latchkey, profile: Profile): Promise<{ projectId: string; seeded: SeededKey[] }> {
  const { data } = await latchkey.projects.list({ limit: 1 });
  if (data[0] !== undefined) return { projectId: data[0].id, seeded: [] };
  const organization = await latchkey.organizations.create({ name: 'Example Organization' });
  const project = await latchkey.projects.create({ organizationId: organization.id, name: 'Example Project' });
  const seeded: SeededKey[] = [];
  const { data: tiers } = await latchkey.tiers.list({});
  for (const { label, ...settings } of firstKeys(profile, tiers)) {
    const { secret, key } = await latchkey.keys.create({ projectId: project.id, name: `${label} key`, ...settings });
    seeded.push({ label, secret, mode: key.mode });
  }
  return { projectId: project.id, seeded };
}

type FirstKey = { label: string; mode?: Mode; tier?: string; limits?: { perMinute: number; perDay: number } };

/** One key for each tier, else one for each mode. A tier that leaves its limits to the key gets generous ones. */
function firstKeys({ policy, name }: Profile, tiers: readonly Pick<Tier, 'name' | 'limits'>[]): FirstKey[] {
  if (policy.keyModel === 'legacy') return [{ label: name }];
  if (tiers.length > 0) {
    return tiers.map((tier) => ({
      label: tier.name,
      tier: tier.name,
      ...(tier.limits.perMinute === 'custom' && { limits: { perMinute: 5000, perDay: 1_000_000 } }),
    }));
  }
  return policy.prefixes.test ? [{ label: 'live' }, { label: 'test', mode: 'test' }] : [{ label: 'live' }];
}
