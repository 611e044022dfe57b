// Guarantees of people: invitations work once and for whom they were meant, an organization keeps an owner, nobody hands on or sees more than they may.

import { type Mail, operations, type Role } from '@latchkey/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { codeOf, DAY, OPERATOR, refusal, type World, worldsOfEachTest } from '../world.suite.js';
import { createFirstOperatorInvitation, invitationForSignUp } from './invitations.js';
import { type Person, person, tokenOf } from './people.suite.js';

const world = worldsOfEachTest();
let w: World;
let org: string;
beforeEach(async () => {
  w = await world('swaypi', { publicUrl: 'https://keys.example.com' });
  org = w.organizationId;
});

const call = () => ({ actor: OPERATOR, requestId: 'req_1', idempotencyKey: null });
const invite = async (email: string, role: Role = 'developer') =>
  tokenOf((await w.lk.invitations.create({ organizationId: org, email, role })).link);
const rolesOf = async () =>
  Object.fromEntries((await w.lk.members.list({ organizationId: org })).data.map(({ userId, role }) => [userId, role]));

describe('an invitation', () => {
  it('makes whoever was invited a member, once', async () => {
    const token = await invite('Ada@Example.com', 'admin');
    const ada = await person(w, 'ada');
    expect(await w.lk.invitations.read({ token })).toMatchObject({
      organizationName: 'Acme',
      email: 'ada@example.com',
      role: 'admin',
    });
    expect(await ada.api.invitations.accept({ token })).toEqual({ organizationId: org, role: 'admin' });
    expect(await rolesOf()).toEqual({ usr_ada: 'admin' });
    expect(await codeOf(ada.api.invitations.accept({ token }))).toBe('invitation_over');
    const { data } = await w.lk.auditEvents.list({ organizationId: org, action: 'acceptInvitation' });
    expect(data).toMatchObject([{ actor: { type: 'user', id: 'usr_ada' }, changes: { role: 'admin' } }]);
  });

  it('asked for twice at once is accepted once', async () => {
    const token = await invite('ada@example.com');
    const ada = await person(w, 'ada');
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => ada.api.invitations.accept({ token })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { data } = await w.lk.auditEvents.list({ action: 'acceptInvitation', organizationId: org });
    expect(data).toHaveLength(1);
  });

  it('is for the confirmed address that was invited', async () => {
    const token = await invite('ada@example.com');
    const ben = await person(w, 'ben');
    expect(await codeOf(ben.api.invitations.accept({ token }))).toBe('invitation_not_yours');
    const ada = await person(w, 'ada', {}, { verified: false });
    expect(await codeOf(ada.api.invitations.accept({ token }))).toBe('invitation_not_yours');
    expect(await rolesOf()).toEqual({});
    expect(await w.lk.invitations.read({ token })).toMatchObject({ role: 'developer' });
  });

  it('is no way to write to strangers: a member sends fifty letters in a day, the operator as many as need be', async () => {
    const mails: Mail[] = [];
    w = await world('swaypi', { mailer: { sends: true, send: async (mail) => void mails.push(mail) } });
    const owner = await person(w, 'ada', { [w.organizationId]: 'owner' });
    const send = (api: Pick<typeof w.lk, 'invitations'>, name: string) =>
      api.invitations.create({ organizationId: w.organizationId, email: `${name}@example.com`, role: 'viewer' });
    for (let count = 0; count < 50; count++) await send(owner.api, `n${count}`);
    const refused = await refusal(send(owner.api, 'n50'));
    expect(refused).toMatchObject({ code: 'too_many_attempts', retryAfterSeconds: 86_400 });
    expect(mails).toHaveLength(50);
    await send(w.lk, 'by.operator');
    w.time.now += DAY;
    await send(owner.api, 'n50');
    expect(mails).toHaveLength(52);
  });

  it('that is over in whatever way looks like one that never was', async () => {
    const ada = await person(w, 'ada');
    const used = await invite('ada@example.com');
    await ada.api.invitations.accept({ token: used });
    const { invitation, link } = await w.lk.invitations.create({
      organizationId: org,
      email: 'cleo@example.com',
      role: 'viewer',
    });
    await w.lk.invitations.revoke({ organizationId: org, invitationId: invitation.id });
    const old = await invite('dan@example.com');
    const replaced = await invite('eve@example.com');
    await invite('eve@example.com');
    w.time.now += 7 * DAY;
    const seen = [];
    for (const token of [used, tokenOf(link), old, replaced, 'x'.repeat(43)]) {
      for (const attempt of [() => w.lk.invitations.read({ token }), () => ada.api.invitations.accept({ token })]) {
        const { status, code, message, errors } = await refusal(attempt());
        seen.push(JSON.stringify([status, code, message, errors]));
      }
    }
    expect(new Set(seen).size).toBe(1);
    expect(seen[0]).toContain('invitation_over');
  });

  it('lasts seven days to the millisecond', async () => {
    const token = await invite('ada@example.com');
    const ada = await person(w, 'ada');
    w.time.now += 7 * DAY - 1;
    expect((await w.lk.invitations.read({ token })).expiresAt).toBe(new Date(w.time.now + 1).toISOString());
    expect((await ada.api.invitations.accept({ token })).role).toBe('developer');
  });

  it('of the same address takes the place of the first, and of a member there is none', async () => {
    const first = await invite('ada@example.com', 'viewer');
    const second = await invite('ADA@example.com', 'admin');
    expect(await codeOf(w.lk.invitations.read({ token: first }))).toBe('invitation_over');
    const { data } = await w.lk.invitations.list({ organizationId: org });
    expect(data.map(({ state, role }) => [state, role])).toEqual([
      ['pending', 'admin'],
      ['revoked', 'viewer'],
    ]);
    const ada = await person(w, 'ada');
    await ada.api.invitations.accept({ token: second });
    expect(await codeOf(invite('ada@example.com'))).toBe('already_member');
  });

  it('goes by mail where there is a way, and then stands in no answer', async () => {
    const mails: Mail[] = [];
    const sending = await world('swaypi', {
      publicUrl: 'https://keys.example.com/',
      mailer: { sends: true, send: async (mail) => void mails.push(mail) },
    });
    const { link, invitation } = await sending.lk.invitations.create({
      organizationId: sending.organizationId,
      email: 'ada@example.com',
      role: 'viewer',
    });
    expect(link).toBeNull();
    expect(mails).toMatchObject([{ to: 'ada@example.com', subject: 'You are invited to Acme' }]);
    const token = /https:\/\/keys\.example\.com\/invitation#([\w-]{43})\n/.exec(mails[0]?.text ?? '')?.[1] ?? '';
    expect(await sending.lk.invitations.read({ token })).toMatchObject({ role: 'viewer' });
    expect(JSON.stringify([invitation, sending.log])).not.toContain(token);
  });

  it('whose letter nobody took says so, and can be made again', async () => {
    const failing = await world('swaypi', {
      mailer: { sends: true, send: () => Promise.reject(new Error('450 later')) },
    });
    const input = { organizationId: failing.organizationId, email: 'ada@example.com', role: 'viewer' } as const;
    const { code, message } = await refusal(failing.lk.invitations.create(input));
    expect(code).toBe('unavailable');
    expect(message).not.toContain('450');
  });

  it('is kept as the hash of its token alone', async () => {
    const onDisk = await world('swaypi', { onDisk: true });
    const made = await onDisk.lk.invitations.create({
      organizationId: onDisk.organizationId,
      email: 'ada@example.com',
      role: 'viewer',
    });
    const token = tokenOf(made.link);
    expect(token).toMatch(/^[\w-]{43}$/);
    const rows = [...onDisk.sql<object>('select * from invitations'), ...onDisk.sql<object>('select * from audit')];
    expect(rows.length).toBeGreaterThan(1);
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(JSON.stringify(made.invitation)).not.toContain(token);
  });

  it('lets an account be made with its address alone, while it is open', async () => {
    const { services } = w.lk.engine;
    const token = await invite('ada@example.com');
    expect(await invitationForSignUp(services, token, 'ADA@example.com')).toMatchObject({ role: 'developer' });
    expect(await invitationForSignUp(services, token, 'ben@example.com')).toBeNull();
    expect(await invitationForSignUp(services, 'x'.repeat(43), 'ada@example.com')).toBeNull();
    w.time.now += 7 * DAY;
    expect(await invitationForSignUp(services, token, 'ada@example.com')).toBeNull();
  });
});

