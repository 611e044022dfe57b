// People of a test, made and signed in without a page of the sign-in: for tests that are about another page.

import { randomBytes } from 'node:crypto';
import type { OperationInputs } from '@latchkey/client';
import type { Page } from 'playwright-core';
import { keepSecret } from '../secrecy/test-root.js';
import type { Stage, Visitor } from './stage.js';

export interface Person {
  name: string;
  email: string;
  password: string;
}

export type Role = OperationInputs['createInvitation']['role'];

let made = 0;

/** Somebody who has no account yet. */
export function somebody(name: string): Person {
  const email = `${name.toLowerCase().replace(/\W+/g, '.')}.${++made}@example.com`;
  const password = `correct horse ${randomBytes(8).toString('hex')}`;
  keepSecret(password);
  return { name, email, password };
}

/** A call of the page itself, so that the browser keeps the cookies. */
async function post(page: Page, path: string, body: object, csrfToken?: string): Promise<void> {
  const answer = await page.evaluate(
    async ({ path, body, csrfToken }) => {
      const headers: Record<string, string> = { 'content-type': 'application/json' };
      if (csrfToken !== undefined) headers['x-csrf-token'] = csrfToken;
      const reply = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: reply.status, text: await reply.text() };
    },
    { path, body, csrfToken },
  );
  if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
}

const csrfTokenOf = (page: Page): Promise<string> =>
  page.evaluate(async () => ((await (await fetch('/v1/self')).json()) as { csrfToken: string }).csrfToken);

async function join(stage: Stage, visitor: Visitor, person: Person, token: string): Promise<void> {
  const { page } = visitor;
  await page.goto(`${stage.url}/sign-in`);
  const { name, email, password } = person;
  await post(page, '/api/auth/sign-up/email', { name, email, password, invitationToken: token });
  await signIn(stage, visitor, person);
  await post(page, '/v1/invitations/accept', { token }, await csrfTokenOf(page));
}

const tokenIn = (link: string): string => new URL(link).hash.slice(1);

/** A member of an organization, signed in. */
export async function member(
  stage: Stage,
  organizationId: string,
  role: Role,
  options: Parameters<Stage['visitor']>[0] = {},
): Promise<Visitor & { person: Person }> {
  const person = somebody(`${role} person`);
  await stage.api.invitations.create({ organizationId, email: person.email, role });
  const visitor = await stage.visitor(options);
  await join(stage, visitor, person, tokenIn(await stage.link(person.email, '/invitation')));
  return { ...visitor, person };
}

/** One of the operator's users, signed in. */
export async function operator(
  stage: Stage,
  options: Parameters<Stage['visitor']>[0] = {},
): Promise<Visitor & { person: Person }> {
  const person = somebody('Operator Person');
  await stage.api.operators.invite({ email: person.email });
  const visitor = await stage.visitor(options);
  await join(stage, visitor, person, tokenIn(await stage.link(person.email, '/invitation')));
  return { ...visitor, person };
}

/** Signs in with a password, in a window that may be another than the one before. */
export async function signIn(
  stage: Stage,
  { page }: Pick<Visitor, 'page'>,
  { email, password }: Person,
): Promise<void> {
  if (!page.url().startsWith(stage.url)) await page.goto(`${stage.url}/sign-in`);
  await post(page, '/api/auth/sign-in/email', { email, password });
}
