// The rows of credits: adjusting, reading the ledger, and reservations for what costs are known of late.

import { z } from 'zod';
import { CREDIT_KINDS, MOST_AT_ONCE, MOST_CREDITS, RESERVATION_STATES } from '../../credit/account.js';
import { REASONS } from '../../verify/reasons.js';
import * as v from '../values.js';
import { keyObject, keyParams, listOf, none, page, row } from './row.js';
import { verifyBody } from './verification.js';

const entryObject = z
  .object({
    sequence: z.int().meta({ description: 'Counts the entries of a family from 1, without a gap' }),
    kind: z.enum(CREDIT_KINDS),
    amount: z.int().meta({ description: 'What it added to the balance; negative: what it took' }),
    balanceAfter: z.int(),
    at: v.time,
    keyId: z.string().nullable().meta({ description: 'The generation that spent; null: of the family as a whole' }),
    requestId: z.string().nullable(),
    reservationId: z.string().nullable(),
    actorId: z.string().nullable().meta({ description: 'Who did it; null: it came due by itself' }),
  })
  .meta({ id: 'CreditEntry' });

const reservationObject = z
  .object({
    id: z.string(),
    keyId: z.string(),
    requestId: z.string(),
    reserved: z.int().meta({ description: 'What was put aside' }),
    credits: z.int().meta({
      description: 'What it counts for now: all of it while open, what it came to once settled, else 0',
    }),
    state: z.enum(RESERVATION_STATES),
    createdAt: v.time,
    expiresAt: v.time.meta({ description: 'When it returns by itself unless it was ended' }),
    closedAt: v.time.nullable(),
  })
  .meta({ id: 'Reservation' });

const reservationParams = z.strictObject({ reservationId: v.id });

export const creditRows = {
  adjustCredits: row({
    tag: 'Credits',
    summary: "Add to a key's credits, set them, or change their refill",
    description:
      'Send `add` (negative takes) or `set`, and `refill` with or without one of them; `set: null` bounds the key no more. The very next request sees it. All generations of the key share one balance. With an Idempotency-Key a retry within 10 minutes changes nothing more and gets the same answer.',
    method: 'POST',
    path: '/v1/keys/:keyId/credits',
    params: keyParams,
    query: none,
    body: z
      .strictObject({
        add: z.int().min(-MOST_CREDITS).max(MOST_CREDITS).optional(),
        set: z.int().min(0).max(MOST_CREDITS).nullable().optional(),
        refill: v.refill.nullable().optional().meta({ description: 'null: refilled no more' }),
      })
      .refine(
        ({ add, set, refill }) => [add, set, refill].some((given) => given !== undefined),
        'needs add, set or refill',
      )
      .refine(({ add, set }) => add === undefined || set === undefined, 'takes either add or set')
      .refine(({ set, refill }) => set !== null || refill == null, 'an unbounded key has no refill'),
    output: keyObject,
    status: 200,
    permission: 'credits.adjust',
    audience: 'operator',
    idempotent: true,
    errors: ['not_found', 'credits_unbounded', 'credits_out_of_range'],
  }),
  listCreditEntries: row({
    tag: 'Credits',
    summary: "Read the ledger of a key's credits, newest first",
    description: 'Every change of the balance is one entry; the sum of all amounts is the balance.',
    method: 'GET',
    path: '/v1/keys/:keyId/credits/ledger',
    params: keyParams,
    query: page,
    body: null,
    output: listOf(entryObject),
    status: 200,
    permission: 'credits.read',
    audience: 'manager',
    idempotent: false,
    errors: ['not_found', 'invalid_cursor'],
  }),
  reserveCredits: row({
    tag: 'Credits',
    summary: 'Put credits aside until it is known what something costs',
    description:
      'Takes no rate limit. Answers 200 whether the key may or not; `valid` and `reason` say which. `reservation` is null for a key that is not bounded by credits, and for test keys: there is nothing to settle. The same `requestId` again answers the same reservation. One that nobody ends returns when it expires, once.',
    method: 'POST',
    path: '/v1/reservations',
    params: none,
    query: none,
    body: z.strictObject({
      secret: verifyBody.shape.secret.meta({ description: 'The presented secret, in place of `keyId`' }),
      keyId: v.id.optional().meta({ description: 'A key that was verified before, in place of `secret`' }),
      request: verifyBody.shape.request,
      credits: z.int().min(1).max(MOST_AT_ONCE),
      requestId: v.requestId,
      expiresInSeconds: z.int().min(1).max(604_800).default(3600),
    }),
    output: z.object({
      valid: z.boolean(),
      reason: z.enum(REASONS).nullable(),
      reservation: reservationObject.nullable(),
      balance: z.int().nullable().meta({ description: 'Credits left; null: not bounded, or the key is refused' }),
    }),
    status: 200,
    permission: 'credits.reserve',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  getReservation: row({
    tag: 'Credits',
    summary: 'Read a reservation',
    method: 'GET',
    path: '/v1/reservations/:reservationId',
    params: reservationParams,
    query: none,
    body: null,
    output: reservationObject,
    status: 200,
    permission: 'credits.reserve',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found'],
  }),
  settleReservation: row({
    tag: 'Credits',
    summary: 'Say what a reservation came to; the rest returns',
    description: 'Again with the same figure: the same answer. One that was ended otherwise is 409, naming its state.',
    method: 'POST',
    path: '/v1/reservations/:reservationId/settle',
    params: reservationParams,
    query: none,
    body: z.strictObject({ credits: z.int().min(0).max(MOST_AT_ONCE) }),
    output: reservationObject,
    status: 200,
    permission: 'credits.reserve',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found', 'reservation_not_open', 'settles_above_reservation'],
  }),
  refundReservation: row({
    tag: 'Credits',
    summary: 'Give a reservation back',
    description: 'Again: the same answer. One that was ended otherwise is 409, naming its state.',
    method: 'POST',
    path: '/v1/reservations/:reservationId/refund',
    params: reservationParams,
    query: none,
    body: none,
    output: reservationObject,
    status: 200,
    permission: 'credits.reserve',
    audience: 'operator',
    idempotent: false,
    errors: ['not_found', 'reservation_not_open'],
  }),
} as const;
