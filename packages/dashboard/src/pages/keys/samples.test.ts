// The lines behind a new key: they run as they are, and the secret stands in one of them only.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { profileSchema } from '../../../../core/src/profile/schema.js';
import { firstCalls } from './samples';

const PROFILES = new URL('../../../../../profiles/', import.meta.url);
const SECRET = "sk_live_it's-a-secret";
const profiles = readdirSync(PROFILES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => profileSchema.parse(JSON.parse(readFileSync(new URL(`${name}/profile.json`, PROFILES), 'utf8'))));

describe.each(profiles.map((profile) => [profile.name, profile] as const))('%s', (_, profile) => {
  const [curl, javascript, python] = firstCalls(profile, SECRET).map(({ code }) => code);
  const place = profile.wire.credential;
  const value = 'scheme' in place ? `${place.scheme} ${SECRET}` : SECRET;

  it('calls with curl as the profile reads it, in a real shell', () => {
    const script = `curl() { printf '%s\\n' "$@"; }\n${curl}`;
    const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\n');
    expect(words.map((word) => word.toLowerCase())).toContain(`${place.header}: ${value}`.toLowerCase());
    expect(words).toContain(`${profile.guide.baseUrl}${profile.samples[0]?.path ?? '/'}`);
  });

  it('calls with JavaScript as the profile reads it', async () => {
    const calls: [string, { headers: Record<string, string> }][] = [];
    const fetch = async (url: string, init: { headers: Record<string, string> }) => {
      calls.push([url, init]);
      return new Response('');
    };
    const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
    const environment = { env: { [profile.guide.environmentVariable]: SECRET } };
    await new AsyncFunction('fetch', 'process', 'console', javascript ?? '')(fetch, environment, { log: () => {} });
    const headers = Object.entries(calls[0]?.[1].headers ?? {}).map(([name, text]) => [name.toLowerCase(), text]);
    expect(headers).toContainEqual([place.header, value]);
  });

  it('holds the secret in the line that sets the variable, and in no program', () => {
    expect(curl?.split('\n').filter((line) => line.includes('a-secret'))).toHaveLength(1);
    expect(javascript).not.toContain('a-secret');
    expect(python).not.toContain('a-secret');
    expect(
      firstCalls(profile, null)
        .map(({ code }) => code)
        .join(),
    ).not.toContain('export ');
  });
});

it('writes JSON as Python does, and leaves texts alone', () => {
  const [profile] = profiles;
  const body = { stream: true, seed: null, prompt: 'true "null" false' };
  const samples = [{ title: 'x', method: 'POST', path: '/x', headers: {}, body }];
  const python = firstCalls({ ...(profile as NonNullable<typeof profile>), samples }, null)[2]?.code;
  expect(python).toContain('"stream": True');
  expect(python).toContain('"seed": None');
  expect(python).toContain(String.raw`"true \"null\" false"`);
});
