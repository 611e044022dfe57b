// Keys between their two forms: the JSON of the operations and the messages of the RPCs. No rule, no default.

import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { keyView } from '@latchkey/core';
import {
  type CreateAPIKeyRequest,
  type Credits,
  KeyModel,
  type KeySchema,
  KeyState,
  Mode,
  RefillPeriod,
  type Restrictions,
} from './generated/latchkey/v1/api_key_service_pb.js';

export const MODES = { live: Mode.LIVE, test: Mode.TEST } as const;
export const MODELS = { legacy: KeyModel.LEGACY, v2: KeyModel.V2 } as const;
const STATES = {
  active: KeyState.ACTIVE,
  disabled: KeyState.DISABLED,
  grace: KeyState.GRACE,
  revoked: KeyState.REVOKED,
  expired: KeyState.EXPIRED,
} as const;

const PERIODS = { day: RefillPeriod.DAY, month: RefillPeriod.MONTH } as const;

/** The text behind a value of an enum. One that nobody knows goes on as it is, to be refused by the operation. */
const textOf = (texts: Readonly<Record<string, number>>, value: number): string | number =>
  Object.entries(texts).find(([, known]) => known === value)?.[0] ?? value;

/** An object without the members that are null or undefined: a message says nothing of them. */
type Present<Value> = { [Name in keyof Value]: Exclude<Value[Name], null | undefined> };
export const present = <Value extends object>(value: Value): Partial<Present<Value>> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null && member !== undefined)) as Partial<
    Present<Value>
  >;

export const timestamp = (text: string): Timestamp => timestampFromMs(Date.parse(text));
const timestampOrNone = (text: string | null): Timestamp | null => (text === null ? null : timestamp(text));

/** Empty for a time that no calendar has: the operation refuses it as it refuses any other text. */
function timeText({ seconds, nanos }: Timestamp): string {
  const at = new Date(Number(seconds) * 1000 + Math.floor(nanos / 1_000_000));
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

type KeyJson = Omit<ReturnType<typeof keyView>, 'metadata'> & { metadata: object | null };

export function keyMessage(key: KeyJson): MessageInitShape<typeof KeySchema> {
  const { credits, restrictions, permissions, limits, metadata, rotateBy: _rotateBy, ...rest } = key;
  return present({
    ...rest,
    mode: MODES[key.mode],
    model: MODELS[key.model],
    state: STATES[key.state],
    permissions: permissions && { names: [...permissions] },
    restrictions: restrictions && present(restrictions),
    limits: limits && present(limits),
    credits: credits && {
      balance: BigInt(credits.balance),
      ...(credits.refill && {
        refill: { ...credits.refill, amount: BigInt(credits.refill.amount), every: PERIODS[credits.refill.every] },
      }),
    },
    metadata: metadata as MessageInitShape<typeof KeySchema>['metadata'],
    createdAt: timestamp(key.createdAt),
    expiresAt: timestampOrNone(key.expiresAt),
    lastUsedAt: timestampOrNone(key.lastUsedAt),
    graceEndsAt: timestampOrNone(key.graceEndsAt),
    revokedAt: timestampOrNone(key.revokedAt),
  }) as MessageInitShape<typeof KeySchema>;
}

const restrictionsOf = ({ ips, referrers, endpoints }: Restrictions) =>
  Object.fromEntries(Object.entries({ ips, referrers, endpoints }).filter(([, list]) => list.length > 0));

const creditsOf = ({ balance, refill }: Credits) => ({
  balance: Number(balance),
  ...(refill && {
    refill: {
      amount: Number(refill.amount),
      every: textOf(PERIODS, refill.every),
      ...present({ dayOfMonth: refill.dayOfMonth }),
    },
  }),
});

/** The body of createKey. */
export function createKeyBody(message: CreateAPIKeyRequest): object {
  const { name, mode, tier, permissions, restrictions, limits, credits, expiresAt } = message;
  const { metadata, ownerId, environment } = message;
  return {
    name,
    ...(mode !== Mode.UNSPECIFIED && { mode: textOf(MODES, mode) }),
    ...present({
      tier,
      permissions: permissions?.names,
      restrictions: restrictions && restrictionsOf(restrictions),
      limits: limits && present({ perMinute: limits.perMinute, perDay: limits.perDay, concurrent: limits.concurrent }),
      credits: credits && creditsOf(credits),
      expiresAt: expiresAt && timeText(expiresAt),
      metadata,
      ownerId,
      environment,
    }),
  };
}
