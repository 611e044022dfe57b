// The engine's own tests once more on a real PostgreSQL: what rests on its transactions, chains, ranks and ledgers.

import { afterAll, describe } from 'vitest';
import { worldsOn } from '../../packages/server/src/operations/world.suite.js';
import { findPostgres, startPostgres } from '../servers/postgres.js';

const SUITES = [
  'keys/legacy-swap',
  'keys/rotation',
  'keys/lifecycle',
  'audit',
  'tiers/tiers',
  'credits/credits',
  'replays',
  'idempotent-call',
];

if (findPostgres() === null) describe.skip('the engine on PostgreSQL', () => {});
else {
  const server = await startPostgres();
  worldsOn(() => server.database());
  afterAll(() => server.dispose());
  for (const name of SUITES) {
    describe(`on PostgreSQL: ${name}`, async () => {
      await import(`../../packages/server/src/operations/${name}.test.ts`);
    });
  }
}
