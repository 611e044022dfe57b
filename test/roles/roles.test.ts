// Guarantees of the table of roles: every cell is asked over HTTP and answers as it was written down by hand, and no operation is without a row.

import { type OperationName, operations, roleTable, STANDINGS } from '@latchkey/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Answer } from '../../packages/server/src/accounts/world.suite.js';
import { COLUMNS, EXPECTED } from './expected.js';
import { openStage, type Stage } from './stage.js';
import { inputFor } from './targets.js';

const names = Object.keys(operations) as OperationName[];
const cellsOf = (name: OperationName): string[] => (EXPECTED[name] ?? '').trim().split(/ +/);

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

it('every operation has a row here and in the table, and every row is an operation', () => {
  expect([...COLUMNS]).toEqual([...STANDINGS]);
  expect(Object.keys(EXPECTED).sort()).toEqual([...names].sort());
  expect(Object.keys(roleTable).sort()).toEqual([...names].sort());
  for (const name of names) {
    expect([name, cellsOf(name).length]).toEqual([name, COLUMNS.length]);
    expect([name, cellsOf(name).filter((cell) => cell !== 'Y' && cell !== '-')]).toEqual([name, []]);
  }
});

/** Refused for who it is; any other answer means that the call was let in. */
const isRefused = ({ status, body }: Answer): boolean =>
  status === 401 || status === 404 || (status === 403 && ['forbidden', 'operator_only'].includes(body?.code));

/** Let in, and answered with an error for what the call says: nobody is in an invitation that never was, nor leaves as the last owner. */
const ANSWERS: Readonly<Record<string, number>> = {
  readInvitation: 410,
  acceptInvitation: 410,
  'leaveOrganization owner': 409,
};

it('every cell answers as it was written down', async () => {
  const allowed: string[] = [];
  const refused: string[] = [];
  const odd: string[] = [];
  let asked = 0;
  for (const name of names) {
    for (const caller of stage.callers) {
      const { standing } = caller;
      const reply = await caller.ask(name, await inputFor(stage, name, stage.own, caller));
      await stage.restore();
      asked++;
      const cell = `${name} ${standing}: ${reply.status} ${reply.body?.code ?? ''}`;
      const may = cellsOf(name)[COLUMNS.indexOf(standing)] === 'Y';
      if (may && isRefused(reply)) refused.push(cell);
      if (!may && !isRefused(reply)) allowed.push(cell);
      const expected = ANSWERS[`${name} ${standing}`] ?? ANSWERS[name] ?? operations[name].status;
      if (may && !isRefused(reply) && reply.status !== expected) odd.push(cell);
    }
  }
  console.log(`roles: ${asked} cells asked, ${allowed.length} extra allows, ${refused.length} extra refusals`);
  expect(asked).toBe(names.length * COLUMNS.length);
  expect(allowed, 'allowed and should not be').toEqual([]);
  expect(refused, 'refused and should not be').toEqual([]);
  expect(odd, 'let in, and not answered as it should be').toEqual([]);
}, 120_000);
