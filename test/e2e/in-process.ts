// A gateway with its example API in the test's own process, under a clock that the test moves by hand. Put together as `serve` does it.

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway } from '../../packages/server/src/gateway/gateway.js';
import { createLatchkey, type Latchkey } from '../../packages/server/src/latchkey.js';
import { type Answer, type Question, send } from './client.js';
import { type ProfileName, presented } from './oracle.js';

export interface InProcess {
  readonly latchkey: Latchkey;
  readonly projectId: string;
  now(): number;
  setClock(at: number): void;
  ask(secret: string, question: Question): Promise<Answer>;
  close(): Promise<void>;
}

type Example = { createExample(options: { mode: 'live'; now: () => number }): Server };

export async function startInProcess(profile: ProfileName, at: number): Promise<InProcess> {
  let time = at;
  const clock = (): number => time;
  const latchkey = await createLatchkey({
    profile,
    pepper: Buffer.alloc(32, 1).toString('base64'),
    masterKey: Buffer.alloc(32, 2).toString('base64'),
    servedModes: ['live'],
    clock,
  });
  const { createExample } = (await import(`../../examples/${profile}/server.js`)) as Example;
  const upstream = createExample({ mode: 'live', now: clock });
  await new Promise<void>((ready) => upstream.listen(0, '127.0.0.1', ready));
  const gateway = createGateway({
    engine: latchkey.engine,
    telemetry: { log() {}, count() {}, observe() {}, gauge() {} },
    upstream: new URL(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`),
    sandboxUpstream: null,
    trustedProxies: [],
  });
  const url = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const organization = await latchkey.organizations.create({ name: 'Acme' });
  const project = await latchkey.projects.create({ organizationId: organization.id, name: 'Main' });
  return {
    latchkey,
    projectId: project.id,
    now: clock,
    setClock(next) {
      time = next;
    },
    ask: (secret, question) =>
      send(url, { ...question, headers: { ...presented(profile, secret), ...question.headers } }),
    async close() {
      await gateway.close({ graceMs: 0 });
      upstream.closeAllConnections();
      upstream.close();
      await latchkey.close();
    },
  };
}
