// Writes docs/reference and the client's operations from the tables in the code. `--check` writes nothing and ends with 1 when a page is not up to date.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { build, root, staleness } from './build.mjs';
import { renderClientOperations } from './client-operations.mjs';
import { withLock } from './lock.mjs';
import { renderReference } from './reference.mjs';

// Defaults on the pages must be the product's, not those of this shell.
delete process.env.LATCHKEY_PUBLIC_URL;
if (staleness()) await withLock(root, console.error, build);

const core = await import('../packages/core/dist/index.js');
const { createOpenApi, errorsOf } = await import('../packages/server/dist/http/openapi.js');
const { SETTINGS } = await import('../packages/server/dist/config/settings.js');
const { loadProfile, shippedProfiles } = await import('../packages/server/dist/config/load-profile.js');
const { METRICS } = await import('../packages/server/dist/telemetry/metrics.js');
const { buildProgram } = await import('../packages/server/dist/cli/program.js');
const { VERSION } = await import('../packages/server/dist/version.js');

const program = buildProgram(VERSION, {}, async () => {}, false);
const pages = renderReference({
  errors: core.ERRORS,
  operations: core.operations,
  roleTable: core.roleTable,
  standings: core.STANDINGS,
  errorsOf,
  commonErrors: core.COMMON_ERRORS,
  bodyErrors: core.BODY_ERRORS,
  reasons: core.REASONS,
  profiles: shippedProfiles().map((name) => loadProfile(name)),
  openapi: createOpenApi('http://localhost:4000', VERSION),
  settings: SETTINGS,
  serveFlags: program.commands.find((command) => command.name() === 'serve').options.map(({ long }) => long),
  metrics: METRICS,
  program,
  profileSchema: core.profileJsonSchema(),
  templateValues: core.TEMPLATE_VALUES,
});
pages['packages/client/src/generated/operations.ts'] = renderClientOperations({
  operations: core.operations,
  namespaces: core.namespaces,
  toJSONSchema: z.toJSONSchema,
});

const stale = Object.entries(pages).filter(([path, text]) => {
  const file = join(root, path);
  return !existsSync(file) || readFileSync(file, 'utf8') !== text;
});
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is not up to date: run \`npm run docs\`.`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(`Wrote ${path}.`);
  }
  if (stale.length === 0) console.log('Everything that is written from the tables is up to date.');
}
