// A control plane on the real engine with SQLite in memory, for tests that come in by the front door.

import { randomBytes } from 'node:crypto';
import type { Telemetry } from '@latchkey/core';
import { createLatchkey, type Latchkey, type LatchkeySettings } from '../latchkey.js';
import type { Engine } from '../operations/engine.js';
import { createRpcs, inOnePiece } from '../rpc/create-rpc.js';
import { createTelemetry } from '../telemetry/create-telemetry.js';
import { type ControlPlane, type ControlPlaneParts, createControlPlane } from './control-plane.js';

export const ROOT_KEY = `lk_root_${'r'.repeat(40)}`;
export const PUBLIC_URL = 'https://keys.example.com';

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came.
  body: any;
}

export interface Served {
  url: string;
  latchkey: Latchkey;
  /** The engine as the listeners see it. */
  engine: Engine;
  telemetry: Telemetry;
  plane: ControlPlane;
  /** Everything that was logged. */
  log: () => string;
  /** A call with the root key; a body that is no string or bytes is sent as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  close(graceMs?: number): Promise<void>;
}

export async function serve(
  options: {
    trustedProxies?: string[];
    wrap?: (engine: Engine) => Engine;
    settings?: Partial<LatchkeySettings>;
    parts?: Partial<ControlPlaneParts>;
  } = {},
): Promise<Served> {
  const lines: string[] = [];
  const telemetry = createTelemetry({
    level: 'debug',
    service: 'latchkey',
    destination: { write: (line) => lines.push(line) },
  });
  const latchkey = await createLatchkey({
    profile: 'suward',
    pepper: randomBytes(32).toString('base64'),
    masterKey: randomBytes(32).toString('base64'),
    rootKey: ROOT_KEY,
    publicUrl: PUBLIC_URL,
    telemetry,
    ...options.settings,
  });
  const engine = options.wrap?.(latchkey.engine) ?? latchkey.engine;
  const plane = createControlPlane({
    engine,
    telemetry,
    publicUrl: PUBLIC_URL,
    trustedProxies: options.trustedProxies ?? [],
    version: '0.0.0',
    metricsText: telemetry.metricsText,
    guests: createRpcs(engine, telemetry, { connect: true, grpcWeb: true, grpc: false }).map(inOnePiece),
    ...options.parts,
  });
  const url = await plane.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    latchkey,
    engine,
    telemetry,
    plane,
    log: () => lines.join(''),
    async call(method, path, body, headers = {}) {
      const raw = typeof body === 'string' || body instanceof Uint8Array;
      const reply = await fetch(url + path, {
        method,
        redirect: 'manual',
        headers: {
          authorization: `Bearer ${ROOT_KEY}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
      });
      const text = await reply.text();
      const json = /json/.test(reply.headers.get('content-type') ?? '') && text !== '';
      return { status: reply.status, headers: reply.headers, text, body: json ? JSON.parse(text) : undefined };
    },
    async close(graceMs = 1000) {
      await plane.close({ graceMs });
      await latchkey.close();
      await telemetry.close();
    },
  };
}
