// Holds the direction of imports: what is written obeys the table, and the checker sees every kind of forbidden import.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkImports, ROOMS } from './imports.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

function readPackages(): Map<string, string> {
  const files = new Map<string, string>();
  for (const pkg of readdirSync(`${root}packages`)) {
    const paths = readdirSync(`${root}packages/${pkg}`, { recursive: true, encoding: 'utf8' })
      .map((path) => `packages/${pkg}/${path.replaceAll('\\', '/')}`)
      .filter((path) => /^packages\/[^/]+\/(package\.json|src\/.+\.[cm]?[jt]sx?)$/.test(path));
    for (const path of paths) files.set(path, readFileSync(root + path, 'utf8'));
  }
  return files;
}

describe('the imports of the repository', () => {
  it('run down only, as the table says', () => {
    const files = readPackages();
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(
        ['core', 'client', 'server'].flatMap((name) => [
          `packages/${name}/package.json`,
          `packages/${name}/src/index.ts`,
        ]),
      ),
    );
    expect(checkImports(files)).toEqual([]);
  });
});

describe('a planted import', () => {
  const manifests = {
    'packages/server/package.json': JSON.stringify({ dependencies: { fastify: '1.0.0', '@scope/kit': '1.0.0' } }),
    'packages/client/package.json': '{}',
    'packages/dashboard/package.json': '{}',
  };
  const check = (files: Record<string, string>) => checkImports(new Map(Object.entries({ ...manifests, ...files })));

  const server = 'packages/server/src';
  const forbidden: [what: string, path: string, text: string, reported: string][] = [
    ['core → a Node built-in', 'packages/core/src/key/a.ts', "import { x } from 'node:crypto';", 'node:crypto'],
    ['core → a built-in without its prefix', 'packages/core/src/a.ts', "import fs from 'fs';", 'fs'],
    ['core → the types of Node', 'packages/core/src/a.ts', '/// <reference types="node" />', 'built-ins'],
    ['core → another npm package', 'packages/core/src/a.ts', "import { x } from 'jose';", 'npm: only zod'],
    ['core → the server', 'packages/core/src/a.ts', "import { x } from '@latchkey/server';", 'rooms: none'],
    ['core → the server by path', 'packages/core/src/a.ts', "import '../../server/src/main.js';", 'out of the package'],
    ['client → a Node built-in', 'packages/client/src/a.ts', "import 'node:http';", 'built-ins'],
    ['client → an npm package', 'packages/client/src/a.ts', "import { z } from 'zod';", 'npm: none'],
    ['client → core', 'packages/client/src/a.ts', "import type { Key } from '@latchkey/core';", 'rooms: none'],
    [
      'dashboard → what core runs',
      'packages/dashboard/src/a.tsx',
      "import { x } from '@latchkey/core';",
      'only client',
    ],
    [
      'dashboard → core, types once and values once',
      'packages/dashboard/src/a.ts',
      "import type { X } from '@latchkey/core';\nimport { y } from '@latchkey/core';",
      'only client',
    ],
    [
      'dashboard → the server',
      'packages/dashboard/src/a.ts',
      "import type { X } from '@latchkey/server';",
      'only client',
    ],
    ['dashboard → a built-in', 'packages/dashboard/src/a.ts', "import 'node:fs';", 'built-ins'],
    ['store → limiter', `${server}/store/a.ts`, "import { x } from '../limiter/b.js';", 'rooms: only core'],
    ['limiter → operations', `${server}/limiter/a.ts`, "import { x } from '../operations/b.js';", 'rooms: only core'],
    ['events → vault', `${server}/events/a.ts`, "import { x } from '../vault/b.js';", 'rooms: only core'],
    ['vault → store', `${server}/vault/deep/a.ts`, "import { x } from '../../store/b.js';", 'rooms: only core'],
    ['operations → store', `${server}/operations/a.ts`, "import { x } from '../store/b.js';", 'rooms: only core'],
    ['http → store', `${server}/http/a.ts`, "import { x } from '../store/b.js';", 'only operations, core'],
    ['http → gateway', `${server}/http/a.ts`, "import { x } from '../gateway/b.js';", 'only operations, core'],
    ['gateway → limiter', `${server}/gateway/a.ts`, "import { x } from '../limiter/b.js';", 'only operations, core'],
    ['jobs → events', `${server}/jobs/a.ts`, "import { x } from '../events/b.js';", 'only operations, core'],
    ['cli → vault', `${server}/cli/a.ts`, "import { x } from '../vault/b.js';", 'only operations, core'],
    ['cli → main', `${server}/cli/a.ts`, "import { x } from '../main.js';", 'only operations, core'],
    ['a room → its own package by name', `${server}/http/a.ts`, "import '@latchkey/server';", 'only operations, core'],
    ['server → an undeclared package', `${server}/http/a.ts`, "import { it } from 'vitest';", 'not a dependency'],
    ['a type-only import', `${server}/http/a.ts`, "import type { X } from '../store/b.js';", '../store/b.js'],
    ['an inline type import', `${server}/http/a.ts`, "import { type X } from '../store/b.js';", '../store/b.js'],
    ['a re-export', `${server}/http/a.ts`, "export { x } from '../store/b.js';", '../store/b.js'],
    ['a re-export of everything', `${server}/http/a.ts`, "export * from '../store/b.js';", '../store/b.js'],
    ['a type re-export', `${server}/http/a.ts`, "export type { X } from '../store/b.js';", '../store/b.js'],
    ['a bare import', `${server}/http/a.ts`, "import '../store/b.js';", '../store/b.js'],
    ['a dynamic import', `${server}/http/a.ts`, "const f = () => import('../store/b.js');", '../store/b.js'],
    ['an import type', `${server}/http/a.ts`, "let x: import('../store/b.js').X;", '../store/b.js'],
    ['a require', `${server}/http/a.ts`, "const x = require('../store/b.js');", '../store/b.js'],
    ['an unknown room', `${server}/shed/a.ts`, '', 'give it a row'],
    ['an unknown package', 'packages/attic/src/a.ts', '', 'give it a row'],
    ['a second index.ts', 'packages/core/src/key/index.ts', '', 'src/index.ts'],
    ['an index.ts inside a server room', `${server}/http/index.ts`, '', 'src/index.ts'],
  ];

  it.each(forbidden)('is reported: %s', (_what, path, text, reported) => {
    const problems = check({ [path]: text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(path);
    expect(problems[0]).toContain(reported);
  });

  it('is reported when it is one of several, each once', () => {
    const text =
      "import fastify from 'fastify';\nimport { a } from '../store/a.js';\nimport { b } from '../vault/b.js';";
    expect(check({ [`${server}/http/a.ts`]: text })).toHaveLength(2);
  });

  it('is reported as a cycle when a table allows both directions', () => {
    const files = new Map([
      [`${server}/http/a.ts`, "import { b } from '../jobs/b.js';"],
      [`${server}/jobs/b.ts`, "import type { A } from '../http/a.js';"],
    ]);
    const all = { rooms: 'all', npm: [], builtins: true } as const;
    expect(checkImports(files, { ...ROOMS, http: all, jobs: all })).toEqual([
      'cycle between rooms: http → jobs → http',
    ]);
  });

  const allowed: [what: string, path: string, text: string][] = [
    ['core → zod', 'packages/core/src/a.ts', "import { z } from 'zod';"],
    ['core → another folder of core', 'packages/core/src/key/a.ts', "import { x } from '../limit/b.js';"],
    ['client → its own files', 'packages/client/src/a.ts', "import { x } from './b.js';"],
    ['dashboard → types of core', 'packages/dashboard/src/a.tsx', "import type { Key } from '@latchkey/core';"],
    [
      'store → core, npm, built-ins',
      `${server}/store/a.ts`,
      "import '@latchkey/core';import 'fastify';import 'node:fs';",
    ],
    ['a scoped package by subpath', `${server}/store/a.ts`, "import '@scope/kit/part';"],
    ['http → operations', `${server}/http/a.ts`, "import { x } from '../operations/b.js';"],
    ['main → every room', `${server}/main.ts`, "import './store/a.js';import './http/b.js';import './cli/c.js';"],
    ['index → latchkey', `${server}/index.ts`, "export { x } from './latchkey.js';"],
    ['a test → anything', `${server}/http/a.test.ts`, "import { x } from '../store/b.js';import 'vitest';"],
    ['a contract suite → anything', `${server}/store/a.suite.ts`, "import { x } from '../limiter/b.js';"],
    ['words that only look like one', 'packages/core/src/a.ts', "// import 'node:fs'\nconst s = \"import 'node:fs'\";"],
  ];

  it.each(allowed)('is let through: %s', (_what, path, text) => {
    expect(check({ [path]: text })).toEqual([]);
  });
});
