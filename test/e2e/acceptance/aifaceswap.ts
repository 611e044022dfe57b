// aifaceswap: three limit headers on every authenticated answer, per key, and swaps that run through.

import { createMeter, type Expected, passed, refusal } from '../oracle.js';
import { checkCredentials } from './credentials.js';
import type { Run } from './run.js';

const swap = (run: Run, more: Record<string, unknown> = {}) => ({
  method: 'POST',
  path: '/v1/swaps',
  body: {
    source_url: `https://example.com/${run.random.word(8)}.jpg`,
    target_url: `https://example.com/${run.random.word(8)}.png?x=${run.random.word(3)}`,
    ...more,
  },
});

export async function aifaceswap(run: Run): Promise<void> {
  const { ledger, profile, random } = run;
  await checkCredentials(run, { path: `/v1/swaps?limit=${random.int(1, 100)}` }, 200);

  // Two keys of one account, one with the page's limit and one with its own: each has its own books.
  const custom = random.int(20, 500);
  const pair = [
    { ...(await run.newKey()), meter: createMeter(profile, 60, null) },
    { ...(await run.newKey({ limits: { perMinute: custom } })), meter: createMeter(profile, custom, null) },
  ];
  const ids: string[] = [];
  for (let turn = 0; turn < 12; turn++) {
    const { secret, meter } = random.oneOf(pair);
    const kind = random.oneOf(['new', 'one', 'list', 'nobody', 'wrong'] as const);
    const asked = swap(run, kind === 'wrong' ? { seconds: -1 } : {});
    const id = kind === 'one' && ids.length > 0 ? random.oneOf(ids) : `swap_${random.word(24)}`;
    const answer = await run.ask(
      secret,
      kind === 'new' || kind === 'wrong' ? asked : { path: kind === 'list' ? '/v1/swaps' : `/v1/swaps/${id}` },
    );
    if (kind === 'new') ids.push((answer.json as { id: string }).id);
    const known = ids.includes(id);
    const expected: Expected = {
      new: passed(202, {
        id: { $matches: '^swap_' },
        status: 'processing',
        source_url: asked.body.source_url,
        target_url: asked.body.target_url,
        created_at: { $matches: 'Z$' },
      }),
      list: passed(200),
      one: passed(known ? 200 : 404),
      nobody: passed(404, { error: { code: 'not_found', message: 'No such swap' } }),
      wrong: passed(400),
    }[kind];
    ledger.judge('limit headers', `request ${kind}`, expected, answer, meter.faults(answer, true));
  }

  // A refusal spends nothing, and a restricted key says so with its headers.
  const bound = await run.newKey({ restrictions: { endpoints: ['GET /v1/swaps/**'] }, limits: { perMinute: custom } });
  const meter = createMeter(profile, custom, null);
  for (const spends of [true, false, true, false]) {
    const answer = await run.ask(bound.secret, spends ? { path: '/v1/swaps' } : swap(run));
    const expected = spends ? passed(200) : refusal(profile, 'endpoint');
    ledger.judge(
      spends ? 'limit headers' : '403',
      'a key for reading only',
      expected,
      answer,
      meter.faults(answer, spends),
    );
  }
  const signed = await run.server.ask<Record<string, unknown>>('POST', `/v1/projects/${bound.key.projectId}/keys`, {
    name: 'x',
  });
  ledger.note('keys made', 'no separate webhook secret is shown', 'webhookSecret' in signed ? ['there is one'] : []);
}
