// The first steps of an explanation: which key is meant, by its id or by what a request presents, and where finding it ended.

import {
  type ExplainedCheck,
  type JsonObject,
  LatchkeyError,
  type OperationInput,
  type Operations,
  type Reason,
  refusalText,
  type Snapshot,
  type StepName,
  unreached,
} from '@latchkey/core';
import type { Call, VerifyRequest } from './engine.js';
import { credentialOf, lookUp } from './find-key.js';
import { notFound } from './keys/record.js';
import type { Services } from './services.js';
import { requestOf } from './verify-key.js';

type Question = OperationInput<Operations['explainKey']>;

export interface Identity {
  request: VerifyRequest;
  steps: ExplainedCheck[];
  /** null: there is no such key, or none was presented. */
  snapshot: Snapshot | null;
}

/** @throws LatchkeyError `invalid_request`; `not_found` for an id that is not there */
export async function identify(services: Services, question: Question, call: Call): Promise<Identity> {
  const { keyId, tier: _tier, ...asked } = question;
  if (keyId === undefined) {
    const request = requestOf(asked, call.requestId);
    return { request, ...(await bySecret(services, request)) };
  }
  if (asked.secret !== undefined || asked.request?.headers !== undefined) {
    throw new LatchkeyError('invalid_request', 'Name the key once: by `keyId`, or by what it presents.', {
      errors: [
        {
          path: 'body.keyId',
          message: 'stands beside a secret or headers',
          fix: 'Send keyId alone, or the presented secret alone.',
        },
      ],
    });
  }
  return { request: requestOf({ ...asked, secret: null }, call.requestId), ...(await byId(services, keyId)) };
}

const BY_ID = 'The key was named by its id; nothing was presented.';

async function byId(services: Services, keyId: string) {
  const key = await services.store.keys.get(keyId);
  const snapshot = key && (await services.cache.find([key.digest])).snapshot;
  if (!snapshot) throw notFound('key');
  const steps = (['credential', 'checksum', 'lookup'] as const).map((name) => step(name, 'not_applicable', BY_ID));
  return { snapshot, steps };
}

async function bySecret(services: Services, request: VerifyRequest): Promise<Omit<Identity, 'request'>> {
  const { profile } = services;
  const place = profile.wire.credential;
  const rule = { header: place.header, scheme: 'scheme' in place ? place.scheme : null };
  const reading = credentialOf(profile, request);
  if ('reason' in reading) {
    const { reason } = reading;
    const failed = step('credential', 'failed', refusalText(reason, {}), { rule, reason });
    return { snapshot: null, steps: [failed, unreached('checksum'), unreached('lookup')] };
  }
  const text = 'There is one credential, in the place and form of the profile.';
  const found = await lookUp(services, reading.secret);
  return {
    snapshot: 'snapshot' in found ? found.snapshot : null,
    steps: [step('credential', 'passed', text, { rule }), ...findingSteps(profile.policy.prefixes, found)],
  };
}

type Found = Awaited<ReturnType<typeof lookUp>>;

function findingSteps(prefixes: { live: string; test?: string | undefined }, found: Found): ExplainedCheck[] {
  const { shape } = found;
  const data = {
    rule: { prefixes: prefixes.test === undefined ? [prefixes.live] : [prefixes.live, prefixes.test] },
    fact: { shape },
  };
  if ('reason' in found && found.reason === 'mistyped_key') {
    const text = refusalText(found.reason, {});
    return [step('checksum', 'failed', text, { ...data, reason: found.reason }), unreached('lookup')];
  }
  const checksum =
    shape === 'sound'
      ? step('checksum', 'passed', 'Prefix and checksum are those of a key made here.', data)
      : step('checksum', 'not_applicable', 'It has no checksum of ours: only the lookup can tell.', data);
  return [
    checksum,
    'snapshot' in found
      ? step('lookup', 'passed', 'The key is known.', { fact: { keyId: found.snapshot.key.id } })
      : step('lookup', 'failed', refusalText(found.reason, {}), {
          reason: found.reason,
        }),
  ];
}

const step = (
  name: StepName,
  outcome: ExplainedCheck['outcome'],
  text: string,
  more: { rule?: JsonObject; fact?: JsonObject; reason?: Reason } = {},
): ExplainedCheck => ({ name, outcome, reason: null, text, rule: {}, fact: {}, required: null, ...more });
