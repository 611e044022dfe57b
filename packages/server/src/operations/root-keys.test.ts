// Guarantees of root keys: the one from the settings works at once, gives way to its successor, and stays dead once revoked.

import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { codeOf, type World, world } from './world.suite.js';

let w: World;
afterEach(() => w.close());

const given = (): string => randomBytes(24).toString('hex');
const works = (secret: string): Promise<boolean> =>
  w.lk.engine.authenticate(secret, null).then(
    () => true,
    () => false,
  );

describe('LATCHKEY_ROOT_KEY', () => {
  it('works at once, gives way to another one, and comes back when it is set again', async () => {
    const [first, second] = [given(), given()];
    w = await world('suward', { onDisk: true, rootKey: first });
    expect(await works(first)).toBe(true);
    await w.restart({ rootKey: second });
    expect([await works(first), await works(second)]).toEqual([false, true]);
    await w.restart({ rootKey: first });
    expect([await works(first), await works(second)]).toEqual([true, false]);
  });

  it('does not start again with a key that was revoked', async () => {
    const first = given();
    w = await world('suward', { onDisk: true, rootKey: first });
    const { rootKey } = await w.lk.rootKeys.create({ name: 'other', permissions: ['*'] });
    const { data } = await w.lk.rootKeys.list({});
    const id = data.find((row) => row.id !== rootKey.id)?.id as string;
    await w.lk.rootKeys.revoke({ rootKeyId: id });
    expect(await works(first)).toBe(false);
    expect(await codeOf(w.restart({ rootKey: first }))).toBe('configuration_invalid');
    await w.restart({ rootKey: given() });
  });
});

describe('the last root key that can do everything', () => {
  it('cannot be revoked', async () => {
    w = await world('suward', { rootKey: given() });
    await w.lk.rootKeys.create({ name: 'narrow', permissions: ['keys.create'] });
    const { data } = await w.lk.rootKeys.list({});
    const full = data.find(({ permissions }) => permissions.includes('*'))?.id as string;
    expect(await codeOf(w.lk.rootKeys.revoke({ rootKeyId: full }))).toBe('last_root_key');
  });
});
