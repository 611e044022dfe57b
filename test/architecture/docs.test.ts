// The tables in the code against what is written about them: reference pages, the OpenAPI document, the served error page.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  BODY_ERRORS,
  COMMON_ERRORS,
  ERRORS,
  operations,
  profileJsonSchema,
  REASONS,
  REHEARSABLE,
  roleTable,
  STANDINGS,
  TEMPLATE_VALUES,
} from '@latchkey/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Local } from '../../packages/server/src/cli/local.js';
import { buildProgram } from '../../packages/server/src/cli/program.js';
import { loadProfile, shippedProfiles } from '../../packages/server/src/config/load-profile.js';
import { SETTINGS } from '../../packages/server/src/config/settings.js';
import { createOpenApi, errorsOf } from '../../packages/server/src/http/openapi.js';
import { PUBLIC_URL, type Served, serve } from '../../packages/server/src/http/serve.suite.js';
import { METRICS } from '../../packages/server/src/telemetry/metrics.js';
import { VERSION } from '../../packages/server/src/version.js';
import { renderReference } from '../../scripts/reference.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const names = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, name]) => name as string);
const sorted = (list: readonly string[]): string[] => [...list].sort();

vi.stubEnv('LATCHKEY_PUBLIC_URL', undefined);
afterAll(() => void vi.unstubAllEnvs());

const program = buildProgram(VERSION, {} as Local, async () => {}, false);
const openapi = createOpenApi('http://localhost:4000', VERSION);
const profiles = shippedProfiles().map((name) => loadProfile(name));

describe('the reference pages', () => {
  const serveCommand = program.commands.find((command) => command.name() === 'serve');
  const pages = renderReference({
    errors: ERRORS,
    operations,
    roleTable,
    standings: STANDINGS,
    errorsOf,
    commonErrors: COMMON_ERRORS,
    bodyErrors: BODY_ERRORS,
    reasons: REASONS,
    profiles,
    openapi,
    settings: SETTINGS,
    serveFlags: (serveCommand?.options ?? []).map(({ long }) => long ?? ''),
    metrics: METRICS,
    program,
    profileSchema: profileJsonSchema(),
    templateValues: TEMPLATE_VALUES,
  });

  it.each(Object.keys(pages))('is what `npm run docs` writes: %s', (path) => {
    expect(existsSync(join(root, path)) && read(path) === pages[path], `${path}: run \`npm run docs\``).toBe(true);
  });

  it('are all there are', () => {
    const written = readdirSync(join(root, 'docs/reference')).map((name) => `docs/reference/${name}`);
    expect(sorted(written)).toEqual(sorted(Object.keys(pages)));
  });
});

describe('errors', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve();
  });
  afterAll(() => served.close());

  it('have a section each in the reference, and every section is an error', () => {
    expect(names(read('docs/reference/errors.md'), /^## (\w+)$/gm)).toEqual(Object.keys(ERRORS));
  });

  it('have an entry each on the page that the server itself shows', async () => {
    const { status, text } = await served.call('GET', '/docs/errors');
    expect(status).toBe(200);
    expect(names(text, / id="(\w+)"/g)).toEqual(Object.keys(ERRORS));
  });

  it('lead to that page by their type', async () => {
    const { body } = await served.call('GET', '/v1/organizations/nothing_here');
    const [page, code] = String(body.type).split('#');
    expect(page?.startsWith(PUBLIC_URL)).toBe(true);
    expect(code).toBe('not_found');
    const { text } = await served.call('GET', String(page).slice(PUBLIC_URL.length));
    expect(text).toContain(`id="${code}"`);
  });

  it('in the OpenAPI document are those of the catalogue, with its status and title', () => {
    for (const [code, example] of Object.entries(openapi.components?.examples ?? {})) {
      const entry = ERRORS[code as keyof typeof ERRORS];
      expect((example as { value: object }).value).toMatchObject({ code, status: entry.status, title: entry.title });
    }
  });

  it('that an operation may answer are all in the OpenAPI document', () => {
    const possible = new Set(Object.values(operations).flatMap((row) => errorsOf(row)));
    expect(sorted(Object.keys(openapi.components?.examples ?? {}))).toEqual(sorted([...possible]));
  });
});

