// accounts: live and test keys, restrictions, and keys that are listed and revoked through the API itself.

import { send } from '../client.js';
import { notFound, passed, refusal, wholeSeconds } from '../oracle.js';
import { checkCredentials } from './credentials.js';
import type { MadeKey, Run } from './run.js';

export async function accounts(run: Run): Promise<void> {
  await checkCredentials(run, { path: `/v1/users/usr_${run.random.word(12)}` }, 200);
  await checkModes(run);
  await checkList(run);
  await checkDelete(run);
  await checkRestrictions(run);
}

/** The sandbox and the live API draw different people from one id, so that nobody can be mistaken. */
async function checkModes(run: Run): Promise<void> {
  const { random, ledger, server } = run;
  const project = await run.newProject();
  const live = await run.newKey({ mode: 'live' }, project);
  const test = await run.newKey({ mode: 'test' }, project);
  for (const id of ['usr_123', `usr_${random.word(random.int(1, 60))}`]) {
    const path = `/v1/users/${id}`;
    for (const [key, upstream] of [
      [live, server.upstream],
      [test, server.sandboxUpstream ?? ''],
    ] as const) {
      const truth = (await send(upstream, { path })).json;
      ledger.judge('modes', `${key.key.mode} key: GET ${id}`, passed(200, truth), await run.ask(key.secret, { path }));
    }
  }
  for (const [mine, other] of [
    [live, test],
    [test, live],
  ] as const) {
    const body = { email: `${random.word(8)}@example.com`, name: random.name() };
    const made = await run.ask(mine.secret, { method: 'POST', path: '/v1/users', body });
    const environment = mine.key.mode === 'test' ? 'sandbox' : 'live';
    const user = { id: { $matches: '^usr_new_' }, ...body, environment, created_at: { $matches: 'Z$' } };
    ledger.judge('modes', `${mine.key.mode} key: a new user`, passed(201, { success: true, data: user }), made);
    const path = `/v1/users/${(made.json as { data: { id: string } }).data.id}`;
    ledger.judge(
      'modes',
      `${mine.key.mode} key: its own user`,
      passed(200, made.json),
      await run.ask(mine.secret, { path }),
    );
    const gone = { success: false, message: 'No such user', error: { code: 'not_found' } };
    ledger.judge(
      'modes',
      `${other.key.mode} key: the other's user`,
      passed(404, gone),
      await run.ask(other.secret, { path }),
    );
  }
}

const shown = ({ key }: MadeKey, lastUsed: unknown) => ({
  id: key.id,
  name: key.name,
  prefix: key.prefix,
  created_at: wholeSeconds(key.createdAt),
  last_used: lastUsed,
});

async function checkList(run: Run): Promise<void> {
  const { random, ledger, profile } = run;
  const project = await run.newProject();
  const manager = await run.newKey({ permissions: ['keys.read', 'keys.revoke'] }, project);
  const made: MadeKey[] = [];
  for (let count = random.int(2, 6); count > 0; count--) {
    made.unshift(await run.newKey({ mode: random.oneOf(['live', 'live', 'test']) }, project));
  }
  const list = (used: ReadonlyMap<string, unknown>) =>
    passed(200, {
      success: true,
      data: [...made.map((key) => shown(key, used.get(key.key.id) ?? null)), shown(manager, { $any: true })],
    });
  const ask = () => run.ask(manager.secret, { path: '/v1/api-keys' });
  ledger.judge('lists', 'newest first, last_used null', list(new Map()), await ask());

  const live = made.filter(({ key }) => key.mode === 'live');
  const user = live.length > 0 ? random.oneOf(live) : null;
  if (user !== null) {
    const call = await run.ask(user.secret, { path: '/v1/users/usr_123' });
    const possible = [...new Set([call.sentAt, call.heardAt].map(wholeSeconds))];
    ledger.judge(
      'lists',
      'last_used after use',
      list(new Map([[user.key.id, { $matches: `^(${possible.join('|')})$` }]])),
      await ask(),
    );
  }
  const without = await run.newKey({ permissions: ['users.read'] }, project);
  ledger.judge(
    '403',
    'listing without keys.read',
    refusal(profile, 'permission'),
    await run.ask(without.secret, { path: '/v1/api-keys' }),
  );
  const elsewhere = await run.newKey({}, await run.newProject());
  const alone = { success: true, data: [shown(elsewhere, { $any: true })] };
  ledger.judge(
    'lists',
    'full access, another project',
    passed(200, alone),
    await run.ask(elsewhere.secret, { path: '/v1/api-keys' }),
  );
}

