// Which folder may import what: the table as data, and the checker over a map of files. It reads no disk.
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';

/** What one room may import. Its own files are always allowed. */
export interface Room {
  /** Other rooms, by name. */
  readonly rooms: readonly string[] | 'all';
  /** npm packages, by name; `declared` is whatever the package's own package.json lists as a dependency. */
  readonly npm: readonly string[] | 'declared';
  /** Whether Node's built-in modules are allowed. */
  readonly builtins: boolean;
  /** Rooms of which types alone may be imported: nothing of them runs here. */
  readonly types?: readonly string[];
}

const adapter: Room = { rooms: ['core'], npm: 'declared', builtins: true };
const surface: Room = { rooms: ['operations', 'core'], npm: 'declared', builtins: true };

/** Imports only run down. A package without rooms of its own is one room; `main` is the top of packages/server/src. */
export const ROOMS: Readonly<Record<string, Room>> = {
  core: { rooms: [], npm: ['zod'], builtins: false },
  client: { rooms: [], npm: [], builtins: false },
  dashboard: { rooms: ['client'], types: ['core'], npm: 'declared', builtins: false },
  store: adapter,
  limiter: adapter,
  events: adapter,
  vault: adapter,
  config: adapter,
  telemetry: adapter,
  mail: adapter,
  operations: { rooms: ['core'], npm: 'declared', builtins: true },
  http: surface,
  accounts: surface,
  gateway: surface,
  rpc: surface,
  oauth: surface,
  webhooks: surface,
  jobs: surface,
  cli: surface,
  main: { rooms: 'all', npm: 'declared', builtins: true },
};

/** The one package whose folders are rooms. */
const DIVIDED = 'server';
const SOURCE = /^packages\/([^/]+)\/src\/(.+)\.[cm]?[jt]sx?$/;
const TEST = /\.(test|suite)\.[cm]?[jt]sx?$/;
const BUILTINS = new Set(builtinModules);

type Target =
  | { readonly kind: 'room'; readonly name: string }
  | { readonly kind: 'npm'; readonly name: string }
  | { readonly kind: 'builtin' }
  | { readonly kind: 'outside' };

/**
 * Returns one sentence per broken rule; an empty list means the rules hold.
 * `files` maps repository paths to text; tests and contract suites in it are exempt.
 */
export function checkImports(files: ReadonlyMap<string, string>, rooms = ROOMS): string[] {
  const problems: string[] = [];
  const edges = new Map<string, Set<string>>();
  const unknown = new Set<string>();

  for (const [path, text] of files) {
    const from = roomOf(path);
    if (from === undefined || TEST.test(path)) continue;
    if (/\/index\.[cm]?[jt]sx?$/.test(path) && !/^packages\/[^/]+\/src\/index\.ts$/.test(path)) {
      problems.push(`${path}: only src/index.ts may be called index; name this file after what it holds`);
    }
    const rule = Object.hasOwn(rooms, from) ? rooms[from] : undefined;
    if (rule === undefined) {
      if (!unknown.has(from)) problems.push(`${path}: the room ${from} has no row in the imports table; give it a row`);
      unknown.add(from);
      continue;
    }
    for (const specifier of new Set(specifiers(text))) {
      const target = resolve(path, specifier);
      if (target.kind === 'room' && target.name !== from) {
        edges.set(from, (edges.get(from) ?? new Set()).add(target.name));
      }
      const mayBe = rule.types?.includes(target.kind === 'room' ? target.name : '') && isTypeOnly(text, specifier);
      const reason = mayBe ? undefined : refusal(rule, from, target, declared(files, path));
      if (reason) problems.push(`${path}: ${from} may not import ${specifier} (${reason})`);
    }
  }
  return [...problems, ...cycles(edges)];
}

/** The room a source file lives in; undefined when it is no package source. */
function roomOf(path: string): string | undefined {
  const [, pkg, inner] = SOURCE.exec(path) ?? [];
  if (pkg === undefined || inner === undefined) return undefined;
  if (pkg !== DIVIDED) return pkg;
  const slash = inner.indexOf('/');
  return slash < 0 ? 'main' : inner.slice(0, slash);
}

