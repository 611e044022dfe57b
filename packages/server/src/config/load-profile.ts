// Profiles from disk: by the name of one that ships with Latchkey, or by path.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fieldErrors, LatchkeyError, type Profile, profileSchema } from '@latchkey/core';

/** Built packages carry their profiles beside the code; a source tree has them at its root. */
const PROFILE_DIRS = ['../profiles', '../../../../profiles'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

export const shippedProfilesDir = (): string =>
  PROFILE_DIRS.find((dir) => existsSync(dir)) ?? (PROFILE_DIRS[0] as string);

export const shippedProfiles = (): string[] =>
  readdirSync(shippedProfilesDir(), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(shippedProfilesDir(), entry.name, 'profile.json')))
    .map(({ name }) => name)
    .sort();

/** @throws LatchkeyError `configuration_invalid` with every place that is wrong */
export function loadProfile(nameOrPath: string, cwd = process.cwd()): Profile {
  const isName = /^[a-z][a-z0-9-]*$/.test(nameOrPath);
  const file = isName ? join(shippedProfilesDir(), nameOrPath, 'profile.json') : resolve(cwd, nameOrPath);
  if (isName && !existsSync(file)) {
    throw new LatchkeyError(
      'configuration_invalid',
      `There is no profile ${nameOrPath}. Shipped are ${shippedProfiles().join(', ')}; a path to a profile.json works too.`,
    );
  }
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new LatchkeyError(
      'configuration_invalid',
      `The profile ${file} cannot be read: ${cause instanceof Error ? cause.message : 'unknown reason'}`,
      { cause },
    );
  }
  const judged = profileSchema.safeParse(content);
  if (judged.success) return judged.data;
  const errors = fieldErrors(judged.error, '');
  const places = errors.map(({ path, message }) => `${path}: ${message}`).join('\n  ');
  throw new LatchkeyError('configuration_invalid', `The profile ${file} does not fit:\n  ${places}`, { errors });
}
