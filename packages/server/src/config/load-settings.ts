// Settings from their four sources: flag, environment, config file, default, the first that has one. Read when asked, never at import.

import { existsSync, readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LatchkeyError } from '@latchkey/core';
import { configFileSchema, SETTINGS, type Setting, type SettingName, type Settings } from './settings.js';

export interface SettingSources {
  /** Values given on the command line, by member name. */
  flags?: Partial<Record<SettingName, unknown>>;
  env: Readonly<Record<string, string | undefined>>;
  /** A config file; absent: `latchkey.config.json` or `.mjs` in `cwd` when there. */
  file?: string | undefined;
  cwd: string;
}

const CONFIG_FILES = ['latchkey.config.json', 'latchkey.config.mjs'];
const misused = (detail: string): LatchkeyError => new LatchkeyError('invalid_request', detail);
const invalid = (detail: string, cause?: unknown): LatchkeyError =>
  new LatchkeyError('configuration_invalid', detail, { cause });

/** @throws LatchkeyError naming the setting, its source and the fix: `invalid_request` for a flag, else `configuration_invalid` */
export async function loadSettings({ flags = {}, env, file, cwd }: SettingSources): Promise<Settings> {
  const fromFile = await readConfigFile(file, cwd);
  const settings: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(SETTINGS) as [SettingName, Setting][]) {
    const flag = flags[name];
    if (flag === '') throw misused(`--${dashed(name)} is empty. ${setting.description}`);
    const value = flag ?? readEnvironment(setting, env, cwd) ?? fromFile[name];
    const judged = setting.schema.safeParse(value);
    if (!judged.success) {
      const problem = `${judged.error.issues[0]?.message ?? 'is invalid'}. ${setting.description}`;
      throw flag === undefined ? invalid(`${setting.env} ${problem}`) : misused(`--${dashed(name)} ${problem}`);
    }
    settings[name] = judged.data;
    if (name === 'dataDir') settings.dataDirGiven = value !== undefined;
    if (name === 'publicUrl' && value === undefined && settings.port !== 0)
      settings.publicUrl = `http://localhost:${settings.port}`;
  }
  const ringFile = (name: 'LATCHKEY_PEPPER' | 'LATCHKEY_MASTER_KEY'): string | undefined =>
    !env[name] && env[`${name}_FILE`] ? resolve(cwd, env[`${name}_FILE`] as string) : undefined;
  const pepperFile = ringFile('LATCHKEY_PEPPER');
  const masterKeyFile = ringFile('LATCHKEY_MASTER_KEY');
  const loaded = {
    ...settings,
    ...(pepperFile && { pepperFile }),
    ...(masterKeyFile && { masterKeyFile }),
  } as Settings;
  return loaded;
}

function readEnvironment({ env: name, secret }: Setting, env: SettingSources['env'], cwd: string): string | undefined {
  const direct = env[name];
  const file = secret ? env[`${name}_FILE`] : undefined;
  if (direct && file) throw invalid(`${name} and ${name}_FILE are both set. Keep one.`);
  if (!file) return direct || undefined;
  try {
    return readFileSync(resolve(cwd, file), 'utf8').trim();
  } catch (cause) {
    throw invalid(`${name}_FILE names ${file}, which cannot be read.`, cause);
  }
}

async function readConfigFile(file: string | undefined, cwd: string): Promise<Record<string, unknown>> {
  const here = CONFIG_FILES.map((name) => resolve(cwd, name)).filter((path) => existsSync(path));
  if (file === undefined && here.length > 1) throw invalid(`${here.join(' and ')} are both there. Keep one.`);
  const path = file === undefined ? here[0] : resolve(cwd, file);
  if (path === undefined) return {};
  let content: unknown;
  try {
    content =
      extname(path) === '.json'
        ? JSON.parse(readFileSync(path, 'utf8'))
        : (await import(pathToFileURL(path).href)).default;
  } catch (cause) {
    throw invalid(
      `The config file ${path} cannot be read: ${cause instanceof Error ? cause.message : 'unknown reason'}.`,
      cause,
    );
  }
  const judged = configFileSchema.safeParse(content);
  if (!judged.success) {
    const issue = judged.error.issues[0];
    const named = issue?.code === 'unrecognized_keys' ? issue.keys : [];
    const secret = named.find((name) => SETTINGS[name as SettingName]?.secret);
    if (secret !== undefined) {
      const variable = SETTINGS[secret as SettingName].env;
      throw invalid(
        `The config file ${path} holds ${secret}, a secret. Its place is ${variable} or a file named by ${variable}_FILE.`,
      );
    }
    throw invalid(
      `The config file ${path}: ${issue?.path.join('.') || 'its content'} ${issue?.message ?? 'is invalid'}.`,
    );
  }
  return content as Record<string, unknown>;
}

export const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
