// What a careful developer would put together instead: Fastify, a digest look-up in SQLite, rate-limiter-flexible, pino to a file.
// `verify` is a service that authenticates its caller and answers what it knows of the key; `proxy UPSTREAM` stands in front of an
// API with @fastify/http-proxy.
import { createHash, timingSafeEqual } from 'node:crypto';
import httpProxy from '@fastify/http-proxy';
import { DatabaseSync } from '@photostructure/sqlite';
import Fastify from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { PER_MINUTE, readKeys } from '../seed.js';

const [kind, dataDir, upstream] = process.argv.slice(2);
const database = new DatabaseSync(`${dataDir}/peer-${kind}.sqlite`);
database.exec('pragma journal_mode=wal; drop table if exists keys');
database.exec(
  'create table keys (digest text primary key, id text not null, name text, tier text, metadata text, created_at integer, revoked_at integer) without rowid',
);
const insert = database.prepare(
  'insert into keys (digest, id, name, tier, metadata, created_at) values (?, ?, ?, ?, ?, ?)',
);
const sha256 = (text) => createHash('sha256').update(text);
database.exec('begin');
for (const { id, secret } of readKeys(dataDir))
  insert.run(sha256(secret).digest('hex'), id, `key ${id}`, 'platform', '{}', Date.now());
database.exec('commit');

const find = database.prepare('select id, name, tier, metadata, created_at, revoked_at from keys where digest = ?');
const minute = new RateLimiterMemory({ points: PER_MINUTE, duration: 60 });
const day = new RateLimiterMemory({ points: PER_MINUTE, duration: 86_400 });
const caller = sha256(process.env.LATCHKEY_ROOT_KEY ?? '').digest();

async function decide(secret) {
  // The driver closes a database that nobody refers to any more, statements or not.
  if (!database.isOpen) throw new Error('the database is closed');
  const key = find.get(sha256(secret).digest('hex'));
  if (!key || key.revoked_at !== null) return { valid: false, reason: 'invalid_key' };
  try {
    const left = await minute.consume(key.id);
    const leftToday = await day.consume(key.id);
    return { valid: true, key, minute: left, day: leftToday };
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return { valid: false, reason: 'rate_limited' };
    throw refused;
  }
}

const budget = (name, left) => ({
  name,
  limit: PER_MINUTE,
  remaining: left.remainingPoints,
  resetAt: new Date(Date.now() + left.msBeforeNext).toISOString(),
});

const app = Fastify({ logger: { level: 'info', file: `${dataDir}/peer-${kind}.log` } });
if (kind === 'verify') {
  app.post('/v1/keys/verify', async (request, reply) => {
    const bearer = request.headers.authorization?.slice(7) ?? '';
    if (!timingSafeEqual(sha256(bearer).digest(), caller)) return reply.code(401).send({ code: 'unauthenticated' });
    const { valid, reason, key, minute, day } = await decide(request.body.secret);
    if (!valid) return { valid, reason };
    return {
      valid,
      key: { ...key, metadata: JSON.parse(key.metadata), created_at: new Date(key.created_at).toISOString() },
      budgets: [budget('perMinute', minute), budget('perDay', day)],
      requestId: request.id,
    };
  });
} else {
  app.register(httpProxy, {
    upstream,
    undici: { connections: 128, pipelining: 1 },
    preHandler: async (request, reply) => {
      const verdict = await decide(request.headers.authorization?.slice(7) ?? '');
      if (!verdict.valid) return reply.code(401).send({ detail: 'invalid key' });
      reply.header('X-RateLimit-Limit', PER_MINUTE);
      reply.header('X-RateLimit-Remaining', verdict.minute.remainingPoints);
      reply.header('X-RateLimit-Reset', Math.ceil((Date.now() + verdict.minute.msBeforeNext) / 1000));
      request.headers['x-key-id'] = verdict.key.id;
      delete request.headers.authorization;
    },
  });
}
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(JSON.stringify({ port: app.server.address().port }));
