// swaypi: the key carries the tier, and the tier decides limits, batch sizes, endpoints and fields.

import type { Capability } from '../../goldens/golden.js';
import type { Answer, Question } from '../client.js';
import { send } from '../client.js';
import {
  createMeter,
  type Expected,
  type Meter,
  passed,
  refusal,
  shownTo,
  TIER_NAMES,
  TIERS,
  type TierName,
  tierForBatch,
  tierForField,
} from '../oracle.js';
import { checkCredentials } from './credentials.js';
import type { Run } from './run.js';

const FIELDS = [
  'id',
  'handle',
  'name',
  'followers',
  'contact_email',
  'audience_geo.countries',
  'audience_geo.detail',
  'audience_geo.detail.cities',
];

export async function swaypi(run: Run, can: readonly Capability[]): Promise<void> {
  const { random, ledger, profile } = run;
  await checkCredentials(run, { path: '/v1/me' }, 200);
  for (const tier of TIER_NAMES) await checkTier(run, tier, can);

  const refused = await run.server.api('POST', `/v1/projects/${(await run.newKey()).key.projectId}/keys`, {
    name: 'x',
    tier: 'platform',
  });
  const code = (refused.json as { code?: string }).code;
  ledger.note(
    'tiers',
    'a platform key without its figures is not made',
    code === 'limits_required' ? [] : [`${refused.status} ${code}`],
  );

  const own = random.int(1, 50);
  const key = await run.newKey({ limits: { perMinute: own } });
  const meter = createMeter(profile, own, 100);
  const answer = await run.ask(key.secret, { path: '/v1/me' });
  const faults = meter.faults(answer, true);
  ledger.judge(
    'tiers',
    'a key without a tier is a free one, with its own limit',
    passed(200, me('free', meter, answer)),
    answer,
    faults,
  );
}

const me = (tier: TierName, meter: Meter, answer: Answer) => ({
  tier,
  requests_remaining: meter.dayLeft(answer),
  rate_limit_per_minute: meter.perMinute,
});

async function checkTier(run: Run, tier: TierName, can: readonly Capability[]): Promise<void> {
  const { random, ledger, profile, server } = run;
  const facts = TIERS[tier];
  const perMinute = facts.perMinute ?? random.int(40, 9000);
  const limits = facts.perMinute === null ? { limits: { perMinute, perDay: random.int(1, 1_000_000) } } : {};
  const { secret } = await run.newKey({ tier, ...limits });
  const meter = createMeter(profile, perMinute, facts.perDay);
  const ask = async (
    group: string,
    what: string,
    question: Question,
    expected: (answer: Answer) => Expected,
    spends = true,
  ) => {
    const answer = await run.ask(secret, question);
    const faults = meter.faults(answer, spends);
    ledger.judge(group, `${tier}: ${what}`, expected(answer), answer, faults);
  };
  const creator = (): string => `cr_${random.oneOf(['1001', '1004', random.word(random.int(1, 30))])}`;

  /** What the example itself answers, as this tier may see it. */
  const read = async (what: string, question: Question): Promise<void> => {
    const whole = await send(server.upstream, question);
    const { body, gated } = shownTo(tier, whole.json);
    if (gated.length > 0 && !can.includes('field-gating')) {
      await ask('reads', what, question, () => passed(200));
      return ledger.pending('fields', `${tier}: ${what}`, 'field-gating');
    }
    await ask('fields', what, question, () => {
      const expected = passed(200, body);
      if (gated.length > 0)
        return { ...expected, headers: { ...expected.headers, 'x-swaypi-tier-gated': gated.join(',') } };
      return { ...expected, absentHeaders: [...(expected.absentHeaders ?? []), 'x-swaypi-tier-gated'] };
    });
  };

  for (let turn = random.int(1, 3); turn >= 0; turn--) {
    await ask('/v1/me', 'the exact body', { path: '/v1/me' }, (answer) => passed(200, me(tier, meter, answer)));
  }
  await read('a creator', { path: `/v1/creators/${creator()}` });
  await read('the list', { path: `/v1/creators?limit=${random.int(1, 6)}` });
  await ask('reads', 'an id that cannot be', { path: '/v1/creators/nobody!' }, () =>
    passed(404, { detail: 'No such creator' }),
  );

  for (let turn = 0; turn < 4; turn++) {
    const fields = Array.from({ length: random.int(1, 3) }, () => random.oneOf(FIELDS));
    const path = `/v1/creators/${creator()}?fields=${fields.join(',')}`;
    const needed = fields
      .map((field) => tierForField(field) as TierName)
      .filter((name) => TIER_NAMES.indexOf(name) > TIER_NAMES.indexOf(tier));
    if (needed.length === 0) await read(`fields=${fields}`, { path });
    // Of several fields beyond the tier the text may name any.
    else
      await ask(
        '403',
        `fields=${fields}`,
        { path },
        () => refusal(profile, 'tier', { tier: `(${needed.join('|')})` }),
        false,
      );
  }

  const batch = (size: number): Question => ({
    method: 'POST',
    path: '/v1/creators/batch',
    body: { ids: Array.from({ length: size }, creator) },
  });
  await read('a batch', batch(random.int(1, facts.batch)));
  await read('the largest batch', batch(facts.batch));
  for (const size of [facts.batch + 1, random.int(facts.batch + 1, 600)]) {
    const would = tierForBatch(size);
    await ask(
      '403',
      `a batch of ${size}`,
      batch(size),
      () => refusal(profile, 'batch', would === undefined ? {} : { tier: would }),
      false,
    );
  }

  const webhooks = { path: `/v1/webhooks/${random.word(6)}` };
  if (facts.webhooks)
    await ask('tiers', 'webhooks reach the upstream', webhooks, () => passed(404, { detail: 'No such route' }));
  else await ask('403', 'webhooks', webhooks, () => refusal(profile, 'tier', { tier: 'studio' }), false);
}
