// The guarantee: whatever is sent to any route of any profile, through the gateway to a real upstream, the answer is never a 5xx, a redirect of ours or silence.

import type { Server } from 'node:http';
import type { JsonValue, Profile } from '@latchkey/core';
import { describe, expect, it } from 'vitest';
import { loadProfile, shippedProfiles } from '../../packages/server/src/config/load-profile.js';
import { startRig } from '../../packages/server/src/gateway/rig.suite.js';
import type { Case, Document, Operation, Schema } from './cases.js';
import { type Answer, fuzz } from './run.js';

/** Limits that no case reaches, so that every case gets as far as it can. */
const PLENTY = { perMinute: 1_000_000_000, perDay: 1_000_000_000 };
const IDS = { id: 'cr_1001', keyId: 'key_none', name1: 'x' };

const schemaOf = (value: JsonValue): Schema => {
  if (Array.isArray(value)) return { type: 'array', items: schemaOf(value[0] ?? ''), minItems: 1 };
  if (typeof value === 'object' && value !== null) {
    const properties = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, schemaOf(member)]));
    return { type: 'object', properties, required: Object.keys(properties) };
  }
  // The sample's own value is the good one.
  return { type: typeof value, enum: [value] };
};

/** The profile's rows and samples as an OpenAPI document: what `cases.ts` makes bad input from. */
function documentOf({ routes, samples, wire }: Profile): Document {
  const paths: Document['paths'] = {};
  const credential = wire.credential.header;
  const add = (method: string, path: string, body: JsonValue | undefined): void => {
    const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1] as string);
    const template = path
      .replace(/:(\w+)/g, '{$1}')
      .replace(/\*\*/g, '{rest}')
      .replace(/\*/g, 'x');
    const inPath = [...names, ...(template.includes('{rest}') ? ['rest'] : [])];
    const operation: Operation = {
      operationId: `${method} ${path}`,
      parameters: [
        ...inPath.map((name) => ({ name, in: 'path', schema: { type: 'string' } })),
        { name: 'fields', in: 'query', schema: { type: 'string' } },
        { name: credential, in: 'header', schema: { type: 'string' } },
        { name: 'Idempotency-Key', in: 'header', schema: { type: 'string' } },
      ],
      ...(body !== undefined && { requestBody: { content: { 'application/json': { schema: schemaOf(body) } } } }),
      responses: {},
    };
    paths[template] = { ...paths[template], [method.toLowerCase()]: operation };
  };
  for (const { method, path } of routes)
    add(method === '*' ? 'PATCH' : method, path, method === 'GET' ? undefined : {});
  // Of the samples of one route the first will do: later ones stream, and take their time.
  for (const { method, path, body } of [...samples].reverse()) add(method, path, body);
  add('GET', '/**', undefined);
  return { paths };
}

const judge = ({ name }: Case, { status, text }: Answer): string | null => {
  const said = `${status} ${text.slice(0, 200)}`;
  if (status >= 500 || (status >= 300 && status < 400) || status < 200) return `answers ${said}`;
  return /credential/.test(name) && status < 400 ? `is accepted: ${said}` : null;
};

const startProfile = async (profile: string) => {
  const { createExample } = (await import(`../../examples/${profile}/server.js`)) as {
    createExample(options: object): Server;
  };
  const example = createExample({ mode: 'live' });
  const rig = await startRig({
    profile,
    upstream: (request, response) => void example.emit('request', request, response),
  });
  const tier = rig.latchkey.profile.policy.tiers.at(-1)?.name;
  const { secret } = await rig.key({ limits: PLENTY, ...(tier && { tier }) });
  const place = rig.latchkey.profile.wire.credential;
  const credential = 'scheme' in place ? ['Authorization', `${place.scheme} ${secret}`] : ['X-Api-Key', secret];
  return { rig, credential };
};

describe.each(shippedProfiles())('the gateway as %s', (profile) => {
  it('answers bad input with a clear 4xx', { timeout: 180_000 }, async () => {
    const { rig, credential } = await startProfile(profile);
    try {
      const document = documentOf(loadProfile(profile));
      const { cases, faults, statuses } = await fuzz(rig.url, { document, ids: IDS, headers: credential, judge });
      console.log(`bad input, ${profile}: ${cases} cases, ${faults.length} faults, ${JSON.stringify(statuses)}`);
      expect(faults.slice(0, 20)).toEqual([]);
      expect(cases).toBeGreaterThan(300);
      expect(Object.keys(statuses)).toEqual(expect.arrayContaining(['400', '401', '404']));
      expect(Object.keys(statuses).some((status) => status.startsWith('2'))).toBe(true);
      expect(rig.logged.filter(({ event }) => event === 'verify_failed' || event === 'request_failed')).toEqual([]);
    } finally {
      await rig.close();
    }
  });
});

describe('the check itself', () => {
  it('turns red on an upstream route that answers 500 where it must not', async () => {
    const rig = await startRig({
      profile: 'swaypi',
      upstream: (request, response) => void response.writeHead(request.url?.includes('surprise') ? 500 : 200).end('{}'),
    });
    try {
      const { secret } = await rig.key({ tier: 'platform', limits: PLENTY });
      const document = documentOf(loadProfile('swaypi'));
      const headers = ['Authorization', `Bearer ${secret}`];
      const { faults } = await fuzz(rig.url, {
        document,
        ids: IDS,
        headers,
        judge,
        only: ({ name }) => name.includes('surprise'),
      });
      expect(faults.join('\n')).toMatch(/answers 500/);
    } finally {
      await rig.close();
    }
  });
});
