// Guarantees of Idempotency-Key: one key for many retries, its answer for 10 minutes, its id for a day, sealed all the while.

import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prune } from './maintenance.js';
import { codeOf, DAY, MINUTE, OPERATOR, refusal, type World, world } from './world.suite.js';

let w: World;
beforeEach(async () => {
  w = await world('swaypi', { onDisk: true });
});
afterEach(() => w.close());

const once = () => ({ idempotencyKey: randomUUID() });
const create = (options: { idempotencyKey: string }, name = 'k') =>
  w.lk.keys.create({ projectId: w.projectId, name, metadata: { a: 1 } }, options);
const count = async () => (await w.lk.keys.list({ projectId: w.projectId, limit: 100 })).data.length;

describe('a repeated create', () => {
  it('gets the same answer for 10 minutes, then 409 with the id until a day has passed, then is a new call', async () => {
    const options = once();
    const first = await create(options);
    w.time.now += 10 * MINUTE - 1;
    expect(await create(options)).toEqual(first);
    w.time.now += 1;
    const gone = await refusal(create(options));
    expect([gone.status, gone.code]).toEqual([409, 'idempotency_answer_gone']);
    expect(gone.message).toContain(first.key.id);
    expect(gone.message).not.toContain(first.secret);
    w.time.now += DAY - 10 * MINUTE - 1;
    expect(await codeOf(create(options))).toBe('idempotency_answer_gone');
    expect(await count()).toBe(1);
    w.time.now += 1;
    const second = await create(options);
    expect(second.key.id).not.toBe(first.key.id);
    expect(await create(options)).toEqual(second);
  });

  it('keeps those times whether or not the tidying ran', async () => {
    const options = once();
    const { services } = w.lk.engine;
    const first = await create(options);
    await prune(services);
    expect(await create(options)).toEqual(first);
    w.time.now += 10 * MINUTE + 1;
    await prune(services);
    expect(await codeOf(create(options))).toBe('idempotency_answer_gone');
    w.time.now += DAY;
    await prune(services);
    expect((await create(options)).key.id).not.toBe(first.key.id);
  });

  it('twenty times at once makes one key', async () => {
    const options = once();
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(options)));
    expect(new Set(answers.map(({ secret }) => secret)).size).toBe(1);
    expect(await count()).toBe(1);
    expect((await w.lk.auditEvents.list({ action: 'createKey' })).data).toHaveLength(1);
  });

  it('with another body is a mistake, not a second key', async () => {
    const options = once();
    await create(options);
    const error = await refusal(create(options, 'other'));
    expect([error.status, error.code]).toEqual([422, 'idempotency_mismatch']);
    expect(await count()).toBe(1);
  });

  it.each([
    '',
    'short',
    'x'.repeat(15),
    'x'.repeat(256),
    'with a space in it',
    'ümlaut-ümlaut-ümlaut',
    'x'.repeat(20).concat('\n'),
  ])('under %j is refused with 400', async (idempotencyKey) => {
    const error = await refusal(create({ idempotencyKey }));
    expect([error.status, error.code]).toEqual([400, 'idempotency_key_invalid']);
    expect(await count()).toBe(0);
  });

  it('after a failure is a first one: nothing was kept', async () => {
    const options = once();
    expect(await codeOf(w.lk.keys.create({ projectId: 'proj_nothere', name: 'k' }, options))).toBe('not_found');
    await w.lk.organizations.suspend({ organizationId: w.organizationId });
    expect(await codeOf(create(options))).toBe('organization_suspended');
    await w.lk.organizations.resume({ organizationId: w.organizationId });
    expect((await create(options)).key.state).toBe('active');
  });

  it('is a stranger’s own: actor, project and operation each have their own', async () => {
    const options = once();
    const mine = await create(options);
    const { rootKey } = await w.lk.rootKeys.create({ name: 'other', permissions: ['*'] });
    const other = w.as({ ...OPERATOR, type: 'root_key', id: rootKey.id });
    const theirs = await other.keys.create({ projectId: w.projectId, name: 'k', metadata: { a: 1 } }, options);
    expect(theirs.secret).not.toBe(mine.secret);
    const project = await w.lk.projects.create({ organizationId: w.organizationId, name: 'p' });
    const elsewhere = await w.lk.keys.create({ projectId: project.id, name: 'k', metadata: { a: 1 } }, options);
    expect(elsewhere.secret).not.toBe(mine.secret);
    const rotated = await w.lk.keys.rotate({ keyId: mine.key.id }, options);
    expect(rotated.secret).not.toBe(mine.secret);
  });
});

describe('a repeated rotate', () => {
  it('twenty times at once makes one generation, and all get its answer', async () => {
    const { id } = await w.key();
    const options = once();
    const answers = await Promise.all(Array.from({ length: 20 }, () => w.lk.keys.rotate({ keyId: id }, options)));
    expect(new Set(answers.map(({ secret }) => secret)).size).toBe(1);
    expect(await count()).toBe(2);
    w.time.now += 10 * MINUTE;
    const gone = await refusal(w.lk.keys.rotate({ keyId: id }, options));
    expect(gone.code).toBe('idempotency_answer_gone');
    expect(gone.message).toContain(answers[0]?.key.id);
    expect(await codeOf(w.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 5 }, options))).toBe('idempotency_mismatch');
  });
});

describe('a kept answer', () => {
  it('opens neither with database and master key alone nor under another Idempotency-Key', async () => {
    const options = once();
    const { secret } = await create(options);
    const [row] = w.sql<{ id: string; answer: string }>('select * from replays');
    const { vault } = w.lk.engine.services;
    expect(row).toBeDefined();
    const { id, answer } = row as { id: string; answer: string };
    expect(vault.openWith(options.idempotencyKey, answer, id)).toContain(secret);
    expect(() => vault.open(answer, id)).toThrow();
    for (const guess of ['', id, randomBytes(16).toString('hex'), options.idempotencyKey.toUpperCase()])
      expect(() => vault.openWith(guess, answer, id)).toThrow();
    const everything = JSON.stringify(w.sql('select * from replays'));
    expect(everything).not.toContain(options.idempotencyKey);
    expect(everything).not.toContain(secret);
  });

  it('whose master key was dropped is an answer no longer kept', async () => {
    const options = once();
    const { key } = await create(options);
    w.sql("update replays set answer = 'v1.000000000000.' || substr(answer, 17)");
    const gone = await refusal(create(options));
    expect(gone.code).toBe('idempotency_answer_gone');
    expect(gone.message).toContain(key.id);
  });
});
