// Rotation policy and reminders: keys say when they are to be rotated, and whoever looks after them hears it once ahead and once on the day.

import type { Mail } from '@latchkey/core';
import { describe, expect, it } from 'vitest';
import { person } from '../people/people.suite.js';
import { codeOf, DAY, NOON, type World, worldsOfEachTest } from '../world.suite.js';
import { remindRotation } from './remind-rotation.js';
import { type ReminderFacts, reminderLetter } from './rotation-letter.js';

const open = worldsOfEachTest();
const iso = (at: number): string => new Date(at).toISOString();

async function worldWithMail(settings: Parameters<typeof open>[1] = {}) {
  const sent: Mail[] = [];
  const mailer = { sends: true, send: async (mail: Mail) => void sent.push(mail) };
  const w = await open('accounts', { mailer, ...settings });
  const look = async () => {
    await remindRotation(w.lk.engine.services);
    return sent.splice(0);
  };
  return { w, look, mailer };
}
const setPolicy = (w: World, rotation: { days: number | null; reminders: boolean } | null) =>
  w.lk.organizations.update({ organizationId: w.organizationId, rotation });

describe('the rotation policy of an organization', () => {
  it("is the profile's until one is set, and what is in force shows with every key", async () => {
    const w = await open('accounts', { onDisk: true });
    const { id, secret } = await w.key();
    const test = await w.key({ mode: 'test' });
    const dates = async () => ({
      get: (await w.lk.keys.get({ keyId: id })).rotateBy,
      list: (await w.lk.keys.list({ projectId: w.projectId })).data.map((key) => key.rotateBy),
      verify: (await w.lk.verify({ secret })).key?.rotateBy,
      disable: (await w.lk.keys.disable({ keyId: id })).rotateBy,
      enable: (await w.lk.keys.enable({ keyId: id })).rotateBy,
      test: (await w.lk.keys.get({ keyId: test.id })).rotateBy,
    });
    const all = (at: string | null) => ({
      ...{ get: at, verify: at, disable: at, enable: at, test: null },
      list: expect.arrayContaining([at, null]),
    });
    expect(await w.lk.organizations.get({ organizationId: w.organizationId })).toMatchObject({
      rotation: null,
      rotationInForce: { days: 90, reminders: true },
    });
    expect(await dates()).toEqual(all(iso(NOON + 90 * DAY)));
    expect(await setPolicy(w, { days: 30, reminders: false })).toMatchObject({
      rotation: { days: 30, reminders: false },
      rotationInForce: { days: 30, reminders: false },
    });
    expect(await dates()).toEqual(all(iso(NOON + 30 * DAY)));
    await w.restart();
    expect(await dates()).toEqual(all(iso(NOON + 30 * DAY)));
    await setPolicy(w, { days: null, reminders: true });
    expect(await dates()).toEqual(all(null));
    await setPolicy(w, null);
    expect(await dates()).toEqual(all(iso(NOON + 90 * DAY)));
    const { data } = await w.lk.auditEvents.list({ action: 'updateOrganization' });
    // Those of one instant stand in any order.
    expect(data.map(({ changes }) => changes.rotation)).toContainEqual([null, { days: 30, reminders: false }]);
    expect(await codeOf(setPolicy(w, { days: 0, reminders: true }))).toBe('invalid_request');
  });

  it('counts from each generation: a rotated key is due anew, the one it replaces no more', async () => {
    const w = await open('accounts');
    const { id } = await w.key();
    w.time.now += 80 * DAY;
    const { key } = await w.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 3600 });
    expect(key.rotateBy).toBe(iso(w.time.now + 90 * DAY));
    expect((await w.lk.keys.get({ keyId: id })).rotateBy).toBeNull();
    expect((await w.lk.keys.revoke({ keyId: key.id })).key.rotateBy).toBeNull();
  });
});

