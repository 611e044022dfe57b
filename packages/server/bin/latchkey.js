#!/usr/bin/env node
// The latchkey command. It decides nothing: it hands over to dist/main.js, which a fresh clone builds first.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/main.js', import.meta.url);
const boot = new URL('../../../scripts/boot.mjs', import.meta.url);

if (!existsSync(main) && existsSync(boot)) {
  // Its words go to stderr: stdout belongs to the command, which may be printing JSON.
  const { status } = spawnSync(process.execPath, [fileURLToPath(boot)], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}

if (existsSync(main)) {
  await import(main.href);
} else {
  console.error(
    'latchkey: dist/main.js is missing, so there is nothing to run. Fix: reinstall @latchkey/server, or run `npm run build` in a clone.',
  );
  process.exit(1);
}
