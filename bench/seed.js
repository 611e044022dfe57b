// The database that the measured servers stand on: one project with many keys, made through the product itself.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLatchkey } from '../packages/server/dist/index.js';

/** Limits that no run reaches: what is measured is the way through, with the limiter at work. */
export const PER_MINUTE = 1_000_000_000;

/** One key of each tier, by its name. @returns {Promise<Record<string, string>>} */
export async function seedTiers({ dataDir, tiers, pepper, masterKey, rootKey }) {
  const latchkey = await createLatchkey({ profile: 'swaypi', dataDir, pepper, masterKey, rootKey });
  const organization = await latchkey.organizations.create({ name: 'Bench' });
  const project = await latchkey.projects.create({ organizationId: organization.id, name: 'Bench' });
  const secrets = {};
  for (const tier of tiers) {
    const limits = { perMinute: PER_MINUTE, perDay: PER_MINUTE };
    secrets[tier] = (await latchkey.keys.create({ projectId: project.id, name: tier, tier, limits })).secret;
  }
  await latchkey.close();
  return secrets;
}

/** @returns {Promise<{id: string, secret: string}[]>} */
export async function seed({ dataDir, count, pepper, masterKey, rootKey }) {
  mkdirSync(dataDir, { recursive: true });
  const latchkey = await createLatchkey({ profile: 'swaypi', dataDir, pepper, masterKey, rootKey });
  const organization = await latchkey.organizations.create({ name: 'Bench' });
  const project = await latchkey.projects.create({ organizationId: organization.id, name: 'Bench' });
  const keys = [];
  for (let at = 0; at < count; at += 100) {
    const batch = await Promise.all(
      Array.from({ length: Math.min(100, count - at) }, (_, offset) =>
        latchkey.keys.create({
          projectId: project.id,
          name: `key ${at + offset}`,
          tier: 'platform',
          limits: { perMinute: PER_MINUTE, perDay: PER_MINUTE },
        }),
      ),
    );
    keys.push(...batch.map(({ key, secret }) => ({ id: key.id, secret })));
  }
  await latchkey.close();
  writeFileSync(join(dataDir, 'keys.json'), JSON.stringify(keys), { mode: 0o600 });
  return keys;
}

export const readKeys = (dataDir) => JSON.parse(readFileSync(join(dataDir, 'keys.json'), 'utf8'));