/** Everything a file imports: static, type-only, re-exported, dynamic, `import('…').Type`, require, and type references. */
function specifiers(text: string): string[] {
  const { importedFiles, referencedFiles, typeReferenceDirectives } = ts.preProcessFile(text, true, true);
  return [
    ...importedFiles.map(({ fileName }) => fileName),
    ...referencedFiles.map(({ fileName }) => (fileName.startsWith('.') ? fileName : `./${fileName}`)),
    ...typeReferenceDirectives.map(({ fileName }) => (fileName === 'node' ? 'node:module' : fileName)),
  ];
}

/** Whether every import and re-export of the specifier in the text is `import type`, so that none is left at run time. */
function isTypeOnly(text: string, specifier: string): boolean {
  const { statements } = ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest);
  const named = statements.filter(
    (statement) =>
      (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) &&
      statement.moduleSpecifier !== undefined &&
      (statement.moduleSpecifier as ts.StringLiteral).text === specifier,
  );
  return (
    named.length > 0 &&
    named.every((statement) =>
      ts.isImportDeclaration(statement)
        ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
        : (statement as ts.ExportDeclaration).isTypeOnly,
    )
  );
}

function resolve(path: string, specifier: string): Target {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    const root = /^packages\/[^/]+\/src\//.exec(path)?.[0] ?? '';
    if (!target.startsWith(root)) return { kind: 'outside' };
    return { kind: 'room', name: roomOf(/\.[cm]?[jt]sx?$/.test(target) ? target : `${target}.ts`) ?? 'main' };
  }
  if (specifier.startsWith('node:') || BUILTINS.has(specifier)) return { kind: 'builtin' };
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const own = /^@latchkey\/(.+)$/.exec(name)?.[1];
  if (own !== undefined) return { kind: 'room', name: own === DIVIDED ? 'main' : own };
  return { kind: 'npm', name };
}

/** Why this import breaks the room's row; undefined when it is allowed. */
function refusal(rule: Room, from: string, target: Target, dependencies: readonly string[]): string | undefined {
  switch (target.kind) {
    case 'outside':
      return 'a path out of the package; import the package by its name';
    case 'builtin':
      return rule.builtins ? undefined : 'no Node built-ins here';
    case 'npm': {
      const allowed = rule.npm === 'declared' ? dependencies : rule.npm;
      if (allowed.includes(target.name)) return undefined;
      return rule.npm === 'declared' ? "not a dependency in the package's package.json" : `npm: ${list(allowed)}`;
    }
    case 'room':
      if (target.name === from || rule.rooms === 'all' || rule.rooms.includes(target.name)) return undefined;
      return `rooms: ${list(rule.rooms)}`;
  }
}

const list = (names: readonly string[]) => (names.length ? `only ${names.join(', ')}` : 'none');

/** The packages that the importing package declares for run time. */
function declared(files: ReadonlyMap<string, string>, path: string): string[] {
  const manifest = files.get(`${path.split('/').slice(0, 2).join('/')}/package.json`);
  const { dependencies, peerDependencies, optionalDependencies } = JSON.parse(manifest ?? '{}');
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
}

/** Names each cycle between rooms once. It looks at what is imported, so a table that allows a cycle is caught too. */
function cycles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const found = new Map<string, string>();
  const visit = (room: string, trail: readonly string[]): void => {
    const start = trail.indexOf(room);
    if (start >= 0) {
      const loop = trail.slice(start);
      const name = [...loop].sort().join();
      if (!found.has(name)) found.set(name, `cycle between rooms: ${[...loop, room].join(' → ')}`);
      return;
    }
    for (const next of edges.get(room) ?? []) visit(next, [...trail, room]);
  };
  for (const room of edges.keys()) visit(room, []);
  return [...found.values()];
}
