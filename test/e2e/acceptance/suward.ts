// suward: a key belongs to one project, in one of two key models, and moves nothing of another.

import { send } from '../client.js';
import { notFound, passed, refusal } from '../oracle.js';
import { checkCredentials } from './credentials.js';
import type { MadeKey, Run } from './run.js';

export async function suward(run: Run): Promise<void> {
  const { random, ledger, profile } = run;
  await checkCredentials(run, { path: '/v1/payments' }, 200);

  const projects = [];
  for (const keyModel of ['v2', 'v2', 'legacy'] as const) {
    const projectId = await run.newProject({ keyModel });
    projects.push({ projectId, keyModel, key: await run.newKey({}, projectId), payments: [] as { id: string }[] });
  }
  for (let turn = 0; turn < 6; turn++) {
    const { projectId, key, payments } = projects[turn % 3] as (typeof projects)[number];
    const body = {
      amount: `${random.int(1, 9_999)}.${random.int(10, 99)}`,
      asset: random.oneOf(['USDC', 'EURC', 'BTC']),
    };
    const headers = { 'idempotency-key': random.word(random.int(1, 60)) };
    const made = await run.ask(key.secret, { method: 'POST', path: '/v1/payments', headers, body });
    const payment = {
      id: { $matches: '^pay_' },
      ...body,
      status: 'pending',
      project: projectId,
      reference: null,
      createdAt: { $matches: 'Z$' },
    };
    ledger.judge('payments', "made in the key's project", passed(201, payment), made);
    payments.unshift(made.json as { id: string });
  }
  for (const { key, payments, keyModel } of projects) {
    const list = passed(200, { data: payments, nextCursor: null });
    ledger.judge(
      'scope',
      `${keyModel}: the list has its own payments only`,
      list,
      await run.ask(key.secret, { path: '/v1/payments' }),
    );
    for (const other of projects) {
      const path = `/v1/payments/${(other.payments[0] as { id: string }).id}`;
      const expected = other.key === key ? passed(200, other.payments[0]) : notFound(profile);
      // The upstream's own 404: it says no request id.
      const { requestId: _, ...body } = (expected.body ?? {}) as Record<string, unknown>;
      const wanted = other.key === key ? expected : { ...expected, body };
      ledger.judge(
        'scope',
        `${keyModel}: ${other.key === key ? 'its own' : "another's"} payment`,
        wanted,
        await run.ask(key.secret, { path }),
      );
    }
  }

  await checkModels(run, projects[0]?.key as MadeKey, projects[2]?.key as MadeKey);

  const reader = await run.newKey({ permissions: ['payments.read'] });
  const mark = random.word(20);
  const pay = {
    method: 'POST',
    path: '/v1/payments',
    headers: { 'idempotency-key': mark },
    body: { amount: '1.00', asset: 'USDC' },
  };
  ledger.judge(
    '403',
    'paying with a key for reading',
    refusal(profile, 'permission'),
    await run.ask(reader.secret, pay),
  );
  ledger.judge('permissions', 'reading with it', passed(200), await run.ask(reader.secret, { path: '/v1/payments' }));
  const { byIdempotencyKey } = (await send(run.server.upstream, { path: '/_example/effects' })).json as {
    byIdempotencyKey: Record<string, number>;
  };
  ledger.note(
    'payments',
    'the refused one did not reach the upstream',
    mark in byIdempotencyKey ? ['it reached the upstream'] : [],
  );
}

/** v2: add, switch, revoke, without a gap. Legacy: one key, replaced in place. */
async function checkModels(run: Run, v2: MadeKey, legacy: MadeKey): Promise<void> {
  const { ledger, profile, server } = run;
  const list = { path: '/v1/payments' };
  const next = await run.newKey({}, v2.key.projectId);
  ledger.judge('models', 'v2: the next key passes', passed(200), await run.ask(next.secret, list));
  ledger.judge('models', 'v2: the old key passes beside it', passed(200), await run.ask(v2.secret, list));
  await server.ask('POST', `/v1/keys/${v2.key.id}/revoke`, {});
  ledger.judge('models', 'v2: revoked at once', refusal(profile, 'revoked'), await run.ask(v2.secret, list));
  ledger.judge('models', 'v2: the next key still passes', passed(200), await run.ask(next.secret, list));

  const second = await server.api('POST', `/v1/projects/${legacy.key.projectId}/keys`, { name: 'second' });
  const code = (second.json as { code?: string }).code;
  ledger.note('models', 'legacy: no second key', code === 'legacy_key_exists' ? [] : [`${second.status} ${code}`]);
  const replaced = await run.rotate(legacy.key);
  ledger.judge('models', 'legacy: the old key stops', refusal(profile, 'rotated'), await run.ask(legacy.secret, list));
  ledger.judge('models', 'legacy: the new one starts', passed(200), await run.ask(replaced.secret, list));
  const bare = await server.api('POST', `/v1/keys/${next.key.id}/rotate`, {});
  const told = (bare.json as { code?: string }).code;
  ledger.note(
    'models',
    'v2: rotating has to say the grace period',
    told === 'grace_period_required' ? [] : [`${bare.status} ${told}`],
  );
}
