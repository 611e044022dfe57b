// What a careful developer would put together instead: Fastify, a digest look-up in SQLite, rate-limiter-flexible, pino to a file.
// `verify` answers as a service would; `proxy UPSTREAM` stands in front of an API with @fastify/http-proxy.
import { createHash } from 'node:crypto';
import httpProxy from '@fastify/http-proxy';
import { DatabaseSync } from '@photostructure/sqlite';
import Fastify from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { PER_MINUTE, readKeys } from '../seed.js';

const [kind, dataDir, upstream] = process.argv.slice(2);
const database = new DatabaseSync(`${dataDir}/peer-${kind}.sqlite`);
database.exec(
  'pragma journal_mode=wal; drop table if exists keys; create table keys (digest text primary key, id text not null, revoked_at integer) without rowid',
);
const insert = database.prepare('insert into keys (digest, id) values (?, ?)');
const digestOf = (secret) => createHash('sha256').update(secret).digest('hex');
database.exec('begin');
for (const { id, secret } of readKeys(dataDir)) insert.run(digestOf(secret), id);
database.exec('commit');

const find = database.prepare('select id, revoked_at from keys where digest = ?');
const minute = new RateLimiterMemory({ points: PER_MINUTE, duration: 60 });
const day = new RateLimiterMemory({ points: PER_MINUTE, duration: 86_400 });

async function decide(secret) {
  // The driver closes a database that nobody refers to any more, statements or not.
  if (!database.isOpen) throw new Error('the database is closed');
  const key = find.get(digestOf(secret));
  if (!key || key.revoked_at !== null) return { valid: false };
  try {
    const left = await minute.consume(key.id);
    await day.consume(key.id);
    return { valid: true, id: key.id, remaining: left.remainingPoints, resetMs: left.msBeforeNext };
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return { valid: false, limited: true };
    throw refused;
  }
}

const app = Fastify({ logger: { level: 'info', file: `${dataDir}/peer-${kind}.log` } });
if (kind === 'verify') {
  app.post('/v1/keys/verify', async (request) => decide(request.body.secret));
} else {
  app.register(httpProxy, {
    upstream,
    undici: { connections: 128, pipelining: 1 },
    preHandler: async (request, reply) => {
      const verdict = await decide(request.headers.authorization?.slice(7) ?? '');
      if (!verdict.valid) return reply.code(401).send({ detail: 'invalid key' });
      reply.header('X-RateLimit-Limit', PER_MINUTE);
      reply.header('X-RateLimit-Remaining', verdict.remaining);
      reply.header('X-RateLimit-Reset', Math.ceil((Date.now() + verdict.resetMs) / 1000));
      request.headers['x-key-id'] = verdict.id;
      delete request.headers.authorization;
    },
  });
}
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(JSON.stringify({ port: app.server.address().port }));
