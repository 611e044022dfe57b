// One acceptance run of one profile and one seed: makes keys over the management API and asks the gateway. Expects nothing itself.

import { type Answer, type Question, send } from '../client.js';
import { type Ledger, openLedger } from '../ledger.js';
import { type ProfileName, prefixOf, presented, secretFaults } from '../oracle.js';
import { type Random, randomOf } from '../random.js';
import type { LatchkeyProcess } from '../server.js';

export interface Key {
  id: string;
  projectId: string;
  familyId: string;
  name: string;
  prefix: string;
  hint: string;
  mode: string;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
}
export interface MadeKey {
  key: Key;
  secret: string;
}
export interface Rotated extends MadeKey {
  previous: { id: string; graceEndsAt: string };
}

export interface Run {
  readonly server: LatchkeyProcess;
  readonly profile: ProfileName;
  readonly seed: number;
  readonly random: Random;
  readonly ledger: Ledger;
  newOrganization(): Promise<string>;
  newProject(settings?: { organizationId?: string; keyModel?: 'v2' | 'legacy' }): Promise<string>;
  /** Makes a key with a random name, unless one is given, and checks what was made. */
  newKey(settings?: Record<string, unknown>, projectId?: string): Promise<MadeKey>;
  rotate(key: Key, body?: Record<string, unknown>): Promise<Rotated>;
  /** Asks the gateway with a secret, or with none. */
  ask(secret: string | null, question: Question): Promise<Answer>;
}

export async function openRun(server: LatchkeyProcess, profile: ProfileName, seed: number, purpose = ''): Promise<Run> {
  const random = randomOf(seed, `${profile}${purpose}`);
  const secrets: string[] = [];
  const ledger = openLedger(profile, seed, () => secrets);
  const make = async <T>(path: string, body: unknown): Promise<T> => server.ask<T>('POST', path, body);
  const newOrganization = async (): Promise<string> =>
    (await make<{ id: string }>('/v1/organizations', { name: random.name() })).id;
  const home = await newOrganization();
  const newProject: Run['newProject'] = async ({ organizationId = home, keyModel } = {}) => {
    const settings = { organizationId, name: random.name(), ...(keyModel && { keyModel }) };
    return (await make<{ id: string }>('/v1/projects', settings)).id;
  };
  const homeProject = await newProject();

  const check = async ({ key, secret }: MadeKey, name: string): Promise<void> => {
    secrets.push(secret);
    const shown = await server.api('GET', `/v1/keys/${key.id}`);
    ledger.note('keys made', 'secret, prefix, hint and name; the secret shown once', [
      ...secretFaults(secret, prefixOf(profile, key.mode)),
      ...(secret.startsWith(key.prefix) && key.prefix === prefixOf(profile, key.mode)
        ? []
        : [`prefix is ${key.prefix}`]),
      ...(secret.endsWith(key.hint) && key.hint.length === 4 ? [] : ['the hint is not the last four characters']),
      ...(key.name === name ? [] : [`the name is ${key.name}, not ${name}`]),
      ...(shown.status === 200 && !shown.text.includes(secret) ? [] : ['reading the key fails or shows its secret']),
    ]);
  };

  return {
    server,
    profile,
    seed,
    random,
    ledger,
    newOrganization,
    newProject,
    async newKey(settings = {}, projectId = homeProject) {
      const name = (settings.name as string | undefined) ?? random.name();
      const made = await make<MadeKey>(`/v1/projects/${projectId}/keys`, { ...settings, name });
      await check(made, name);
      return made;
    },
    async rotate(key, body = {}) {
      const made = await make<Rotated>(`/v1/keys/${key.id}/rotate`, body);
      await check(made, key.name);
      return made;
    },
    ask: (secret, question) =>
      send(server.gateway, {
        ...question,
        headers: { ...(secret !== null && presented(profile, secret)), ...question.headers },
      }),
  };
}
