// What every profile owes whoever presents a credential: each way of being wrong, in its dialect, and what the upstream gets to see.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Question } from '../client.js';
import { bodyFaults } from '../ledger.js';
import { checksum, type Facts, passed, prefixOf, presented, type Refused, refusal, wholeSeconds } from '../oracle.js';
import type { Run } from './run.js';

/** `question` is any request that a key without restrictions may make. */
export async function checkCredentials(run: Run, question: Question, good: number): Promise<void> {
  const { profile, random, ledger, server } = run;
  const expect401 = async (
    why: Refused,
    what: string,
    secret: string | null,
    facts: Facts = {},
    headers: Question['headers'] = {},
  ): Promise<void> =>
    ledger.judge(
      '401',
      what,
      refusal(profile, why, facts),
      await run.ask(secret, { ...question, headers: { ...question.headers, ...headers } }),
    );
  const passes = async (what: string, secret: string): Promise<void> =>
    ledger.judge('passes', what, passed(good), await run.ask(secret, question));
  const act = (keyId: string, action: string) => server.ask('POST', `/v1/keys/${keyId}/${action}`, {});

  // Begun first, so that little is left to wait for.
  const expiresAt = wholeSeconds(Date.now() + 3000);
  const expiring = await run.newKey({ expiresAt });
  await passes('a key before it expires', expiring.secret);

  const { key, secret } = await run.newKey();
  await passes('a fresh key', secret);
  const body = random.word(random.int(32, 40));
  const unknown = `${prefixOf(profile, 'live')}${body}${checksum(body)}`;
  const at = random.int(key.prefix.length, secret.length - 1);
  const other = [...'abcdefghij'].filter((digit) => digit !== secret[at]);
  const typo = secret.slice(0, at) + random.oneOf(other) + secret.slice(at + 1);
  const line = Object.entries(presented(profile, secret))[0] as [string, string];

  await expect401('missing', 'no credential', null);
  const inQuery = `${question.path}${question.path.includes('?') ? '&' : '?'}api_key=${secret}`;
  ledger.judge(
    '401',
    'the key in the query alone',
    refusal(profile, 'missing'),
    await run.ask(null, { ...question, path: inQuery }),
  );
  await expect401('unknown', 'a key that was never issued', unknown);
  await expect401('mistyped', 'a key with a typo', typo);
  await expect401('mistyped', 'a key that was cut short', secret.slice(0, -random.int(1, 5)));
  await expect401('malformed', 'a key with a space inside', `${secret.slice(0, at)} ${secret.slice(at)}`);
  await expect401('ambiguous', 'the same key twice', null, {}, { [line[0]]: [line[1], line[1]] });
  await expect401(
    'ambiguous',
    'keys in two headers',
    secret,
    {},
    { authorization: `Bearer ${secret}`, 'x-api-key': secret },
  );
  if (line[0] === 'authorization') {
    await expect401('malformed', 'the key without Bearer', null, {}, { authorization: secret });
    await expect401('malformed', 'the key behind Basic', null, {}, { authorization: `Basic ${secret}` });
  }
  await checkUpstreamView(run, key.id, key.projectId, secret);

  const revoked = await run.newKey();
  await act(revoked.key.id, 'revoke');
  await expect401('revoked', 'a revoked key', revoked.secret, { keyId: revoked.key.id });
  await act(revoked.key.id, 'revoke');
  await expect401('revoked', 'a key revoked twice', revoked.secret, { keyId: revoked.key.id });

  const rotated = await run.newKey();
  const next = await run.rotate(rotated.key, { gracePeriodSeconds: 0 });
  await expect401('rotated', 'a key that was rotated without grace', rotated.secret, { keyId: rotated.key.id });
  await passes('the key that replaced it', next.secret);

  const disabled = await run.newKey();
  await act(disabled.key.id, 'disable');
  await expect401('disabled', 'a disabled key', disabled.secret, { keyId: disabled.key.id });
  await act(disabled.key.id, 'enable');
  await passes('the key enabled again', disabled.secret);

  const deleted = await run.newKey();
  await server.ask('DELETE', `/v1/keys/${deleted.key.id}`);
  await expect401('deleted', 'a deleted key', deleted.secret);

  const organizationId = await run.newOrganization();
  const suspended = await run.newKey({}, await run.newProject({ organizationId }));
  await server.ask('POST', `/v1/organizations/${organizationId}/suspend`, {});
  await expect401('suspended', 'a key of a suspended organization', suspended.secret, { keyId: suspended.key.id });
  await server.ask('POST', `/v1/organizations/${organizationId}/resume`, {});
  await passes('the key after the organization was resumed', suspended.secret);

  await sleep(Math.max(0, Date.parse(expiresAt) - Date.now() + 1));
  await expect401('expired', 'a key past its time', expiring.secret, { keyId: expiring.key.id, expiresAt });
}

/** Who is calling reaches the upstream; the credential and whatever a caller claims about itself do not. */
async function checkUpstreamView(run: Run, keyId: string, projectId: string, secret: string): Promise<void> {
  const lie = run.random.word(12);
  const answer = await run.ask(secret, {
    path: `/_example/echo/${run.random.word(8)}?a=1&b=%20`,
    headers: { 'x-latchkey-tier': lie, X_Latchkey_Mode: lie, 'x.latchkey.permissions': lie, 'x-mine': 'kept' },
  });
  const seen = answer.json as { headers: Record<string, string>; query: string } | undefined;
  const headers = seen?.headers ?? {};
  const wanted = {
    'x-latchkey-key-id': keyId,
    'x-latchkey-project-id': projectId,
    'x-latchkey-mode': 'live',
    'x-mine': 'kept',
  };
  const got = Object.fromEntries(Object.keys(wanted).map((name) => [name, headers[name]]));
  run.ledger.judge('upstream', 'identity instead of the credential', passed(200), answer, [
    ...bodyFaults(wanted, got, 'headers'),
    ...(seen?.query === 'a=1&b=%20' ? [] : [`the query became ${seen?.query}`]),
    ...(/^[\w-]+\.[\w-]+\.[\w-]+$/.test(headers['x-latchkey-principal'] ?? '') ? [] : ['no signed principal']),
    ...['authorization', 'x-api-key'].filter((name) => name in headers).map((name) => `${name} reached the upstream`),
    ...(answer.text.includes(lie) ? ['a claim of the caller reached the upstream'] : []),
  ]);
}