describe('reminders', () => {
  it('come fourteen days before and on the day, once each, to the member who owns the key', async () => {
    const { w, look } = await worldWithMail();
    const dev = await person(w, 'dev', { [w.organizationId]: 'developer' });
    await person(w, 'boss', { [w.organizationId]: 'owner' });
    const { id, secret } = await w.key({ name: 'web shop', ownerId: dev.id });
    w.time.now = NOON + 76 * DAY - 1;
    expect(await look()).toEqual([]);
    w.time.now += 1;
    const [ahead, ...others] = await look();
    expect(others).toEqual([]);
    expect(ahead).toMatchObject({ to: dev.email, subject: 'An API key of Acme should be rotated' });
    expect(ahead?.text).toContain(`web shop (…${secret.slice(-4)}): by ${iso(NOON + 90 * DAY).slice(0, 10)}`);
    expect(ahead?.text).toContain(`/dashboard/api-keys/${id}`);
    expect(ahead?.text).not.toContain(secret.slice(8, -4));
    expect(await look()).toEqual([]);
    w.time.now = NOON + 90 * DAY;
    expect((await look()).map(({ text }) => text.includes('due since'))).toEqual([true]);
    w.time.now += 30 * DAY;
    expect(await look()).toEqual([]);
    // A clock that went back brings no letter again.
    w.time.now = NOON + 80 * DAY;
    expect(await look()).toEqual([]);
    const { data } = await w.lk.auditEvents.list({ action: 'remindRotation' });
    expect(data.map(({ target, actor, changes }) => [target.id, actor.type, changes.stage, changes.to])).toEqual([
      [id, 'system', 'due', [dev.id]],
      [id, 'system', 'ahead', [dev.id]],
    ]);
  });

  it('of many keys are one letter, to the owners where nobody else is known', async () => {
    const { w, look } = await worldWithMail();
    const boss = await person(w, 'boss', { [w.organizationId]: 'owner' });
    await person(w, 'unproven', { [w.organizationId]: 'owner' }, { verified: false });
    await person(w, 'viewer', { [w.organizationId]: 'viewer' });
    const gone = await person(w, 'gone');
    for (let at = 0; at < 60; at++) await w.key({ name: `key ${at}`, ...(at === 0 && { ownerId: gone.id }) });
    await w.key({ mode: 'test', name: 'test' });
    const { id } = await w.key({ name: 'revoked' });
    await w.lk.keys.revoke({ keyId: id });
    w.time.now += 90 * DAY;
    const letters = await look();
    expect(letters.map(({ to, subject }) => [to, subject])).toEqual([
      [boss.email, '60 API keys of Acme should be rotated'],
    ]);
    expect(letters[0]?.text).toContain('And 10 more');
  });

  it('are sent once however many look at the same time', async () => {
    const { w, mailer } = await worldWithMail();
    const sent: Mail[] = [];
    mailer.send = async (mail) => void sent.push(mail);
    await person(w, 'boss', { [w.organizationId]: 'owner' });
    for (let at = 0; at < 5; at++) await w.key();
    w.time.now += 90 * DAY;
    await Promise.all(Array.from({ length: 4 }, () => remindRotation(w.lk.engine.services)));
    const named = sent.flatMap(({ text }) => [...text.matchAll(/api-keys\/(key_\w+)/g)].map(([, id]) => id));
    expect(named).toHaveLength(5);
    expect(new Set(named).size).toBe(5);
    expect((await w.lk.auditEvents.list({ action: 'remindRotation' })).data).toHaveLength(5);
  });

  it('are not sent where they are switched off, nobody is there, the organization is suspended or no mail can be sent', async () => {
    const { w, look, mailer } = await worldWithMail();
    await w.key();
    w.time.now += 90 * DAY;
    expect(await look()).toEqual([]);
    await person(w, 'boss', { [w.organizationId]: 'owner' });
    await setPolicy(w, { days: 90, reminders: false });
    expect(await look()).toEqual([]);
    await setPolicy(w, { days: 91, reminders: true });
    expect((await look()).map(({ text }) => text.includes('by 2025'))).toEqual([true]);
    await setPolicy(w, null);
    await w.lk.organizations.suspend({ organizationId: w.organizationId });
    expect(await look()).toEqual([]);
    await w.lk.organizations.resume({ organizationId: w.organizationId });
    mailer.sends = false;
    expect(await look()).toEqual([]);
    // None of that counted as sent.
    mailer.sends = true;
    expect((await look()).map(({ text }) => text.includes('due since'))).toEqual([true]);
  });

  it('that the mail server does not take are logged, and hold up nobody else', async () => {
    const { w, mailer } = await worldWithMail();
    const to: string[] = [];
    await person(w, 'a', { [w.organizationId]: 'owner' });
    await person(w, 'b', { [w.organizationId]: 'owner' });
    mailer.send = async (mail) => {
      to.push(mail.to);
      throw new Error('mailbox full');
    };
    await w.key();
    w.time.now += 90 * DAY;
    await remindRotation(w.lk.engine.services);
    expect(to.sort()).toEqual(['a@example.com', 'b@example.com']);
    expect(w.log.filter((line) => line.includes('rotation_reminder_failed'))).toHaveLength(2);
  });
});

