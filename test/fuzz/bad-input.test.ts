// The guarantee: whatever is sent to any operation, the answer is a documented refusal or exactly what was sent; never a 5xx, never silence.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT_KEY, type Served, serve } from '../../packages/server/src/http/serve.suite.js';
import { BROKEN_JSON, type Document } from './cases.js';
import { fuzz } from './run.js';

describe('the control plane', () => {
  let served: Served;
  let ids: Record<string, string>;

  beforeAll(async () => {
    served = await serve();
    const organization = await served.call('POST', '/v1/organizations', { name: 'Acme' });
    const project = await served.call('POST', '/v1/projects', {
      organizationId: organization.body.id,
      name: 'p',
      keyModel: 'v2',
    });
    const key = await served.call('POST', `/v1/projects/${project.body.id}/keys`, { name: 'k', credits: 1_000_000 });
    const spare = await served.call('POST', '/v1/root-keys', { name: 'spare', permissions: ['keys.read'] });
    const reserved = await served.call('POST', '/v1/reservations', {
      keyId: key.body.key.id,
      credits: 5,
      requestId: 'reserved-before',
    });
    ids = {
      organizationId: organization.body.id,
      projectId: project.body.id,
      keyId: key.body.key.id,
      reservationId: reserved.body.reservation.id,
      rootKeyId: spare.body.rootKey.id,
    };
  });
  afterAll(() => served.close());

  it('refuses bad input or gives it back as it came', { timeout: 180_000 }, async () => {
    const started = Date.now();
    const { cases, faults, statuses } = await fuzz(served.url, {
      ids,
      headers: ['Authorization', `Bearer ${ROOT_KEY}`],
      readBack: ({ operation }, answer) => {
        const [, what = ''] = /^create(Organization|Project|Key)$/.exec(operation.operationId) ?? [];
        const { id, key } = answer as { id?: string; key?: { id: string } };
        return what === '' ? null : `/v1/${what.toLowerCase()}s/${key?.id ?? id}`;
      },
    });
    console.log(
      `bad input: ${cases} cases in ${Date.now() - started} ms, ${faults.length} faults, ${JSON.stringify(statuses)}`,
    );
    expect(faults.slice(0, 20)).toEqual([]);
    expect(cases).toBeGreaterThan(5000);
    // Not all of it may be refused at the door: some has to reach the rules.
    expect(Object.keys(statuses)).toEqual(expect.arrayContaining(['200', '201', '400', '401', '404', '413', '415']));
    expect((await served.call('GET', '/readyz')).status).toBe(200);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(served.log()).not.toContain('request_failed');
  });
});

describe('the check itself', () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });

  const document: Document = {
    paths: {
      '/things': {
        post: {
          operationId: 'createThing',
          requestBody: {
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: { name: { type: 'string' }, size: { type: 'integer' } },
                  required: ['name'],
                },
              },
            },
          },
          responses: { 400: { content: { 'application/problem+json': { examples: { invalid_json: {} } } } } },
        },
      },
    },
  };

  /** A server that refuses everything, but for one planted mistake. */
  async function planted(
    answer: (body: string, plain: boolean) => { status: number; body: string } | 'silence' | null,
  ) {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const plain = request.url === '/things' && request.headers['content-type'] === 'application/json';
      const said = answer(Buffer.concat(chunks).toString('utf8'), plain);
      if (said === 'silence') return;
      const { status, body } = said ?? { status: 400, body: '{"code":"invalid_json"}' };
      response
        .writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' })
        .end(body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return fuzz(base, {
      document,
      ids: {},
      headers: [],
      timeoutMs: 2_000,
      only: (one) => !/2 MB|100\d{3}/.test(one.name),
    });
  }
  const parse = (body: string) => {
    try {
      return JSON.parse(body) as Record<string, unknown>;
    } catch {
      return null;
    }
  };

  it('finds nothing where nothing is', async () => {
    const { cases, faults } = await planted(() => null);
    expect(faults).toEqual([]);
    expect(cases).toBeGreaterThan(BROKEN_JSON.length);
  });

  it('lets an exact round trip pass', async () => {
    const { faults, statuses } = await planted((body, plain) => {
      const sent = parse(body);
      const good =
        plain &&
        typeof sent?.name === 'string' &&
        (sent.size === undefined || Number.isFinite(sent.size)) &&
        Object.keys(sent).every((name) => name === 'name' || name === 'size');
      return good ? { status: 201, body: JSON.stringify({ thing: sent }) } : null;
    });
    expect(faults).toEqual([]);
    expect(statuses['201']).toBeGreaterThan(50);
  });

  it.each<[string, RegExp, (body: string) => ReturnType<Parameters<typeof planted>[0]>]>([
    [
      'a 500 for one value',
      /size = 1e309 answers 500/,
      (body) => (body.includes(':1e309') ? { status: 500, body: '{}' } : null),
    ],
    ['a 500 for one broken body', /answers 500/, (body) => (body === '{"a":01}' ? { status: 500, body: '{}' } : null)],
    ['silence', /gets no answer: no answer within/, (body) => (body.includes('"NaN"') ? 'silence' : null)],
    ['a redirect', /answers 302/, (body) => (body === '[]' ? { status: 302, body: '' } : null)],
    [
      'a text that comes back changed',
      /comes back changed in name/,
      (body) => {
        const sent = parse(body);
        return sent?.name === ' ' ? { status: 201, body: JSON.stringify({ thing: { name: '' } }) } : null;
      },
    ],
    [
      'a number that comes back rounded',
      /comes back changed in size/,
      (body) => (body.includes('1.5') ? { status: 201, body: JSON.stringify({ size: 1 }) } : null),
    ],
    [
      'a member that nobody knows',
      /a member "surprise" is accepted/,
      (body) => (body.includes('surprise') ? { status: 201, body: '{}' } : null),
    ],
    [
      'a name that stands twice',
      /is accepted/,
      (body) => (body === '{"a":1,"a":2}' ? { status: 201, body: '{}' } : null),
    ],
    [
      'an error that is not documented',
      /401 made_up, which is not documented/,
      (body) => (body === 'null' ? { status: 401, body: '{"code":"made_up"}' } : null),
    ],
  ])('turns red on %s', async (_, expected, answer) => {
    const { faults } = await planted(answer);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join('\n')).toMatch(expected);
  });
});
