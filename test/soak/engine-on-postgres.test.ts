// The engine's own tests once more on a real PostgreSQL: what rests on its transactions, chains, ranks and ledgers.

import { afterAll, describe } from 'vitest';
import { worldsOn } from '../../packages/server/src/operations/world.suite.js';
import { findPostgres, startPostgres } from '../servers/postgres.js';

const SUITES: Readonly<Record<string, () => Promise<unknown>>> = {
  'keys/legacy-swap': () => import('../../packages/server/src/operations/keys/legacy-swap.test.js'),
  'keys/rotation': () => import('../../packages/server/src/operations/keys/rotation.test.js'),
  'keys/lifecycle': () => import('../../packages/server/src/operations/keys/lifecycle.test.js'),
  audit: () => import('../../packages/server/src/operations/audit.test.js'),
  'tiers/tiers': () => import('../../packages/server/src/operations/tiers/tiers.test.js'),
  'credits/credits': () => import('../../packages/server/src/operations/credits/credits.test.js'),
  'people/people': () => import('../../packages/server/src/operations/people/people.test.js'),
  replays: () => import('../../packages/server/src/operations/replays.test.js'),
  'idempotent-call': () => import('../../packages/server/src/operations/idempotent-call.test.js'),
};

if (findPostgres() === null) describe.skip('the engine on PostgreSQL', () => {});
else {
  const server = await startPostgres();
  worldsOn(() => server.database());
  afterAll(() => server.dispose(), 120_000);
  for (const [name, load] of Object.entries(SUITES)) {
    describe(`on PostgreSQL: ${name}`, async () => {
      await load();
    });
  }
}