async function checkDelete(run: Run): Promise<void> {
  const { ledger, profile, random } = run;
  const project = await run.newProject();
  const manager = await run.newKey({}, project);
  const victim = await run.newKey({ mode: random.oneOf(['live', 'test']) }, project);
  const foreign = await run.newKey({}, await run.newProject());
  const reader = await run.newKey({ permissions: ['keys.read'] }, project);
  const remove = (keyId: string, by: MadeKey = manager) =>
    run.ask(by.secret, { method: 'DELETE', path: `/v1/api-keys/${keyId}` });

  ledger.judge(
    '403',
    'revoking without keys.revoke',
    refusal(profile, 'permission'),
    await remove(victim.key.id, reader),
  );
  ledger.judge('deletes', 'a key of another project', notFound(profile), await remove(foreign.key.id));
  ledger.judge('deletes', 'a key that never was', notFound(profile), await remove(`key_${random.word(20)}`));
  const before = await run.ask(victim.secret, { path: '/v1/users/usr_123' });
  ledger.judge('deletes', 'the key passes before', passed(200), before);
  const done = { success: true, message: 'API key revoked successfully' };
  ledger.judge('deletes', "the page's answer", passed(200, done), await remove(victim.key.id));
  const after = await run.ask(victim.secret, { path: '/v1/users/usr_123' });
  ledger.judge('deletes', 'the key is refused at once', refusal(profile, 'revoked'), after);
  ledger.judge('deletes', 'again: nothing there', notFound(profile), await remove(victim.key.id));
  const left = (await run.ask(manager.secret, { path: '/v1/api-keys' })).json as { data: { id: string }[] };
  const ids = left.data.map(({ id }) => id).join();
  const expected = [reader.key.id, manager.key.id].join();
  ledger.note('deletes', 'it is gone from the list', ids === expected ? [] : [`the list is ${ids}, not ${expected}`]);
  ledger.judge(
    'deletes',
    'the foreign key still passes',
    passed(200),
    await run.ask(foreign.secret, { path: '/v1/users/usr_1' }),
  );
}

async function checkRestrictions(run: Run): Promise<void> {
  const { random, ledger, profile } = run;
  const origin = `https://app.${random.word(6).toLowerCase()}.example`;
  const sets = {
    ip: [{ ips: ['203.0.113.0/24', '2001:db8::/32'] }, { ips: ['127.0.0.0/8', '::1'] }],
    referrer: [{ referrers: ['https://other.example'] }, { referrers: [origin] }],
    endpoint: [{ endpoints: ['POST /v1/users', '/v1/api-keys'] }, { endpoints: ['GET /v1/users/*'] }],
  } as const;
  for (const why of ['ip', 'referrer', 'endpoint'] as const) {
    for (const [index, restrictions] of sets[why].entries()) {
      const { secret } = await run.newKey({ restrictions });
      const answer = await run.ask(secret, {
        path: `/v1/users/usr_${random.word(6)}`,
        headers: { referer: `${origin}/page?x` },
      });
      ledger.judge(
        index === 0 ? '403' : 'restrictions',
        `${why} ${index === 0 ? 'not allowed' : 'allowed'}`,
        index === 0 ? refusal(profile, why) : passed(200),
        answer,
      );
    }
  }
  const silent = await run.newKey({ restrictions: sets.referrer[1] });
  ledger.judge(
    '403',
    'no page named',
    refusal(profile, 'referrer'),
    await run.ask(silent.secret, { path: '/v1/users/usr_1' }),
  );
}
