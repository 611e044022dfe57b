// Commits to a store as fast as it can and prints what was acknowledged, until it is killed. Run from the sources by tests.

import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

/** Lets Node run the TypeScript sources: `./x.js` is `./x.ts`, and @latchkey/core is its folder. */
export async function resolve(specifier, context, next) {
  if (specifier === '@latchkey/core')
    return { url: new URL('../../../core/src/index.ts', import.meta.url).href, shortCircuit: true };
  if (specifier.startsWith('.') && context.parentURL?.endsWith('.ts'))
    return { url: new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL).href, shortCircuit: true };
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { default: ts } = await import('typescript');
  const { outputText } = ts.transpileModule(readFileSync(fileURLToPath(url), 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
  });
  return { format: 'module', source: outputText, shortCircuit: true };
}

if (isMainThread) {
  register(import.meta.url);
  const { openSqliteStore } = await import(new URL('./open-store.ts', import.meta.url).href);
  const [file, round] = process.argv.slice(2);
  const store = await openSqliteStore({ file });
  const acknowledge = (line) => process.stdout.write(`${line}\n`);
  acknowledge('ready');
  for (let at = 0; ; at++) {
    const id = `${round}-${at}`;
    await store.transaction(async (view) => {
      await view.settings.set(`${id}-first`, id);
      await view.settings.set(`${id}-second`, id);
    });
    acknowledge(`pair ${id}`);
    await Promise.all([store.raiseDay(`family-${round}`, 1, at + 1), store.raiseDay('shared', 1, at + 1)]);
    acknowledge(`day ${at + 1}`);
  }
}
