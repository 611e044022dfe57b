// The calls themselves as rows: which operation each runs, and how its messages become input and output. Protocols are elsewhere.

import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { LatchkeyError, type OperationName, type OperationOutput, type Operations, type Reason } from '@latchkey/core';
import type { RawInput } from '../operations/engine.js';
import { APIKeyService } from './generated/latchkey/v1/api_key_service_pb.js';
import { createKeyBody, keyMessage, MODELS, present, timestamp } from './messages.js';

export interface KeyCall<
  Input extends DescMessage = DescMessage,
  Output extends DescMessage = DescMessage,
  Name extends OperationName = OperationName,
> {
  method: DescMethodUnary<Input, Output>;
  operation: Name;
  input(message: MessageShape<Input>): RawInput;
  /** @throws LatchkeyError where the operation answers what the call does not */
  output(answer: OperationOutput<Operations[Name]>): MessageInitShape<Output>;
}

const call = <Input extends DescMessage, Output extends DescMessage, Name extends OperationName>(
  row: KeyCall<Input, Output, Name>,
): KeyCall => row as unknown as KeyCall;

/**
 * Reasons that speak of one request and not of its key: whose key it is can still be said. All others are answered alike,
 * so that nobody learns here which secrets were keys once.
 */
const KEY_LIVES: ReadonlySet<Reason | null> = new Set<Reason | null>([
  null,
  'ip_not_allowed',
  'referrer_not_allowed',
  'endpoint_not_allowed',
  'insufficient_permission',
  'tier_required',
  'batch_too_large',
  'rate_limited',
  'quota_exceeded',
  'concurrency_exceeded',
  'insufficient_credits',
]);

/** @throws LatchkeyError `not_found`, `unavailable` */
function projectOf({ reason, project, organization, key }: OperationOutput<Operations['verifyKey']>) {
  if (reason === 'unavailable') throw new LatchkeyError('unavailable');
  if (!KEY_LIVES.has(reason) || !project || !organization || !key) {
    throw new LatchkeyError('not_found', 'This is no living key.');
  }
  const { id, name, keyModel } = project;
  return { project: { id, name, keyModel: MODELS[keyModel] }, organization, key: keyMessage(key) };
}

const { method } = APIKeyService;

export const KEY_CALLS: readonly KeyCall[] = [
  call({
    method: method.createAPIKey,
    operation: 'createKey',
    input: (message) => ({ params: { projectId: message.projectId }, body: createKeyBody(message) }),
    output: ({ key, secret, webhookSecret }) => ({ key: keyMessage(key), ...present({ secret, webhookSecret }) }),
  }),
  call({
    method: method.rotateAPIKey,
    operation: 'rotateKey',
    input: ({ keyId }) => ({ params: { keyId } }),
    output: ({ key, secret, webhookSecret, previous: { id, graceEndsAt } }) => ({
      key: keyMessage(key),
      ...present({ secret, webhookSecret }),
      previous: { id, graceEndsAt: timestamp(graceEndsAt) },
    }),
  }),
  call({
    method: method.revokeAPIKey,
    operation: 'revokeKey',
    input: ({ keyId, reason, family }) => ({ params: { keyId }, body: { ...present({ reason }), family } }),
    output: ({ key, propagated }) => ({ key: keyMessage(key), propagated }),
  }),
  call({
    method: method.getProjectByAPIKey,
    operation: 'verifyKey',
    input: ({ secret }) => ({ body: { secret, cost: { requests: 0, credits: 0 } } }),
    output: projectOf,
  }),
];
