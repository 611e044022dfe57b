// Accepts a fresh clone as a person would: installs and builds it, starts all five profiles, and prints what was asked, expected and got.
// `--here` takes this working tree instead of a clone; LATCHKEY_SEED=1,2 replays seeds. Node built-ins only.
import { execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const here = process.argv.includes('--here');
const seeds = process.env.LATCHKEY_SEED || `${randomInt(1, 1_000_000)},${randomInt(1, 1_000_000)}`;
const scratch = mkdtempSync(join(tmpdir(), 'latchkey-accept-'));
const FILES = ['acceptance', 'limits', 'rotate-revoke'].map((name) => `test/e2e/${name}.test.ts`);

/** Runs a step with its output in a file; resolves with the exit code. */
function step(words, command, args, { cwd, env = {} }) {
  const log = join(scratch, 'step.log');
  const began = Date.now();
  process.stdout.write(`${words} … `);
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const file = createWriteStream(log);
    for (const stream of [child.stdout, child.stderr]) stream.pipe(file, { end: false });
    child.on('error', (error) => file.write(`${error.message}\n`));
    child.on('close', (code) => {
      console.log(`${code === 0 ? 'ok' : 'FAILED'}, ${((Date.now() - began) / 1000).toFixed(1)} s`);
      file.end(() => resolve({ code: code ?? 1, log: readFileSync(log, 'utf8') }));
    });
  });
}

function clone() {
  const target = join(scratch, 'latchkey');
  execFileSync('git', ['clone', '--quiet', root, target]);
  const commit = execFileSync('git', ['log', '-1', '--format=%h %s'], { cwd: target, encoding: 'utf8' }).trim();
  console.log(`Cloned ${commit}.`);
  return target;
}

const cell = (text, width) => (text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width));

/** One line for each kind of check: how many, how many held, and one of them as an example. */
function table(checks) {
  const groups = grouped(checks, ({ group }) => group);
  const row = (cells) =>
    console.log(
      `  ${cell(cells[0], 16)} ${cells
        .slice(1, 4)
        .map((text) => text.padStart(6))
        .join(' ')}  ${cells[4]}`,
    );
  row(['checks of', 'all', 'hold', 'wait', 'for example: asked | expected | got']);
  for (const [group, all] of groups) {
    const waiting = all.filter(({ pending }) => pending !== undefined);
    const good = all.filter(({ faults, pending }) => faults.length === 0 && pending === undefined);
    const { what, expected, got, pending } = good[0] ?? all[0];
    const example = pending
      ? `${what} | waits for ${pending}`
      : [cell(what, 44).trim(), cell(expected, 60).trim(), cell(got, 60).trim()].join(' | ');
    row([group, String(all.length), String(good.length), String(waiting.length), example]);
  }
}

function grouped(checks, nameOf) {
  const groups = new Map();
  for (const check of checks) groups.set(nameOf(check), [...(groups.get(nameOf(check)) ?? []), check]);
  return groups;
}

function report(checks) {
  const parts = grouped(checks, ({ seed, profile }) => `seed ${seed}, ${profile}`);
  for (const [name, part] of [...parts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bad = part.filter(({ faults }) => faults.length > 0);
    const waiting = part.filter(({ pending }) => pending !== undefined).length;
    console.log(`\n${name}: ${part.length - bad.length - waiting} checks hold, ${bad.length} do not, ${waiting} wait`);
    table(part);
    for (const { group, what, expected, got, faults } of bad.slice(0, 20)) {
      console.log(
        `  NOT SO: ${group}, ${what}\n    expected ${expected}\n    got      ${got}\n    because  ${faults.join('; ')}`,
      );
    }
  }
  return checks.filter(({ faults }) => faults.length > 0).length;
}

async function accept() {
  const cwd = here ? root : clone();
  const ready = await step('Installing what is locked, and building', process.execPath, ['scripts/boot.mjs'], { cwd });
  if (ready.code !== 0) return fail(ready.log);
  const ledger = join(scratch, 'ledger.jsonl');
  const ran = await step(
    `Starting five profiles and asking them, LATCHKEY_SEED=${seeds}`,
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', ...FILES],
    { cwd, env: { LATCHKEY_SEED: seeds, LATCHKEY_LEDGER: ledger, NO_COLOR: '1' } },
  );
  const lines = existsSync(ledger) ? readFileSync(ledger, 'utf8').split('\n').filter(Boolean) : [];
  const checks = lines.map((line) => JSON.parse(line));
  const bad = report(checks);
  const counts = ran.log.match(/^ *Tests .*$/m)?.[0].trim() ?? 'no test ran';
  console.log(`\n${checks.length} checks, ${bad} not as the pages say. ${counts}`);
  if (ran.code !== 0) return fail(ran.log);
}

function fail(log) {
  console.error(`\n${log.trimEnd().split('\n').slice(-60).join('\n')}`);
  process.exitCode = 1;
}

try {
  await accept();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
