// Textgen: text from prompts, whole or as a stream, with resources and webhooks beside it. Never calls a model.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  a,
  createApi,
  createShelf,
  drawsFrom,
  hangup,
  newId,
  notFound,
  optional,
  sendEvents,
  serveWhenRun,
  timestamp,
} from '../kit.js';

/** @typedef {{ id: string, name: string, content: string, updated_at: string }} Resource */
/** @typedef {{ id: string, url: string, events: string[], created_at: string }} Webhook */

const RESOURCE_ID = /^res_[A-Za-z0-9_-]{1,64}$/;
/** Ids that this API gave out itself. Unlike any other, an unknown one of these is not made up on the spot. */
const GIVEN_ID = /^res_new_/;
const WORDS = 'quiet lantern over the harbor a patient river keeps its own time and turns'.split(' ');
const DERIVED_AT = '2025-07-14T00:00:00Z';

const PROMPT = {
  prompt: a.text(1, 100_000),
  model: a.text(1, 64),
  max_tokens: optional(a.integer(1, 4096), 16),
  stream: optional(a.flag(), false),
  delay_ms: optional(a.integer(0, 2000)),
  events: optional(a.integer(1, 1000), 8),
};
const RESOURCE = { name: a.text(1, 200), content: optional(a.text(0, 10_000), '') };
const WEBHOOK = {
  url: a.url(),
  events: optional(a.list(1, 10, a.choice(['generation.finished', 'resource.changed'])), ['generation.finished']),
};

/** The same prompt always gets the same words. @param {string} prompt @param {number} count @returns {string[]} */
function write(prompt, count) {
  const draw = drawsFrom(prompt);
  return Array.from({ length: count }, () => draw.oneOf(WORDS));
}

/**
 * One event per word, the first at once and the others `delay` ms apart, then `[DONE]`.
 *
 * @param {string} id @param {string[]} words @param {number} delay @param {AbortSignal} signal
 */
async function* tell(id, words, delay, signal) {
  for (const [index, word] of words.entries()) {
    if (index > 0 && delay > 0) await sleep(delay, undefined, { signal });
    yield { id, index, text: index === 0 ? word : ` ${word}` };
  }
  yield '[DONE]';
}

/** @param {import('../kit.js').Refusal} refusal @returns {import('../kit.js').Reply} */
function envelope({ status, code, message, errors }) {
  const details = errors.length > 0 ? { errors } : {};
  return { status, body: { success: false, error: { code: code.toUpperCase(), message, details } } };
}

/** @param {import('../kit.js').ExampleOptions} [options] */
export function createExample({ mode, now = Date.now } = {}) {
  /** @type {ReturnType<typeof createShelf<Resource>>} */
  const resources = createShelf();
  /** @type {ReturnType<typeof createShelf<Webhook>>} */
  const webhooks = createShelf();
  const streams = { open: 0, finished: 0, aborted: 0 };
  let generations = 0;

  /** @param {unknown} data @param {number} [status] @returns {import('../kit.js').Reply} */
  const success = (data, status = 200) => ({ status, body: { success: true, data } });

  /** @param {string} project @param {string} id @returns {Resource} */
  function find(project, id) {
    const kept = resources.get(project, id);
    if (kept) return kept;
    if (!RESOURCE_ID.test(id) || GIVEN_ID.test(id)) throw notFound('resource');
    return { id, name: `Resource ${id.slice(4)}`, content: write(id, 12).join(' '), updated_at: DERIVED_AT };
  }

  /** @param {string} project @param {string} id @param {Record<string, any>} fields @returns {Resource} */
  function keep(project, id, { name, content }) {
    const resource = { id, name, content, updated_at: timestamp(now()) };
    resources.set(project, id, resource);
    return resource;
  }

  return createApi({
    name: 'textgen',
    mode,
    dialect: envelope,
    effects: () => ({ generations, streams }),
    routes: {
      'POST /v1/generate': async ({ body, res }) => {
        const { prompt, model, max_tokens, stream, delay_ms, events } = await body(PROMPT);
        const id = newId('gen');
        const signal = hangup(res);
        generations += 1;
        if (!stream) {
          if (delay_ms) await sleep(delay_ms, undefined, { signal });
          const words = write(prompt, Math.min(max_tokens, 24));
          const usage = { prompt_tokens: prompt.split(/\s+/).length, completion_tokens: words.length };
          return success({ id, model, text: words.join(' '), usage, created_at: timestamp(now()) });
        }
        streams.open += 1;
        try {
          await sendEvents(res, tell(id, write(prompt, events), delay_ms ?? 100, signal), signal);
          streams.finished += 1;
        } catch (error) {
          streams.aborted += 1;
          throw error;
        } finally {
          streams.open -= 1;
        }
      },
      'POST /v1/resources': async ({ body, project }) =>
        success(keep(project, newId('res_new'), await body(RESOURCE)), 201),
      'GET /v1/resources/:id': ({ id, project }) => success(find(project, id)),
      'PUT /v1/resources/:id': async ({ id, project, body }) =>
        success(keep(project, find(project, id).id, await body(RESOURCE))),
      'GET /v1/webhooks': ({ project, query }) => {
        const { data, next } = webhooks.page(project, query);
        return { body: { success: true, data, next_cursor: next } };
      },
      'POST /v1/webhooks': async ({ body, project }) => {
        const { url, events } = await body(WEBHOOK);
        const webhook = { id: newId('wh'), url, events, created_at: timestamp(now()) };
        webhooks.set(project, webhook.id, webhook);
        return success(webhook, 201);
      },
    },
  });
}

serveWhenRun(import.meta.url, 'textgen', createExample);
