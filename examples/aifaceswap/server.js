// AI Face Swap: jobs that take a while. Never fetches or makes a picture: a job is done when its time has passed.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  a,
  createApi,
  createShelf,
  hangup,
  header,
  newId,
  notFound,
  optional,
  serveWhenRun,
  timestamp,
} from '../kit.js';

/** @typedef {{ id: string, source_url: string, target_url: string, startedAt: number, doneAt: number }} Job */

const NEW_SWAP = {
  source_url: a.url(),
  target_url: a.url(),
  seconds: optional(a.number(0, 30), 2),
  wait: optional(a.flag(), false),
};

/** @param {import('../kit.js').Refusal} refusal @returns {import('../kit.js').Reply} */
const envelope = ({ status, code, message }) => ({ status, body: { error: { code, message } } });

/** @param {import('../kit.js').ExampleOptions} [options] */
export function createExample({ mode, now = Date.now, endLease = async () => {} } = {}) {
  /** @type {ReturnType<typeof createShelf<Job>>} */
  const jobs = createShelf();
  const seen = { started: 0, waiting: 0, abandoned: 0 };

  /** A job as its owner sees it at this moment. @param {Job} job */
  function show({ id, source_url, target_url, startedAt, doneAt }) {
    const swap = { id, status: 'processing', source_url, target_url, created_at: timestamp(startedAt) };
    if (now() < doneAt) return swap;
    const result_url = `https://results.example.com/${id}.jpg`;
    return { ...swap, status: 'completed', completed_at: timestamp(doneAt), result_url };
  }

  /**
   * Resolves when the job is done; a caller who hangs up stops the waiting, not the job.
   *
   * @param {Job} job @param {AbortSignal} signal
   */
  async function finished({ doneAt }, signal) {
    seen.waiting += 1;
    try {
      // Short naps rather than one long one: `now` may be a clock that a test moves by hand.
      while (now() < doneAt) await sleep(Math.min(Math.max(doneAt - now(), 1), 50), undefined, { signal });
    } catch (error) {
      seen.abandoned += 1;
      throw error;
    } finally {
      seen.waiting -= 1;
    }
  }

  /**
   * Once the job is done, its slot is free for the next one. When that cannot be said, the lease ends by itself in its time.
   *
   * @param {Job} job @param {string} leaseId
   */
  async function reportWhenDone({ doneAt }, leaseId) {
    await sleep(Math.max(doneAt - now(), 0), undefined, { ref: false });
    await endLease(leaseId).catch(() => {});
  }

  return createApi({
    name: 'aifaceswap',
    mode,
    dialect: envelope,
    effects: () => seen,
    routes: {
      'POST /v1/swaps': async ({ req, body, project, res }) => {
        const { source_url, target_url, seconds, wait } = await body(NEW_SWAP);
        const startedAt = now();
        const job = { id: newId('swap'), source_url, target_url, startedAt, doneAt: startedAt + seconds * 1000 };
        jobs.set(project, job.id, job);
        seen.started += 1;
        const location = `/v1/swaps/${job.id}`;
        const leaseId = header(req, 'x-latchkey-lease-id');
        if (!wait) {
          if (leaseId) void reportWhenDone(job, leaseId);
          return { status: 202, body: show(job), headers: { location } };
        }
        await finished(job, hangup(res));
        // The answer says it too: no call is needed for a job that ends within its request.
        return { body: show(job), headers: { location, 'x-latchkey-lease': 'released' } };
      },
      'GET /v1/swaps': ({ project, query }) => {
        const { data, next } = jobs.page(project, query);
        return { body: { data: data.map(show), next_cursor: next } };
      },
      'GET /v1/swaps/:id': ({ id, project }) => {
        const job = jobs.get(project, id);
        if (!job) throw notFound('swap');
        return { body: show(job) };
      },
    },
  });
}

serveWhenRun(import.meta.url, 'aifaceswap', createExample);
