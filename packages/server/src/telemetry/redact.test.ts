// Guarantees of redaction: no secret reaches a line, by name or by shape, and no value can make it slow or make it throw.

import { describe, expect, it } from 'vitest';
import { fieldRedactor, REDACTED, SECRET_PREFIXES, textRedactor } from './redact.js';

const redact = fieldRedactor();
const text = textRedactor();
const BODY = 'Ab1'.repeat(12);

describe('a field', () => {
  it.each([
    'secret',
    'Secret',
    'webhookSecret',
    'webhook_secret',
    'client-secret',
    'authorization',
    'Proxy-Authorization',
    'x-api-key',
    'X_API_KEY',
    'apiKey',
    'cookie',
    'set-cookie',
    'password',
    'passwordHash',
    'passphrase',
    'pepper',
    'masterKey',
    'LATCHKEY_MASTER_KEY',
    'token',
    'accessToken',
    'refresh_token',
    'digest',
    'digestValue',
    'privateKey',
    'credentials',
  ])('named %s is hidden at any depth', (name) => {
    expect(redact({ [name]: 'plain' })).toEqual({ [name]: REDACTED });
    expect(redact({ a: [{ b: { [name]: ['plain', { c: 1 }] } }] })).toEqual({ a: [{ b: { [name]: REDACTED } }] });
  });

  it.each(['keyId', 'pepperId', 'masterKeyIds', 'secretPrefix', 'secretHint', 'tokenCount', 'name', 'digestedAt'])(
    'named %s is shown',
    (name) => {
      expect(redact({ [name]: 'plain' })).toEqual({ [name]: 'plain' });
    },
  );

  it('says whether a secret is there', () => {
    expect(redact({ pepper: true, masterKey: null })).toEqual({ pepper: true, masterKey: null });
  });
});

describe('a text', () => {
  it.each(SECRET_PREFIXES)('shows no secret that starts with %s', (prefix) => {
    for (const around of ['%', 'before %', '%, after', '"%"', 'x%', '/v1?key=%&a=1', '{"a":"%"}', '%\n%']) {
      expect(text(around.replaceAll('%', prefix + BODY))).not.toContain(BODY.slice(0, 16));
    }
    expect(text(`${prefix}abc`)).toBe(`${prefix}abc`);
  });

  it.each<[string, string]>([
    [`Bearer ${BODY}`, `Bearer ${REDACTED}`],
    ['postgres://latchkey:hunter2@db/latchkey', `postgres://latchkey:${REDACTED}@db/latchkey`],
    ['redis://:hunter2@cache', `redis://:${REDACTED}@cache`],
    ['see eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0x.c2lnbmF0dXJl here', `see ${REDACTED} here`],
    [`acme_live_${BODY}`, REDACTED],
    ['key_0123456789abcdefghij', 'key_0123456789abcdefghij'],
    ['https://example.com/a:b@c', 'https://example.com/a:b@c'],
  ])('%s reads %s', (given, expected) => {
    expect(text(given)).toBe(expected);
  });

  it('takes other prefixes when told', () => {
    expect(textRedactor(['my.key-'])(`my.key-${BODY}`)).toBe(REDACTED);
    expect(textRedactor([])(`whsec_${BODY}`)).toBe(`whsec_${BODY}`);
  });

  it('is cut, and never in the middle of a secret', () => {
    const long = text(`${'a'.repeat(8185)}sk_live_${BODY}${'b'.repeat(100_000)}`);
    expect(long.length).toBeLessThan(8300);
    expect(long).not.toContain(BODY.slice(0, 8));
  });

  it.each(['sk_live_', 'sk_live_Ab1', 'eyJ', 'eyJaaaaaaaaa.', '://', '://a:', 'Bearer ', 'a_', 'aaaa_live_', '-eyJ'])(
    'made of a million of %j is read in no time',
    (unit) => {
      // The processor's time, not the wall's; what goes over the text again and again takes minutes.
      const started = process.cpuUsage();
      text(unit.repeat(1_000_000));
      expect(process.cpuUsage(started).user / 1000).toBeLessThan(1000);
    },
  );
});

describe('a value', () => {
  it('of any kind becomes plain JSON', () => {
    const circular: Record<string, unknown> = { a: 1 };
    circular.self = circular;
    const hostile = {
      get broken() {
        throw new Error('no');
      },
    };
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    const safe = redact({
      circular,
      hostile,
      proxy,
      date: new Date(0),
      never: new Date(Number.NaN),
      bytes: Buffer.from(`sk_live_${BODY}`),
      big: 5n,
      infinite: Number.POSITIVE_INFINITY,
      map: new Map([['token', 'x']]),
      set: new Set([1]),
      nothing: undefined,
      call: () => {},
      toJSON: 'x',
    });
    expect(JSON.parse(JSON.stringify(safe))).toEqual({
      circular: { a: 1, self: '[circular]' },
      hostile: { broken: '[unreadable]' },
      proxy: '[unreadable]',
      date: '1970-01-01T00:00:00.000Z',
      never: '[invalid date]',
      bytes: '[44 bytes]',
      big: '5',
      infinite: 'Infinity',
      map: { token: REDACTED },
      set: [1],
      toJSON: 'x',
    });
  });

  it('that is an error keeps name, message and stack, without secrets, down its causes', () => {
    const error = new TypeError(`bad sk_live_${BODY}`, {
      cause: Object.assign(new Error('inner'), { password: 'x', code: 'E' }),
    });
    const safe = redact({ error }) as { error: Record<string, unknown> };
    expect(safe.error).toMatchObject({
      name: 'TypeError',
      message: `bad ${REDACTED}`,
      cause: { message: 'inner', password: REDACTED, code: 'E' },
    });
    expect(safe.error.stack).toContain('redact.test');
    expect(JSON.stringify(safe)).not.toContain(BODY);
  });

  it('is bounded in depth and number', () => {
    let deep: unknown = 'end';
    for (let at = 0; at < 100_000; at++) deep = { deep };
    expect(JSON.stringify(redact({ deep }))).toContain('[too deep]');
    const wide = redact({ wide: Array.from({ length: 100_000 }, (_, at) => [at]) });
    expect(JSON.stringify(wide).length).toBeLessThan(10_000);
    const broad = Object.fromEntries(
      Array.from({ length: 1000 }, (_, at) => [`n${at}`, { a: [1, 2, 3], b: { c: at } }]),
    );
    expect(JSON.stringify(redact({ a: [broad, broad, broad, broad, broad] })).length).toBeLessThan(100_000);
  });

  it('named __proto__ stays a name', () => {
    const safe = redact(JSON.parse('{"a":{"__proto__":{"polluted":1}}}'));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(JSON.stringify(safe)).toBe('{"a":{"__proto__":{"polluted":1}}}');
  });
});
