// The client's hand-written types against the operation table. The compiler judges them: `npm run typecheck`.

import type { Reason as CoreReason, OperationCall, OperationOutput, Operations } from '@latchkey/core';
import { REASONS } from '@latchkey/core';
import type { Latchkey } from '@latchkey/server';
import { expect, expectTypeOf, it } from 'vitest';
import type { LatchkeyClient } from './client.js';
import type { Key, Reason, Verification, VerifyBatchAnswer, VerifyBatchInput, VerifyInput } from './types.js';

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
