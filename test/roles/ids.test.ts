// Guarantees of tenancy: what belongs to another organization or person answers with the bytes of what is not there, whoever asks, and nothing is changed.

import { type OperationName, operations } from '@latchkey/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Answer } from '../../packages/server/src/accounts/world.suite.js';
import { INSTALLATION_CHAIN } from '../../packages/server/src/operations/commit-change.js';
import { type Caller, openStage, type Stage } from './stage.js';
import { type IdName, idsOf, inputFor, makersAt, missing } from './targets.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

/** Of the installation as a whole: everybody who may read tiers reads all of them. */
const NOBODYS: readonly IdName[] = ['tierId'];
/** These only narrow a list, so that an answer is an empty one. */
const FILTERS: readonly IdName[] = ['familyId', 'targetId', 'actorId'];

const asked = (Object.keys(operations) as OperationName[]).flatMap((name) =>
  idsOf(name).flatMap((id) => (NOBODYS.includes(id) ? [] : [[name, id] as const])),
);

/** The operator sees every organization, and nobody else's sessions. */
const strangers = (id: IdName): Caller[] =>
  stage.callers.filter(({ standing }) => standing !== 'operator' || id === 'sessionId');

const bytes = ({ status, text, headers, body }: Answer): string =>
  [status, headers.get('content-type'), text.replaceAll(body?.requestId ?? '\0', '')].join(' ');

/** Where each chain of the audit log ends: nothing is changed without an entry. */
async function ends(): Promise<string> {
  const { audit } = stage.served.latchkey.engine.services.store;
  const chains = [stage.own.organizationId, stage.foreign.organizationId, INSTALLATION_CHAIN];
  return JSON.stringify(await Promise.all(chains.map((chain) => audit.head(chain))));
}

let compared = 0;

it.each(asked)('%s with the %s of somebody else answers as with one that is not there', async (name, id) => {
  for (const caller of strangers(id)) {
    const foreign = await makersAt(stage, stage.foreign, caller)[id]();
    const input = await inputFor(stage, name, stage.own, caller, { [id]: foreign });
    const before = await ends();
    const theirs = await caller.ask(name, input);
    const none = await caller.ask(name, { ...input, [id]: missing(id) });
    const who = `${name} ${id} ${caller.standing}`;
    expect([who, bytes(theirs)]).toEqual([who, bytes(none)]);
    if (!FILTERS.includes(id)) expect([who, theirs.status >= 400]).toEqual([who, true]);
    expect([who, await ends()]).toEqual([who, before]);
    compared++;
  }
});

it('every id of every operation was asked, as everybody', () => {
  const callers = asked.reduce((sum, [, id]) => sum + strangers(id).length, 0);
  console.log(
    `ids: ${asked.length} ids of operations, ${compared} comparisons as ${stage.callers.length} callers, 0 told apart`,
  );
  expect(compared).toBe(callers);
});

it('everything of somebody else at once is as little', async () => {
  for (const [name] of asked) {
    for (const caller of stage.callers.filter(({ standing }) => standing !== 'operator')) {
      const before = await inputFor(stage, name, stage.foreign, caller);
      const at = await ends();
      const nothing = Object.fromEntries(
        Object.keys(before).map((member) => [member, /Id$/.test(member) ? missing(member as IdName) : before[member]]),
      );
      const theirs = await caller.ask(name, before);
      const none = await caller.ask(name, nothing);
      const who = `${name} ${caller.standing}`;
      expect([who, theirs.status >= 400, bytes(theirs)]).toEqual([who, true, bytes(none)]);
      expect([who, await ends()]).toEqual([who, at]);
    }
  }
}, 120_000);