describe('operations', () => {
  const described = Object.entries(openapi.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as object).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`),
  );
  const calls = Object.entries(operations).map(([name, { method, path }]) => ({ name, method, path }));

  it('are in the OpenAPI document, and it has no others', () => {
    const rows = calls.map(({ name, method, path }) => `${name} ${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(sorted(described)).toEqual(sorted(rows));
  });

  it('have a section each in the reference with their call, and every call is an operation', () => {
    const page = read('docs/reference/operations.md');
    const sections = [...page.matchAll(/^## (\w+)\n\n`(\w+) (\S+)` needs/gm)].map(([, name, method, path]) => ({
      name,
      method,
      path,
    }));
    expect(sections).toEqual(calls);
  });
});

it('settings have a row each in the reference, and every row is a setting', () => {
  const rows = names(read('docs/reference/config.md'), /^\| `(\w+)` \|/gm);
  expect(rows).toEqual(Object.values(SETTINGS).map(({ env }) => env));
});

it('metrics have a row each in the reference, and every row is a metric', () => {
  const [figures] = read('docs/reference/metrics.md').split('Upper bounds');
  expect(names(figures ?? '', /^\| `(\w+)` \|/gm)).toEqual(Object.keys(METRICS));
});

it('every metric is reported somewhere, and nothing else is', () => {
  const folder = join(root, 'packages/server/src');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?<!\.test|\.suite)\.ts$/.test(path) && !path.endsWith('metrics.ts'))
    .map((path) => readFileSync(join(folder, path), 'utf8'));
  const reported = new Set(sources.flatMap((text) => names(text, /'(latchkey_[a-z_]+)'/g)));
  expect(sorted([...reported])).toEqual(sorted(Object.keys(METRICS)));
});

it('reasons have a row each in the reference, with the status of every profile', () => {
  const rows = [...read('docs/reference/reasons.md').matchAll(/^\| `([a-z_]+)` \| (\d{3}.*) \|$/gm)];
  expect(rows.map(([, reason]) => reason)).toEqual([...REASONS]);
  for (const [, reason, cells] of rows) {
    const statuses = profiles.map(({ wire }) => `${wire.reasons[reason as keyof typeof wire.reasons].status}`);
    expect(cells?.split(' | ').map((cell) => cell.slice(0, 3))).toEqual(statuses);
  }
});

it('the guide to test keys lists every magic value, in the order of the reasons', () => {
  expect(names(read('docs/guides/test-keys.md'), /^\| `(\w+)` \|/gm)).toEqual(REHEARSABLE);
});

describe('what is written by hand', () => {
  const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']
    .concat(readdirSync(join(root, 'docs/guides')).map((name) => `docs/guides/${name}`))
    .concat(['profiles/README.md', 'examples/README.md', 'packages/client/README.md', 'packages/dashboard/README.md'])
    .concat(readdirSync(join(root, 'docs/reference')).map((name) => `docs/reference/${name}`));
  const headings = (path: string): string[] =>
    names(read(path), /^#+ (.+)$/gm).map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );

  it.each(pages)('links to files and headings that are there: %s', (path) => {
    const text = read(path).replace(/^```[\s\S]*?^```/gm, '');
    for (const link of names(text, /\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [file = '', heading] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      expect(existsSync(join(root, target)), `${path}: ${link}`).toBe(true);
      if (heading !== undefined) expect(headings(target), `${path}: ${link}`).toContain(heading);
    }
  });

  it.each(pages)('names only settings and errors that exist: %s', (path) => {
    const envs = Object.values(SETTINGS).flatMap(({ env }) => [env, `${env}_FILE`]);
    const known = new Set([...envs, 'LATCHKEY_SOAK', 'LATCHKEY_TEST_COUNTS']);
    for (const name of names(read(path), /\b(LATCHKEY_[A-Z_]+[A-Z])\b/g)) expect(known, path).toContain(name);
  });

  it.each(pages)('shows no secret: %s', (path) => {
    expect(read(path)).not.toMatch(/\b(lk_root|swp_live|sk_live|sk_test|afs_live)_(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}/);
  });
});
