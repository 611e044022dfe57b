// Where tests that start servers leave their data, and the list of secrets that must not be found there. The search is in whole-run.ts.

import { hkdfSync } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Secret } from './encodings.js';

/** Set by whole-run.ts: the directory that is searched in the end, and the file (0600, outside of it) that lists the secrets. */
export const ROOT_VARIABLE = 'LATCHKEY_TEST_ROOT';
export const SECRETS_VARIABLE = 'LATCHKEY_TEST_SECRETS';

/** Files whose purpose is to hold secrets: what `latchkey dev` makes, and what tests hand to a server as `X_FILE`. */
export const SECRET_FILES = ['pepper', 'master-key', 'root-key'];

/** A new directory below the one that is searched when all tests are over. Tests leave it there. */
export function testDir(name: string): string {
  const root = process.env[ROOT_VARIABLE] ?? tmpdir();
  mkdirSync(root, { recursive: true, mode: 0o700 });
  return mkdtempSync(join(root, `${name}-`));
}

/** Adds secrets to the list: texts as they are, keys of a ring also as their bytes. */
export function keepSecret(...secrets: readonly (string | null | undefined)[]): void {
  const file = process.env[SECRETS_VARIABLE];
  if (file === undefined) return;
  const lines = secrets.filter((secret) => secret).map((secret) => `${secret}\n`);
  if (lines.some((line) => line.length < 17)) throw new Error('a secret this short would be found by accident');
  if (lines.length > 0) appendFileSync(file, lines.join(''), { mode: 0o600 });
}

/** A key's secret and the webhook secret that is derived from it (HKDF-SHA-256, as the reference says). */
export function keepKey(secret: string): void {
  const derived = Buffer.from(hkdfSync('sha256', secret, '', 'latchkey/webhook/v1', 32)).toString('base64');
  keepSecret(secret, `whsec_${derived}`);
}

/** The list; what is base64 of 32 bytes, alone or after `whsec_`, is searched for as bytes too. */
export function secretsIn(file: string): Secret[] {
  const lines = new Set(readFileSync(file, 'utf8').split('\n'));
  lines.delete('');
  return [...lines].flatMap((line): Secret[] => {
    const bytes = /^(?:whsec_)?([A-Za-z0-9+/]{43}=)$/.exec(line)?.[1];
    return bytes === undefined ? [line] : [line, Buffer.from(bytes, 'base64')];
  });
}
