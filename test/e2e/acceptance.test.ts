// The first five minutes with each of the five profiles, from the outside: the pages' own examples, then keys drawn at random and answers computed from the pages.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CAN } from '../goldens/can.js';
import type { Capability } from '../goldens/golden.js';
import { accounts } from './acceptance/accounts.js';
import { aifaceswap } from './acceptance/aifaceswap.js';
import { inShell, pageExample } from './acceptance/curl.js';
import { openRun, type Run } from './acceptance/run.js';
import { suward } from './acceptance/suward.js';
import { swaypi } from './acceptance/swaypi.js';
import { textgen } from './acceptance/textgen.js';
import { openLedger } from './ledger.js';
import { PROFILES, type ProfileName } from './oracle.js';
import { seeds } from './random.js';
import { type LatchkeyProcess, startLatchkey } from './server.js';

const RUNS: Record<ProfileName, (run: Run, can: readonly Capability[]) => Promise<void>> = {
  aifaceswap,
  swaypi,
  suward,
  textgen,
  accounts,
};
const SEEDS = seeds(2);
console.log(`acceptance: LATCHKEY_SEED=${SEEDS}`);

const servers = new Map<ProfileName, LatchkeyProcess>();
const serverOf = (profile: ProfileName): LatchkeyProcess => servers.get(profile) as LatchkeyProcess;

beforeAll(async () => {
  await Promise.all(
    PROFILES.map(async (profile) => servers.set(profile, await startLatchkey({ profile, json: false }))),
  );
});
afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.dispose()));
});

describe('the first start', () => {
  it.concurrent.each(PROFILES)('prints lines that run in a shell: %s', async (profile) => {
    const server = serverOf(profile);
    const ledger = openLedger(profile, SEEDS[0] as number);
    const lines = server.stdout().split('\n');
    const asking = lines.filter((line) => /^ +curl /.test(line) && !line.includes('LATCHKEY_ROOT_KEY'));
    const exporting = lines.find((line) => line.includes('export LATCHKEY_ROOT_KEY=')) ?? '';
    const making = lines.find((line) => /^ +curl .*\$LATCHKEY_ROOT_KEY/.test(line)) ?? '';
    ledger.note('printed lines', 'there are sample requests', asking.length > 0 ? [] : ['there are none']);
    const ran = (group: string, what: string, { status, body }: { status: number; body: string }): void =>
      ledger.note(group, what, status >= 200 && status < 300 ? [] : ['refused'], {
        expected: '2xx',
        got: `${status} ${body.slice(0, 100)}`,
      });
    for (const line of asking) ran('printed lines', line.trim().split(' -H ')[0] as string, await inShell(line));
    const made = await inShell(`${exporting}\n${making}`);
    const { secret = '' } = JSON.parse(made.body) as { secret?: string };
    ran('printed lines', 'making a key', { ...made, body: made.body.replaceAll(secret, '…') });
    const example = pageExample(profile, server.gateway);
    ran('page example', example.split('\n')[0] as string, await inShell(example, { API_KEY: secret }));
    expect(ledger.faults()).toEqual([]);
  });
});

describe('the second start', () => {
  it.concurrent.each(PROFILES)('keeps the keys and shows none: %s', async (profile) => {
    const before = serverOf(profile);
    const run = await openRun(before, profile, SEEDS[0] as number, ' before');
    const key = await run.newKey();
    expect((await run.ask(key.secret, { path: '/_example/health' })).status).toBe(200);
    expect(await before.stop()).toBe(0);
    const server = await before.restart();
    servers.set(profile, server);
    const again = await openRun(server, profile, SEEDS[0] as number, ' after');
    expect((await again.ask(key.secret, { path: '/_example/health' })).status).toBe(200);
    expect(server.stdout()).not.toMatch(/lk_root_[A-Za-z0-9]{10}|(live|test)_[A-Za-z0-9]{10}/);
    expect(run.ledger.faults()).toEqual([]);
  });
});

describe('keys drawn at random get the answers that the page promises', () => {
  const runs = PROFILES.flatMap((profile) => SEEDS.map((seed) => [profile, seed] as const));
  it.concurrent.each(runs)('%s, seed %i', async (profile, seed) => {
    const run = await openRun(serverOf(profile), profile, seed);
    await RUNS[profile](run, CAN);
    expect(run.ledger.faults()).toEqual([]);
    const waiting = run.ledger.checks.filter(({ pending }) => pending !== undefined);
    const kinds = [...new Set(waiting.map(({ pending }) => pending))];
    const rest = waiting.length > 0 ? `, ${waiting.length} pending (${kinds})` : '';
    console.log(`${profile}, seed ${seed}: ${run.ledger.checks.length - waiting.length} checks hold${rest}`);
  });
});
