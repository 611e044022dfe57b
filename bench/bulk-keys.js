// Databases with very many keys: the tables and one key are made by the product, the others are copies of its row with digests of their own.
import { createHash, createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { checksum } from '../packages/core/dist/index.js';
import { createLatchkey } from '../packages/server/dist/index.js';

const require = createRequire(new URL('../packages/server/package.json', import.meta.url));
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const KEYS_OF_A_PROJECT = 1_000;
const AT_ONCE = 5_000;
const COMMITTED_ROWS = 100_000;

/** The secret of the key at that place, made anew whenever it is needed: a list of ten million would be what is measured. */
export function secretAt(prefix, at) {
  const bytes = createHash('sha256').update(`bench ${at}`).digest();
  let body = '';
  for (const byte of bytes) body += ALPHABET[byte % 62];
  return `${prefix}${body}${checksum(body)}`;
}

const digits = (at) => at.toString(16).padStart(26, '0');

/** `where`: settings that name the database, `dataDir` or `databaseUrl`. Resolves to the prefix of the secrets. */
export async function makeDatabase({ count, where, secrets }) {
  const latchkey = await createLatchkey({ profile: 'swaypi', ...where, ...secrets });
  const organization = await latchkey.organizations.create({ name: 'Bench' });
  const project = await latchkey.projects.create({ organizationId: organization.id, name: 'Bench' });
  // Without a daily limit, so that what is measured is the look-up: the first use of a limited day waits for the disk.
  const limits = { perMinute: 1_000_000_000, perDay: null, concurrent: null };
  await latchkey.tiers.create({ name: 'bench', title: 'Bench', limits });
  const made = await latchkey.keys.create({ projectId: project.id, name: 'template', tier: 'bench' });
  await latchkey.close();
  const open = where.dataDir === undefined ? openPostgres : openSqlite;
  const database = await open(where);
  try {
    const [key] = await database.all('keys', made.key.id);
    const [template] = await database.all('projects', project.id);
    const projects = Math.ceil(count / KEYS_OF_A_PROJECT);
    await database.fill('projects', projects, template, (at) => ({ id: `proj_${digits(at)}`, name: `Project ${at}` }));
    const pepper = Buffer.from(secrets.pepper, 'base64');
    await database.fill('keys', count, key, (at) => {
      const secret = secretAt(key.prefix, at);
      return {
        id: `key_${digits(at)}`,
        family_id: `fam_${digits(at)}`,
        // Neighbours in time are not neighbours in a project.
        project_id: `proj_${digits(at % projects)}`,
        name: `key ${at}`,
        hint: secret.slice(-4),
        digest: createHmac('sha256', pepper).update(secret).digest('hex'),
        created_at: Number(key.created_at) + at,
      };
    });
    return key.prefix;
  } finally {
    await database.close();
  }
}

/** Indexes are made once all rows are there, and nothing is synced: a run that dies leaves a database that nobody wants. */
async function openSqlite({ dataDir }) {
  const { DatabaseSync } = require('@photostructure/sqlite');
  const raw = new DatabaseSync(join(dataDir, 'latchkey.sqlite'));
  raw.exec('pragma synchronous = off');
  raw.exec('pragma foreign_keys = off');
  raw.exec('pragma cache_size = -400000');
  const quoted = (value) => (typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value));
  return {
    all: async (table, id) => raw.prepare(`select * from ${table} where id = ?`).all(id),
    async fill(table, count, like, own) {
      const owned = `from sqlite_master where type = 'index' and tbl_name = '${table}' and sql is not null`;
      const indexes = raw.prepare(`select name, sql ${owned}`).all();
      for (const { name } of indexes) raw.exec(`drop index ${name}`);
      const moving = Object.keys(own(0));
      const columns = Object.keys(like);
      // What is the same in all rows is read once, with the statement.
      const values = columns.map((column) => (moving.includes(column) ? '?' : quoted(like[column])));
      const ordered = columns.filter((column) => moving.includes(column));
      const insert = raw.prepare(`insert into ${table} (${columns.join()}) values (${values.join()})`);
      raw.exec('begin');
      for (let at = 0; at < count; at++) {
        const made = own(at);
        insert.run(...ordered.map((column) => made[column]));
        // A log that grows without end is searched slower and slower.
        if (at % COMMITTED_ROWS === 0) raw.exec('commit; begin');
      }
      raw.exec('commit');
      for (const { sql } of indexes) raw.exec(sql);
    },
    async close() {
      raw.exec('pragma wal_checkpoint(truncate)');
      raw.close();
    },
  };
}

async function openPostgres({ databaseUrl }) {
  const pg = require('pg');
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const rows = async (text, ...values) => (await client.query(text, values)).rows;
  return {
    all: (table, id) => rows(`select * from ${table} where id = $1`, id),
    async fill(table, count, like, own) {
      const owned = `from pg_indexes where schemaname = current_schema() and tablename = $1 and indexname not like '%pkey'`;
      const indexes = await rows(`select indexname, indexdef ${owned}`, table);
      for (const { indexname } of indexes) await client.query(`drop index "${indexname}"`);
      const text = `insert into ${table} select * from json_populate_recordset(null::${table}, $1)`;
      for (let from = 0; from < count; from += AT_ONCE) {
        const batch = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, at) => ({
          ...like,
          ...own(from + at),
        }));
        await client.query(text, [JSON.stringify(batch)]);
      }
      for (const { indexdef } of indexes) await client.query(indexdef);
      await client.query(`vacuum analyze ${table}`);
    },
    close: () => client.end(),
  };
}
