// Suward: payments, each project's apart. Never catches a repeated request: that is what the gateway is there for.

import { STATUS_CODES } from 'node:http';
import { a, createApi, createShelf, header, newId, notFound, optional, serveWhenRun, timestamp } from '../kit.js';

/**
 * @typedef {object} Payment
 * @property {string} id
 * @property {string} amount a decimal string: money is never a floating-point number
 * @property {string} asset
 * @property {'pending'} status
 * @property {string} project
 * @property {string | null} reference
 * @property {string} createdAt
 */

const AMOUNT = {
  needs: 'a decimal string above zero with up to 12 digits before and 6 after the point, such as "25.00"',
  test: (/** @type {unknown} */ value) =>
    typeof value === 'string' && /^(0|[1-9]\d{0,11})(\.\d{1,6})?$/.test(value) && /[1-9]/.test(value),
};

/** What a new payment may say. */
const NEW_PAYMENT = {
  amount: AMOUNT,
  asset: a.choice(['USDC', 'USDT', 'EURC', 'BTC', 'ETH']),
  reference: optional(a.text(1, 140), null),
};

/** An RFC 9457 problem document. @param {import('../kit.js').Refusal} refusal @returns {import('../kit.js').Reply} */
function problem({ status, code, message, errors }) {
  const body = { type: 'about:blank', title: STATUS_CODES[status], status, detail: message, code };
  return {
    status,
    body: errors.length > 0 ? { ...body, errors } : body,
    headers: { 'content-type': 'application/problem+json' },
  };
}

/** @param {import('../kit.js').ExampleOptions} [options] */
export function createExample({ mode, now = Date.now } = {}) {
  /** @type {ReturnType<typeof createShelf<Payment>>} */
  const payments = createShelf(100_000);
  /** How many payments came of each Idempotency-Key, whoever sent it. @type {Map<string, number>} */
  const madeByKey = new Map();
  let made = 0;

  /** Counts one payment, so that a test can tell once from twice. @param {string} idempotencyKey */
  function count(idempotencyKey) {
    made += 1;
    if (idempotencyKey) madeByKey.set(idempotencyKey, (madeByKey.get(idempotencyKey) ?? 0) + 1);
    if (madeByKey.size > 100_000) madeByKey.delete(/** @type {string} */ (madeByKey.keys().next().value));
  }

  return createApi({
    name: 'suward',
    mode,
    dialect: problem,
    effects: () => ({ payments: made, byIdempotencyKey: Object.fromEntries(madeByKey) }),
    routes: {
      'POST /v1/payments': async ({ req, body, project }) => {
        const { amount, asset, reference } = await body(NEW_PAYMENT);
        const id = newId('pay');
        /** @type {Payment} */
        const payment = { id, amount, asset, status: 'pending', project, reference, createdAt: timestamp(now()) };
        payments.set(project, id, payment);
        count(header(req, 'idempotency-key'));
        return { status: 201, body: payment, headers: { location: `/v1/payments/${id}` } };
      },
      'GET /v1/payments': ({ query, project }) => {
        const { data, next } = payments.page(project, query);
        return { body: { data, nextCursor: next } };
      },
      'GET /v1/payments/:id': ({ id, project }) => {
        const payment = payments.get(project, id);
        if (!payment) throw notFound('payment');
        return { body: payment };
      },
    },
  });
}

serveWhenRun(import.meta.url, 'suward', createExample);
