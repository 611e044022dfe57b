// The client's types, by hand and generated, against the operation table. The compiler judges them: `npm run typecheck`.

import { readFileSync } from 'node:fs';
import type { Reason as CoreReason, OperationCall, OperationOutput, Operations } from '@latchkey/core';
import { namespaces, operations, REASONS } from '@latchkey/core';
import type { Latchkey } from '@latchkey/server';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { renderClientOperations } from '../../../scripts/client-operations.mjs';
import type { LatchkeyClient } from './client.js';
import type { Key, ManagementMethods, OperationInputs, OperationOutputs } from './generated/operations.js';
import type { Reason, Verification, VerifyBatchAnswer, VerifyBatchInput, VerifyInput } from './types.js';

it('asks and answers what the operation table says, member by member', () => {
  expectTypeOf<VerifyInput>().toEqualTypeOf<OperationCall<Operations['verifyKey']>>();
  expectTypeOf<Verification>().toEqualTypeOf<OperationOutput<Operations['verifyKey']>>();
  expectTypeOf<VerifyBatchInput>().toEqualTypeOf<OperationCall<Operations['verifyKeys']>>();
  expectTypeOf<VerifyBatchAnswer>().toEqualTypeOf<OperationOutput<Operations['verifyKeys']>>();
  expectTypeOf<Key>().toEqualTypeOf<OperationOutput<Operations['getKey']>>();
});

it('knows every reason', () => {
  expectTypeOf<Reason>().toEqualTypeOf<CoreReason>();
  expectTypeOf<Reason>().toEqualTypeOf<(typeof REASONS)[number]>();
  expect(REASONS.length).toBeGreaterThan(0);
});

it('is called like the engine in process', () => {
  expectTypeOf<LatchkeyClient['verify']>().toExtend<(input: VerifyInput) => Promise<Verification>>();
  expectTypeOf<Latchkey['verify']>().toExtend<(input: VerifyInput) => Promise<Verification>>();
  expectTypeOf<Latchkey['keys']['verify']>().toExtend<(input: VerifyInput) => Promise<Verification>>();
  expectTypeOf<Latchkey['keys']['verifyBatch']>().toExtend<(input: VerifyBatchInput) => Promise<VerifyBatchAnswer>>();
});

describe('the management client', () => {
  const rows = operations;
  type Rows = typeof rows;
  type Name = keyof Rows;
  type Both<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

  it('is what `npm run docs` writes', () => {
    const text = renderClientOperations({ operations: rows, namespaces, toJSONSchema: z.toJSONSchema });
    const written = readFileSync(new URL('./generated/operations.ts', import.meta.url), 'utf8');
    expect(written === text, 'packages/client/src/generated/operations.ts: run `npm run docs`').toBe(true);
  });

  it('has a method for every operation, and each once', () => {
    const called = Object.values(namespaces).flatMap((methods) => Object.values(methods));
    expect([...called].sort()).toEqual(Object.keys(rows).sort());
  });

  it('answers what the operation table says, for every operation', () => {
    // A profile is any object to the client: its schema is judged where it is used.
    type Wrong = {
      [N in Exclude<Name, 'getProfile'>]: Both<OperationOutputs[N], OperationOutput<Rows[N]>> extends true ? never : N;
    }[Exclude<Name, 'getProfile'>];
    expectTypeOf<Wrong>().toEqualTypeOf<never>();
  });

  it('takes what the operation table says, for every operation', () => {
    // One way or the other: of a query the client offers numbers where texts are read too, and free-form JSON is `unknown` to it.
    type Refused = {
      [N in Name]: OperationInputs[N] extends OperationCall<Rows[N]>
        ? never
        : OperationCall<Rows[N]> extends OperationInputs[N]
          ? never
          : N;
    }[Name];
    expectTypeOf<Refused>().toEqualTypeOf<never>();
    type Names<Input> = string extends keyof Input ? never : keyof Input;
    type Unknown = {
      [N in Name]: Both<Names<OperationInputs[N]>, Names<OperationCall<Rows[N]>>> extends true ? never : N;
    }[Name];
    expectTypeOf<Unknown>().toEqualTypeOf<never>();
  });

  it('is called like the engine in process', () => {
    type Spaces = keyof ManagementMethods & keyof Latchkey;
    type Missing = { [S in Spaces]: Exclude<keyof Latchkey[S], keyof ManagementMethods[S]> }[Spaces];
    expectTypeOf<Missing>().toEqualTypeOf<never>();
  });
});