describe('a member', () => {
  const team = async () => ({
    owner: await person(w, 'owner', { [org]: 'owner' }),
    admin: await person(w, 'admin', { [org]: 'admin' }),
    developer: await person(w, 'dev', { [org]: 'developer' }),
  });

  it('gives and touches no role above their own', async () => {
    const { owner, admin, developer } = await team();
    const give = (by: Person, userId: string, role: Role) =>
      by.api.members.update({ organizationId: org, userId, role });
    expect(await codeOf(give(admin, developer.id, 'owner'))).toBe('exceeds_own_rights');
    expect(await codeOf(give(admin, admin.id, 'owner'))).toBe('exceeds_own_rights');
    expect(await codeOf(give(admin, owner.id, 'viewer'))).toBe('exceeds_own_rights');
    expect(await codeOf(admin.api.members.remove({ organizationId: org, userId: owner.id }))).toBe(
      'exceeds_own_rights',
    );
    const above = { organizationId: org, email: 'x@example.com', role: 'owner' } as const;
    expect(await codeOf(admin.api.invitations.create(above))).toBe('exceeds_own_rights');
    expect(await codeOf(give(developer, developer.id, 'viewer'))).toBe('forbidden');
    expect(await codeOf(developer.api.invitations.create({ ...above, role: 'viewer' }))).toBe('forbidden');
    const { invitation } = await owner.api.invitations.create(above);
    const taken = { organizationId: org, invitationId: invitation.id };
    expect(await codeOf(admin.api.invitations.revoke(taken))).toBe('exceeds_own_rights');
    expect(await rolesOf()).toEqual({ usr_owner: 'owner', usr_admin: 'admin', usr_dev: 'developer' });
    expect((await give(admin, developer.id, 'admin')).role).toBe('admin');
    expect((await give(owner, developer.id, 'owner')).role).toBe('owner');
  });

  it('that is the last owner stays one', async () => {
    const { owner } = await team();
    const itself = { organizationId: org, userId: owner.id };
    expect(await codeOf(owner.api.members.update({ ...itself, role: 'admin' }))).toBe('last_owner');
    expect(await codeOf(w.lk.members.remove(itself))).toBe('last_owner');
    expect(await codeOf(owner.api.members.leave({ organizationId: org }))).toBe('last_owner');
    expect((await owner.api.members.update({ ...itself, role: 'owner' })).role).toBe('owner');
  });

  it('and another, both the last owners, leave at once: one stays', async () => {
    const owners = [await person(w, 'one', { [org]: 'owner' }), await person(w, 'two', { [org]: 'owner' })];
    const outcomes = await Promise.allSettled(owners.map(({ api }) => api.members.leave({ organizationId: org })));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(Object.values(await rolesOf())).toEqual(['owner']);
  });

  it('that goes leaves a list of the live keys whose secrets they saw, and loses every right at once', async () => {
    const { owner, developer } = await team();
    const made = await developer.api.keys.create({ projectId: w.projectId, name: 'made' });
    const others = await owner.api.keys.create({ projectId: w.projectId, name: 'other' });
    const rotated = await developer.api.keys.rotate({ keyId: others.key.id, gracePeriodSeconds: 60 });
    const dead = await developer.api.keys.create({ projectId: w.projectId, name: 'dead' });
    await developer.api.keys.revoke({ keyId: dead.key.id });
    // A key manages its project's keys: what was made with one of theirs they saw too.
    const hidden = await w.as(await w.actor(made.secret)).keys.create({ projectId: w.projectId, name: 'by key' });
    const gone = await owner.api.members.remove({ organizationId: org, userId: developer.id });
    expect(gone.keysToRotate.map(({ id }) => id).sort()).toEqual([made.key.id, rotated.key.id, hidden.key.id].sort());
    expect(JSON.stringify(gone)).not.toContain(made.secret);
    expect(await w.reason(made.secret)).toBeNull();
    expect(await codeOf(developer.api.keys.get({ keyId: made.key.id }))).toBe('forbidden');
    expect(await codeOf(owner.api.members.remove({ organizationId: org, userId: developer.id }))).toBe('not_found');
  });

  it('that goes, or may invite no more, leaves no invitation behind to come back by', async () => {
    const { owner, admin, developer } = await team();
    const invited = async ({ api }: Person, email: string, role: Role = 'viewer') =>
      tokenOf((await api.invitations.create({ organizationId: org, email, role })).link);
    const others = await invited(owner, 'other@example.com');
    const tokens = [await invited(admin, 'alt@example.com', 'admin')];
    await owner.api.members.update({ organizationId: org, userId: admin.id, role: 'developer' });
    await owner.api.members.update({ organizationId: org, userId: admin.id, role: 'admin' });
    tokens.push(await invited(admin, 'alt@example.com'));
    await owner.api.members.remove({ organizationId: org, userId: admin.id });
    await owner.api.members.update({ organizationId: org, userId: developer.id, role: 'owner' });
    tokens.push(await invited(developer, 'two@example.com', 'owner'));
    const staying = await invited(developer, 'three@example.com', 'admin');
    await owner.api.members.update({ organizationId: org, userId: developer.id, role: 'admin' });
    expect(await w.lk.invitations.read({ token: staying })).toMatchObject({ role: 'admin' });
    await developer.api.members.leave({ organizationId: org });
    tokens.push(staying);
    for (const token of tokens) expect(await codeOf(w.lk.invitations.read({ token }))).toBe('invitation_over');
    expect(await w.lk.invitations.read({ token: others })).toMatchObject({ role: 'viewer' });
    const { data } = await w.lk.auditEvents.list({ organizationId: org, action: 'revokeInvitation' });
    expect(data).toHaveLength(4);
  });

  it('sets nothing that is the operator’s: tier, credits, higher limits, key model, metadata', async () => {
    const { owner, developer } = await team();
    const { projectId } = w;
    const { key } = await developer.api.keys.create({ projectId, name: 'k' });
    const keyId = key.id;
    for (const attempt of [
      () => developer.api.keys.create({ projectId, name: 'x', tier: 'studio' }),
      () => developer.api.keys.create({ projectId, name: 'x', credits: 5 }),
      () => developer.api.keys.create({ projectId, name: 'x', limits: { perMinute: 61 } }),
      () => developer.api.keys.update({ keyId, tier: 'studio' }),
      () => developer.api.keys.update({ keyId, limits: { perMinute: 61 } }),
      () => owner.api.projects.create({ organizationId: org, name: 'x', tier: 'studio' }),
      () => owner.api.projects.create({ organizationId: org, name: 'x', keyModel: 'legacy' }),
      () => owner.api.projects.create({ organizationId: org, name: 'x', metadata: {} }),
      () => owner.api.projects.update({ projectId, tier: 'studio' }),
      () => owner.api.projects.update({ projectId, metadata: null }),
      () => owner.api.organizations.update({ organizationId: org, metadata: { plan: 'gold' } }),
    ]) {
      expect([attempt.toString(), await codeOf(attempt())]).toEqual([attempt.toString(), 'operator_only']);
    }
    expect(await codeOf(owner.api.credits.adjust({ keyId, add: 5 }))).toBe('forbidden');
    expect((await owner.api.projects.update({ projectId, name: 'New' })).name).toBe('New');
    expect((await developer.api.keys.update({ keyId, limits: { perMinute: 1 } })).limits).toEqual({ perMinute: 1 });
  });

  it('is named by what they do: as maker, as owner unless another is named, in the audit log', async () => {
    const { developer } = await team();
    const { projectId } = w;
    const { key } = await developer.api.keys.create({ projectId, name: 'k' });
    expect(key.ownerId).toBe('usr_dev');
    expect((await developer.api.keys.create({ projectId, name: 'k', ownerId: 'shop' })).key.ownerId).toBe('shop');
    expect((await developer.api.keys.create({ projectId, name: 'k', ownerId: null })).key.ownerId).toBeNull();
    expect((await w.lk.keys.create({ projectId, name: 'k' })).key.ownerId).toBeNull();
    expect((await w.lk.engine.services.store.keys.get(key.id))?.createdBy).toBe('usr_dev');
    const { data } = await developer.api.auditEvents.list({ organizationId: org, targetId: key.id });
    expect(data).toMatchObject([{ actor: { type: 'user', id: 'usr_dev' }, action: 'createKey' }]);
  });

  it('says which organization a list is of, and hears of no other', async () => {
    const { owner } = await team();
    const attempts = [
      () => owner.api.projects.list({}),
      () => owner.api.usage.get({}),
      () => owner.api.auditEvents.list({}),
    ];
    for (const attempt of attempts) {
      const { code, errors } = await refusal(attempt());
      expect([code, errors?.[0]?.path]).toEqual(['invalid_request', 'query.organizationId']);
    }
    const other = await w.lk.organizations.create({ name: 'Other' });
    expect(await codeOf(owner.api.projects.list({ organizationId: other.id }))).toBe('not_found');
    // Of two that are named the better one opens nothing.
    const mixed = { organizationId: other.id, projectId: w.projectId };
    expect(await codeOf(owner.api.usage.get(mixed))).toBe('not_found');
    expect(await codeOf(owner.api.auditEvents.list(mixed))).toBe('not_found');
    expect((await owner.api.projects.list({ organizationId: org })).data).toHaveLength(1);
  });

  it('hears who they are and what they may do', async () => {
    const other = await w.lk.organizations.create({ name: 'Aardvark' });
    const ada = await person(w, 'ada', { [org]: 'viewer', [other.id]: 'owner' });
    const self = await ada.api.self.get({});
    expect(self).toMatchObject({
      user: { id: 'usr_ada', isOperator: false },
      csrfToken: 'csrf of ada',
      projectId: null,
    });
    expect(self.organizations.map(({ name, role }) => [name, role])).toEqual([
      ['Aardvark', 'owner'],
      ['Acme', 'viewer'],
    ]);
    expect(self.organizations[0]?.operations).toContain('deleteProject');
    expect(self.organizations[1]?.operations).toContain('getKey');
    expect(self.organizations[1]?.operations).not.toContain('createKey');
    expect(self.operations).toContain('listTiers');
    for (const name of ['getKey', 'createTier', 'listOrganizations']) expect(self.operations).not.toContain(name);
    const chief = await person(w, 'chief', {}, { operator: true });
    const all = (await chief.api.self.get({})).operations;
    expect(Object.keys(operations).filter((name) => !all.includes(name))).toEqual(['leaveOrganization']);
  });
});