describe('a reminder that the mail server refuses', () => {
  const HOUR = DAY / 24;
  /** A world with one key that is due, and a mail server that answers as told. */
  async function refusing() {
    const { w, mailer } = await worldWithMail();
    const boss = await person(w, 'boss', { [w.organizationId]: 'owner' });
    const { id } = await w.key({ name: 'web shop' });
    const tried: Mail[] = [];
    let fault: object | null = new Error('mailbox full');
    mailer.send = async (mail) => {
      tried.push(mail);
      if (fault !== null) throw fault;
    };
    const answer = (next: object | null): void => {
      fault = next;
    };
    const look = async (later = 6 * HOUR) => {
      w.time.now += later;
      await remindRotation(w.lk.engine.services);
      return tried.splice(0).length;
    };
    return { w, boss, id, tried, look, answer, mailer };
  }

  it('is tried again with later looks until it is taken, and never after that', async () => {
    const { w, tried, look, answer } = await refusing();
    expect(await look(90 * DAY)).toBe(1);
    // A look that comes at once, as after a restart, is no further try.
    expect(await look(0)).toBe(0);
    expect(await look()).toBe(1);
    answer(null);
    w.time.now += 6 * HOUR;
    await remindRotation(w.lk.engine.services);
    expect(tried.map(({ to, text }) => [to, text.includes('web shop')])).toEqual([['boss@example.com', true]]);
    tried.length = 0;
    for (let count = 0; count < 20; count++) expect(await look()).toBe(0);
    // What was decided is decided once, however often it was handed over.
    expect((await w.lk.auditEvents.list({ action: 'remindRotation' })).data).toHaveLength(1);
  });

  it('is given up after some tries', async () => {
    const { w, look } = await refusing();
    let tries = await look(90 * DAY);
    for (let count = 0; count < 30; count++) tries += await look();
    expect(tries).toBe(8);
    expect(w.log.filter((line) => line.includes('rotation_reminder_failed'))).toHaveLength(8);
  });

  it('is not tried again when it may have arrived, or when whoever sent it died of it', async () => {
    const first = await refusing();
    first.answer(Object.assign(new Error('no answer'), { mayHaveArrived: true }));
    expect(await first.look(90 * DAY)).toBe(1);
    expect(await first.look()).toBe(0);

    const second = await refusing();
    expect(await second.look(90 * DAY)).toBe(1);
    // As much as a process leaves behind that dies in the second try: nothing was heard of the letter.
    second.w.time.now += 6 * HOUR;
    await new Promise<void>((isHandedOver) => {
      second.mailer.send = () => {
        isHandedOver();
        return new Promise(() => {});
      };
      void remindRotation(second.w.lk.engine.services);
    });
    second.mailer.send = async (mail) => void second.tried.push(mail);
    expect(await second.look()).toBe(0);
  });

  it('is sent once however many look at the same time', async () => {
    const { w, tried, look, answer } = await refusing();
    await look(90 * DAY);
    answer(null);
    w.time.now += 6 * HOUR;
    await Promise.all([1, 2, 3, 4].map(() => remindRotation(w.lk.engine.services)));
    expect(tried).toHaveLength(1);
  });

  it.each([
    ['the key was rotated', (w: World, id: string) => w.lk.keys.rotate({ keyId: id, gracePeriodSeconds: 3600 })],
    ['the key was revoked', (w: World, id: string) => w.lk.keys.revoke({ keyId: id })],
    ['the policy is another', (w: World) => setPolicy(w, { days: 400, reminders: true })],
    ['letters are not wanted', (w: World) => setPolicy(w, { days: 90, reminders: false })],
    ['the organization is suspended', (w: World) => w.lk.organizations.suspend({ organizationId: w.organizationId })],
    [
      'somebody else looks after it',
      async (w: World) => {
        const other = await person(w, 'other', { [w.organizationId]: 'owner' });
        await w.lk.members.remove({ organizationId: w.organizationId, userId: 'usr_boss' });
        return other;
      },
    ],
  ])('is dropped when %s', async (_, change) => {
    const { w, id, look, answer } = await refusing();
    await look(90 * DAY);
    answer(null);
    await change(w, id);
    expect(await look()).toBe(0);
  });

  it('gives way to the letter of the day', async () => {
    const { w, tried, look, answer } = await refusing();
    expect(await look(76 * DAY)).toBe(1);
    answer(null);
    w.time.now += 14 * DAY;
    await remindRotation(w.lk.engine.services);
    expect(tried.map(({ text }) => text.includes('due since'))).toEqual([true]);
  });
});

it('the letter names the most urgent keys first, and stays of one page', () => {
  const facts: ReminderFacts = {
    ...{ to: 'a@example.com', organization: 'Acme', provider: 'Suward', publicUrl: 'https://keys.example.com' },
    keys: [
      { id: 'key_2', name: 'later', hint: 'cdef', rotateBy: NOON + DAY, stage: 'ahead' },
      { id: 'key_1', name: 'now', hint: 'abcd', rotateBy: NOON, stage: 'due' },
    ],
  };
  const { to, subject, text } = reminderLetter(facts);
  expect([to, subject]).toEqual(['a@example.com', '2 API keys of Acme should be rotated']);
  expect(text).toContain(
    '- now (…abcd): due since 2025-01-15\n  https://keys.example.com/dashboard/api-keys/key_1\n- later (…cdef): by 2025-01-16',
  );
  expect(text).toMatch(/^Hello,\n\n2 API keys of Acme for Suward have reached/);
});
