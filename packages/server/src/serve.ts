// The listeners over one engine, from settings to a clean stop. Commands decide which settings; nothing here decides a request.

import { setTimeout as sleep } from 'node:timers/promises';
import { LatchkeyError, type Mailer, type Mode, type Telemetry } from '@latchkey/core';
import { createAccounts } from './accounts/create-accounts.js';
import { loadProfile } from './config/load-profile.js';
import type { Settings } from './config/settings.js';
import { oidcOf, signInFaults } from './config/sign-in-settings.js';
import { createGateway } from './gateway/gateway.js';
import { createControlPlane } from './http/control-plane.js';
import { createLatchkey, type Latchkey, type LatchkeySettings, OPERATOR, type RingSource } from './latchkey.js';
import { createOutbox } from './mail/outbox.js';
import { createSmtpMailer } from './mail/smtp.js';
import { createFirstOperatorInvitation, linkOf } from './operations/people/invitations.js';
import { createFirstRootKey } from './operations/root-keys.js';
import { createRpcs, inOnePiece } from './rpc/create-rpc.js';
import { createGrpcServer } from './rpc/grpc-server.js';
import { makeDirectory } from './store/make-directory.js';
import { createTelemetry } from './telemetry/create-telemetry.js';
import { openRingFile } from './vault/ring-file.js';
import { VERSION } from './version.js';

/** How long running requests may take to finish once a stop was asked for; container runtimes kill after ten seconds. */
const GRACE_MS = 8_000;
/** How long a start waits for a database that is away: nodes are often started together with it. */
const AVAILABLE_WITHIN_MS = 15_000;
const TRY_AGAIN_MS = 500;

export interface RunningServer {
  latchkey: Latchkey;
  controlPlane: string;
  gateway: string;
  /** null: the RPCs are to be had on the control plane alone. */
  grpc: string | null;
  /** The first root key, when this start made one: shown once by whoever started the server. */
  rootKey: string | null;
  /** The link that makes whoever opens it the first operator, for a day; null: there is one. */
  firstOperatorLink: string | null;
  /** Stops accepting, finishes what runs, writes what is buffered. */
  close(): Promise<void>;
}

export interface ServerOptions {
  /** A folder for letters, where no mail server is set; it is made. */
  outbox?: string;
}

/** @throws LatchkeyError `configuration_invalid` and the codes of `createLatchkey` */
export async function startServer(settings: Settings, options: ServerOptions = {}): Promise<RunningServer> {
  const [fault] = signInFaults(settings);
  if (fault !== undefined) throw new LatchkeyError('configuration_invalid', fault);
  const profile = loadProfile(settings.profile);
  const telemetry = createTelemetry({
    level: settings.logLevel,
    destination: settings.logFile ?? 'stdout',
    service: 'latchkey',
    secretPrefixes: [
      'lk_root_',
      'lk_portal_',
      'whsec_',
      ...Object.values(profile.policy.prefixes).filter((prefix) => prefix !== undefined),
    ],
  });
  const closers: (() => unknown)[] = [() => telemetry.close()];
  const listeners: { close(options: { graceMs: number }): Promise<void> }[] = [];
  /** All listeners drain at the same time. What fails to close keeps nothing else open; the first failure is thrown. */
  const closeAll = async (): Promise<void> => {
    const failures: unknown[] = [];
    const attempt = async (close: () => unknown): Promise<void> => {
      try {
        await close();
      } catch (cause) {
        failures.push(cause);
      }
    };
    await Promise.all(listeners.splice(0).map((listener) => attempt(() => listener.close({ graceMs: GRACE_MS }))));
    for (const close of closers.splice(0).reverse()) await attempt(close);
    if (failures.length > 0) throw failures[0];
  };
  const ring = (
    name: 'LATCHKEY_PEPPER' | 'LATCHKEY_MASTER_KEY',
    text: string | undefined,
    file: string | undefined,
  ): RingSource => {
    if (file === undefined && text === undefined) throw missing(name);
    if (file === undefined) return text as string;
    const followed = openRingFile(file, {
      onError: (cause) => telemetry.log('error', 'key_file_unreadable', { setting: name, cause }),
    });
    closers.push(() => followed.close());
    return followed.ring;
  };
  const mailer = mailerOf(settings, options);
  if (mailer?.close !== undefined) closers.push(mailer.close);
  try {
    const needs: LatchkeySettings = {
      profile,
      dataDir: settings.dataDir,
      databaseUrl: settings.databaseUrl,
      redisUrl: settings.redisUrl,
      limiterFailure: settings.limiterFailure,
      staleSeconds: settings.staleSeconds,
      pepper: ring('LATCHKEY_PEPPER', settings.pepper, settings.pepperFile),
      masterKey: ring('LATCHKEY_MASTER_KEY', settings.masterKey, settings.masterKeyFile),
      rootKey: settings.rootKey,
      servedModes: servedModes(settings),
      publicUrl: settings.publicUrl,
      gatewayUrl: settings.gatewayUrl,
      cacheMb: settings.cacheMb,
      ...(mailer !== null && { mailer }),
      telemetry,
    };
    const latchkey = await onceAvailable(() => createLatchkey(needs), telemetry);
    closers.push(() => latchkey.close());
    const controlPlane = createControlPlane({
      engine: latchkey.engine,
      telemetry,
      publicUrl: settings.publicUrl.replace(/\/$/, ''),
      trustedProxies: settings.trustedProxies,
      version: VERSION,
      metricsText: () => telemetry.metricsText(),
      signIn: createAccounts({ services: latchkey.engine.services, oidc: oidcOf(settings) }),
      portalOrigins: settings.portalOrigins,
      guests: createRpcs(latchkey.engine, telemetry, { connect: true, grpcWeb: true, grpc: false }).map(inOnePiece),
    });
    listeners.push(controlPlane);
    const gateway = createGateway({
      engine: latchkey.engine,
      telemetry,
      upstream: urlOrNull(settings.upstream),
      sandboxUpstream: urlOrNull(settings.sandboxUpstream),
      trustedProxies: settings.trustedProxies,
    });
    listeners.push(gateway);
    const { trustedProxies, grpcHost, grpcPort } = settings;
    const grpc =
      grpcPort === undefined ? null : createGrpcServer({ engine: latchkey.engine, telemetry, trustedProxies });
    if (grpc !== null) listeners.push(grpc);
    const addresses = {
      controlPlane: await listening(controlPlane, settings, 'LATCHKEY_'),
      gateway: await listening(
        gateway,
        { host: settings.gatewayHost, port: settings.gatewayPort },
        'LATCHKEY_GATEWAY_',
      ),
      grpc: grpc && (await listening(grpc, { host: grpcHost, port: grpcPort as number }, 'LATCHKEY_GRPC_')),
    };
    // Last of all: a start that fails must not have made a key that nobody was shown.
    const { services, makeRequestId } = latchkey.engine;
    const call = () => ({ actor: OPERATOR, requestId: makeRequestId(), idempotencyKey: null });
    const rootKey = await createFirstRootKey(services, call());
    const invitation = await createFirstOperatorInvitation(services, call());
    const firstOperatorLink = invitation && linkOf(services, invitation);
    if (mailer === null) telemetry.log('warn', 'mail_not_set', { fix: NO_MAIL });
    telemetry.log('info', 'started', { version: VERSION, profile: profile.name, ...addresses });
    return { latchkey, ...addresses, rootKey, firstOperatorLink, close: closeAll };
  } catch (error) {
    await closeAll().catch(() => {});
    throw error;
  }
}