describe('an operator', () => {
  it('is first made by a link that ends with the next one, and with the first who uses one', async () => {
    const { services } = w.lk.engine;
    const first = (await createFirstOperatorInvitation(services, call())) as string;
    const second = (await createFirstOperatorInvitation(services, call())) as string;
    expect(await codeOf(w.lk.invitations.read({ token: first }))).toBe('invitation_over');
    expect(await w.lk.invitations.read({ token: second })).toMatchObject({ role: 'operator', email: null });
    // Another way to the first operator closes the door too.
    const { link } = await w.lk.operators.invite({ email: 'ada@example.com' });
    const ada = await person(w, 'ada');
    expect(await codeOf(ada.api.organizations.list({}))).toBe('forbidden');
    expect(await ada.api.invitations.accept({ token: tokenOf(link) })).toEqual({
      organizationId: null,
      role: 'operator',
    });
    expect((await ada.api.organizations.list({})).data).toHaveLength(1);
    expect(await codeOf(w.lk.invitations.read({ token: second }))).toBe('invitation_over');
    expect(await createFirstOperatorInvitation(services, call())).toBeNull();
    const listed = await ada.api.operators.list({});
    expect([listed.data.map(({ id }) => id), listed.invitations]).toEqual([['usr_ada'], []]);
  });

  it('may take back an invitation to the operators, and through it no other', async () => {
    const { invitation, link } = await w.lk.operators.invite({ email: 'ada@example.com' });
    const listed = (await w.lk.operators.list({})).invitations;
    expect(listed.map(({ id, email }) => [id, email])).toEqual([[invitation.id, 'ada@example.com']]);
    const revoked = await w.lk.operators.revokeInvitation({ invitationId: invitation.id });
    expect(revoked.state).toBe('revoked');
    expect(await codeOf(w.lk.invitations.read({ token: tokenOf(link) }))).toBe('invitation_over');
    expect(await codeOf(w.lk.operators.revokeInvitation({ invitationId: invitation.id }))).toBe('invitation_over');
    const member = await w.lk.invitations.create({ organizationId: org, email: 'ben@example.com', role: 'viewer' });
    const wrong = { invitationId: member.invitation.id };
    expect(await codeOf(w.lk.operators.revokeInvitation(wrong))).toBe('not_found');
    const reverse = { organizationId: org, invitationId: invitation.id };
    expect(await codeOf(w.lk.invitations.revoke(reverse))).toBe('not_found');
  });

  it('that a link makes first has a day for it', async () => {
    const token = (await createFirstOperatorInvitation(w.lk.engine.services, call())) as string;
    const ada = await person(w, 'ada', {}, { verified: false });
    w.time.now += DAY;
    expect(await codeOf(ada.api.invitations.accept({ token }))).toBe('invitation_over');
    w.time.now -= 1;
    expect(await ada.api.invitations.accept({ token })).toEqual({ organizationId: null, role: 'operator' });
  });

  it('that is removed leaves no invitation behind, to the operators or to any customer', async () => {
    const one = await person(w, 'one', {}, { operator: true });
    const two = await person(w, 'two', {}, { operator: true });
    const links = [
      await two.api.operators.invite({ email: 'alt@example.com' }),
      await two.api.invitations.create({ organizationId: org, email: 'alt@example.com', role: 'owner' }),
    ];
    await one.api.operators.remove({ userId: two.id });
    for (const { link } of links)
      expect(await codeOf(w.lk.invitations.read({ token: tokenOf(link) }))).toBe('invitation_over');
  });

  it('that is removed leaves root keys, which the answer names for the others to revoke', async () => {
    const [one, two] = [await person(w, 'one', {}, { operator: true }), await person(w, 'two', {}, { operator: true })];
    const theirs = await two.api.rootKeys.create({ name: 'script', permissions: ['*'] });
    const below = w.as(await w.actor(theirs.secret));
    const child = await below.rootKeys.create({ name: 'of the script', permissions: ['keys.read'] });
    const soon = new Date(w.time.now + 1).toISOString();
    const over = await two.api.rootKeys.create({ name: 'short', permissions: ['*'], expiresAt: soon });
    const revoked = await two.api.rootKeys.create({ name: 'revoked', permissions: ['*'] });
    await one.api.rootKeys.revoke({ rootKeyId: revoked.rootKey.id });
    await one.api.rootKeys.create({ name: 'of another', permissions: ['*'] });
    w.time.now += 1;
    const lateCall = w.as(await two.actor());
    const { rootKeysToRevoke } = await one.api.operators.remove({ userId: two.id });
    expect(rootKeysToRevoke.map(({ id }) => id).sort()).toEqual([theirs.rootKey.id, child.rootKey.id].sort());
    expect(rootKeysToRevoke.map(({ id }) => id)).not.toContain(over.rootKey.id);
    const text = JSON.stringify(rootKeysToRevoke);
    for (const { secret } of [theirs, child]) expect(text).not.toContain(secret);
    // Nor do they make one in the moment of their removal, unnamed.
    const late = lateCall.rootKeys.create({ name: 'late', permissions: ['*'] });
    expect(await codeOf(late)).toBe('forbidden');
    for (const { id } of rootKeysToRevoke) await one.api.rootKeys.revoke({ rootKeyId: id });
    expect(await codeOf(w.actor(theirs.secret))).toBe('unauthenticated');
  });

  it('that is the last one stays, also when two remove each other at once', async () => {
    const one = await person(w, 'one', {}, { operator: true });
    const two = await person(w, 'two', {}, { operator: true });
    const outcomes = await Promise.allSettled([
      one.api.operators.remove({ userId: two.id }),
      two.api.operators.remove({ userId: one.id }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [left] = (await w.lk.operators.list({})).data;
    expect(await codeOf(w.lk.operators.remove({ userId: left?.id as string }))).toBe('last_owner');
    expect(await codeOf(w.lk.operators.remove({ userId: 'usr_nobody' }))).toBe('not_found');
  });

  it('is nobody for a key: what is about a person takes no key', async () => {
    const { secret } = await w.key({ permissions: ['*'] });
    for (const api of [w.lk, w.as(await w.actor(secret))]) {
      expect(await codeOf(api.self.get({}))).toBe('forbidden');
      expect(await codeOf(api.sessions.list({}))).toBe('forbidden');
      expect(await codeOf(api.members.leave({ organizationId: org }))).toBe('forbidden');
    }
  });
});

describe('a session', () => {
  it('is listed and ended by whose it is alone', async () => {
    const { store } = w.lk.engine.services;
    const ada = await person(w, 'ada');
    const ben = await person(w, 'ben');
    const open = (id: string, userId: string, expiresAt = w.time.now + DAY) =>
      store.signIn.insert('sessions', {
        ...{ id, user_id: userId, token_hash: `hash ${id}`, expires_at: expiresAt, ip: null, user_agent: 'Browser' },
        ...{ created_at: w.time.now, updated_at: w.time.now },
      });
    for (const id of ['ses_ada', 'ses_old', 'ses_two', 'ses_three']) await open(id, ada.id);
    await open('ses_over', ada.id, w.time.now);
    await open('ses_ben', ben.id);
    const listed = (await ada.api.sessions.list({})).data;
    expect(listed.map(({ id, current }) => [id, current])).toEqual([
      ['ses_two', false],
      ['ses_three', false],
      ['ses_old', false],
      ['ses_ada', true],
    ]);
    expect(JSON.stringify(listed)).not.toContain('hash');
    expect(await codeOf(ada.api.sessions.end({ sessionId: 'ses_ben' }))).toBe('not_found');
    await ada.api.sessions.end({ sessionId: 'ses_two' });
    expect(await ada.api.sessions.endOthers({})).toEqual({ ended: 3 });
    expect((await ada.api.sessions.list({})).data.map(({ id }) => id)).toEqual(['ses_ada']);
    expect((await ben.api.sessions.list({})).data.map(({ id }) => id)).toEqual(['ses_ben']);
  });
});

describe('a portal token', () => {
  const portal = async (input: Partial<Parameters<typeof w.lk.portalTokens.create>[0]> = {}) => {
    const made = await w.lk.portalTokens.create({ organizationId: org, ...input });
    return { ...made, api: w.as(await w.actor(made.token)) };
  };

  it('opens the keys of one customer, behind the # of its address', async () => {
    const { token, url, expiresAt, api } = await portal();
    expect(url).toBe(`https://keys.example.com/portal#${token}`);
    expect(token).toMatch(/^lk_portal_[\w-]+$/);
    expect(expiresAt).toBe(new Date(w.time.now + 900_000).toISOString());
    const { key } = await api.keys.create({ projectId: w.projectId, name: 'by portal' });
    expect(key.ownerId).toBeNull();
    expect((await api.keys.list({ projectId: w.projectId })).data).toHaveLength(1);
    expect(await api.self.get({})).toMatchObject({
      user: null,
      csrfToken: null,
      organizations: [{ id: org, role: 'portal' }],
      expiresAt,
    });
    const { data } = await w.lk.auditEvents.list({ organizationId: org });
    expect(data.map(({ action, actor }) => [action, actor.type]).slice(0, 2)).toEqual([
      ['createKey', 'portal'],
      ['createPortalToken', 'operator'],
    ]);
    expect(JSON.stringify(data)).not.toContain(token);
  });

  it('is bound to its project, if it names one', async () => {
    const second = await w.lk.projects.create({ organizationId: org, name: 'Second' });
    const inside = await w.key();
    const outside = await w.key({ projectId: second.id });
    const { api } = await portal({ projectId: w.projectId });
    expect((await api.projects.list({ organizationId: org })).data.map(({ id }) => id)).toEqual([w.projectId]);
    expect((await api.keys.get({ keyId: inside.id })).id).toBe(inside.id);
    for (const attempt of [
      () => api.keys.get({ keyId: outside.id }),
      () => api.keys.revoke({ keyId: outside.id }),
      () => api.keys.list({ projectId: second.id }),
      () => api.projects.get({ projectId: second.id }),
      () => api.usage.get({ projectId: second.id }),
      () => api.usage.get({ projectId: w.projectId, keyId: outside.id }),
    ])
      expect(await codeOf(attempt())).toBe('not_found');
    expect((await refusal(api.usage.get({ organizationId: org }))).errors?.[0]?.path).toBe('query.projectId');
    expect((await api.usage.get({ organizationId: org, projectId: w.projectId })).data).toEqual([]);
    const other = await w.lk.organizations.create({ name: 'Other' });
    const foreign = { organizationId: other.id, projectId: w.projectId };
    expect(await codeOf(w.lk.portalTokens.create(foreign))).toBe('not_found');
  });

  it('that only reads changes nothing, and none does more than keys', async () => {
    const { id } = await w.key();
    const reader = await portal({ readOnly: true });
    const { api } = await portal();
    expect((await reader.api.keys.get({ keyId: id })).id).toBe(id);
    expect(await codeOf(reader.api.keys.revoke({ keyId: id }))).toBe('forbidden');
    expect(await codeOf(reader.api.keys.create({ projectId: w.projectId, name: 'x' }))).toBe('forbidden');
    for (const attempt of [
      () => api.keys.delete({ keyId: id }),
      () => api.members.list({ organizationId: org }),
      () => api.auditEvents.list({ organizationId: org }),
      () => api.organizations.get({ organizationId: org }),
      () => api.portalTokens.create({ organizationId: org }),
      () => api.sessions.list({}),
    ])
      expect(await codeOf(attempt())).toBe('forbidden');
    expect(await codeOf(api.keys.create({ projectId: w.projectId, name: 'x', credits: 1 }))).toBe('operator_only');
  });

  it('is over at its time, when it was changed, and when its customer is gone or suspended', async () => {
    const { token } = await portal({ expiresInSeconds: 60 });
    const refused = async (text: string) => expect(await codeOf(w.actor(text))).toBe('unauthenticated');
    const changed = (at: number) => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
    for (let at = 'lk_portal_'.length; at < token.length - 2; at += 7) await refused(changed(at));
    await refused('lk_portal_');
    // Sealed here, but for something else.
    const sealed = w.lk.engine.services.vault.seal('{"organizationId":"x"}', 'audit_key');
    await refused(`lk_portal_${Buffer.from(sealed).toString('base64url')}`);
    await w.lk.organizations.suspend({ organizationId: org });
    await refused(token);
    await w.lk.organizations.resume({ organizationId: org });
    w.time.now += 59_999;
    expect((await w.actor(token)).type).toBe('portal');
    w.time.now += 1;
    await refused(token);
    w.time.now -= 1;
    await w.lk.organizations.delete({ organizationId: org });
    await refused(token);
  });
});