const NO_MAIL =
  'No letters are sent, so nobody can confirm an address or set a new password, and invitations are handed over as links: set LATCHKEY_SMTP_URL and LATCHKEY_MAIL_FROM.';

function mailerOf(
  { smtpUrl, mailFrom }: Settings,
  { outbox }: ServerOptions,
): (Mailer & { close?: () => void }) | null {
  if (smtpUrl !== undefined) return createSmtpMailer({ url: smtpUrl, from: mailFrom as string });
  if (outbox === undefined) return null;
  makeDirectory(outbox);
  return createOutbox(outbox, Date.now);
}

async function onceAvailable<T>(start: () => Promise<T>, telemetry: Telemetry): Promise<T> {
  for (const began = performance.now(); ; ) {
    try {
      return await start();
    } catch (error) {
      const isAway = error instanceof LatchkeyError && error.code === 'unavailable';
      if (!isAway || performance.now() - began > AVAILABLE_WITHIN_MS) throw error;
      telemetry.log('warn', 'database_awaited', { cause: error });
      // A timer that keeps the process: nothing else does, yet.
      await sleep(TRY_AGAIN_MS);
    }
  }
}

/** A key is served when its mode has an upstream. With none at all only the management API is used: both modes are verified. */
const servedModes = ({ upstream, sandboxUpstream }: Settings): Mode[] =>
  upstream !== undefined && sandboxUpstream === undefined ? ['live'] : ['live', 'test'];

const urlOrNull = (text: string | undefined): URL | null => (text === undefined ? null : new URL(text));

function missing(name: string): LatchkeyError {
  return new LatchkeyError(
    'configuration_invalid',
    `${name} is not set. Make one with \`openssl rand -base64 32\`, keep it outside the database, and set ${name} or ${name}_FILE.`,
  );
}

interface Address {
  host: string;
  port: number;
}

/** `prefix` is what the environment variables of this address start with. */
async function listening(
  server: { listen(address: Address): Promise<string> },
  { host, port }: Address,
  prefix: string,
): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const wrongHost = ['ENOTFOUND', 'EADDRNOTAVAIL', 'EAI_AGAIN', 'EINVAL'].includes(code ?? '');
    const problem =
      code === 'EADDRINUSE'
        ? `Port ${port} is taken: stop what listens there, or set ${prefix}PORT to another port.`
        : code === 'EACCES'
          ? `Port ${port} may not be used by this user: set ${prefix}PORT to one above 1023.`
          : wrongHost
            ? `${host} is no address of this machine: set ${prefix}HOST to one, such as 127.0.0.1 or 0.0.0.0.`
            : `Cannot listen on ${host}:${port} (${prefix}HOST, ${prefix}PORT): ${message}`;
    throw new LatchkeyError('configuration_invalid', problem, { cause });
  }
}
