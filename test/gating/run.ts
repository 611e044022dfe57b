// Sends random answers through a real gateway to keys of every tier, and reports what reached a caller that should not have. Holds no test.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, get, type RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRig } from '../../packages/server/src/gateway/rig.suite.js';
import { randomOf } from '../e2e/random.js';
import { type Case, drawCase, sameDocument } from './answers.js';
import { drawPaths, MARKERS } from './document.js';

const LIST = 'x-swaypi-tier-gated';
/** Tiers of one gateway, each with fewer hidden fields than the one below; the last sees everything. */
const TIERS = 5;
/** Cases of one gateway, that is of one set of hidden fields. */
const CASES = 500;
const AT_ONCE = 16;

interface Heard {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
  /** false: it ended without its end. */
  complete: boolean;
}

export interface GatingReport {
  cases: number;
  /** How many of each kind were due and came. */
  kinds: Record<string, number>;
  leaks: number;
  faults: string[];
}

export async function runGating(seed: number, cases: number): Promise<GatingReport> {
  const report: GatingReport = { cases: 0, kinds: {}, leaks: 0, faults: [] };
  for (let from = 0; from < cases && report.faults.length < 10; from += CASES)
    await runOn(seed, from, Math.min(CASES, cases - from), report);
  return report;
}

async function runOn(seed: number, from: number, count: number, report: GatingReport): Promise<void> {
  const draw = randomOf(seed, `gates ${from}`);
  const paths = drawPaths(draw, draw.int(3, 9));
  const names = Array.from({ length: TIERS }, (_, at) => `tier${at}`);
  // The first one for the highest tier alone, so that every tier below it has something hidden.
  const gatedFields = paths.map((field, at) => ({ field, tier: names[TIERS - 1 - (at % (TIERS - 1))] as string }));
  const hiddenOf = (tier: number): string[] =>
    gatedFields.filter((gate) => names.indexOf(gate.tier) > tier).map(({ field }) => field);

  const waiting = new Map<string, Case>();
  const rig = await startRig({
    profile: 'swaypi',
    adapt: (profile) => {
      const limits = { perMinute: null, perDay: null, concurrent: null };
      const tier = { limits, batchSize: null, endpoints: null, permissions: null };
      const policy = { ...profile.policy, tiers: names.map((name) => ({ ...tier, name, title: name })), gatedFields };
      return { ...profile, policy: { ...policy, defaultTier: 'tier0', limits }, routes: [] };
    },
    upstream: play(waiting),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  try {
    const secrets = await Promise.all(names.map(async (tier) => (await rig.key({ tier })).secret));
    let next = from;
    const worker = async (): Promise<void> => {
      while (next < from + count) {
        const number = next++;
        const tier = number % (TIERS - 1);
        const one = drawCase(seed, number, hiddenOf(tier));
        waiting.set(`/c/${number}`, one);
        const heard = await ask(rig.port, agent, `/c/${number}`, secrets[tier] as string);
        rig.seen.length = 0;
        judge(one, heard, report);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    agent.destroy();
    await rig.close();
  }
}

const play =
  (cases: Map<string, Case>): RequestListener =>
  async (req, res) => {
    const one = cases.get(req.url ?? '');
    if (one === undefined) return void res.writeHead(404).end();
    const { status, head, pieces, torn, pauseMs } = one.sent;
    const length = Number(head['content-length'] ?? 0) + (torn ? 100 : 0);
    res.writeHead(status, { ...head, ...(head['content-length'] !== undefined && { 'content-length': length }) });
    for (const piece of pieces) {
      if (!res.write(piece)) await once(res, 'drain');
      await (pauseMs > 0 ? sleep(pauseMs) : new Promise(setImmediate));
    }
    if (torn) res.destroy();
    else res.end();
  };

function ask(port: number, agent: Agent, path: string, secret: string): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${secret}`, 'accept-encoding': 'gzip, br' };
    const request = get({ port, host: '127.0.0.1', path, agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      const { statusCode: status = 0, headers: itsHeaders } = answer;
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', () => {});
      answer.on('close', () =>
        resolve({ status, headers: itsHeaders, bytes: Buffer.concat(chunks), complete: answer.complete }),
      );
    });
    request.on('error', reject);
  });
}

function judge({ name, sent, due }: Case, heard: Heard, report: GatingReport): void {
  const kind = due.kind === 'whole' && due.omitted.length === 0 ? 'nothing to leave out' : due.kind;
  report.cases++;
  report.kinds[kind] = (report.kinds[kind] ?? 0) + 1;
  const fault = (text: string): void => {
    const told = heard.bytes.toString('latin1').slice(0, 600);
    const body = Buffer.concat(sent.pieces);
    report.faults.push(
      `${name}: ${text}\n  ${heard.status} ${JSON.stringify(heard.headers)}\n  ${told}\n  from ${digest(body)} ${JSON.stringify(sent.head)} ${body.toString('utf8').slice(0, 600)}`,
    );
  };
  const everything = JSON.stringify(heard.headers) + heard.bytes.toString('latin1');
  const leaked = MARKERS.find((marker) => everything.includes(marker));
  if (leaked !== undefined) {
    report.leaks++;
    fault('a hidden value reached the caller');
  }
  const list = heard.headers[LIST];
  if (due.kind === 'refused') {
    if (heard.status !== 502 && !due.innocent) fault('should have been refused');
    if (list !== undefined) fault('a refusal lists fields');
    return;
  }
  for (const gone of ['etag', 'content-digest', 'content-encoding'])
    if (heard.headers[gone] !== undefined) fault(`${gone} of the whole answer is still there`);
  if (due.kind === 'whole') {
    const text = heard.bytes.toString('utf8');
    const plain = due.mark ? text.replace(/^\ufeff/, '') : text;
    if (heard.status !== due.status || !heard.complete) fault(`should have come with ${due.status}`);
    else if (due.mark && !text.startsWith('\ufeff')) fault('the byte order mark is gone');
    else if (!sameDocument(plain, due.text)) fault(`should read ${due.text.slice(0, 600)}`);
    else if ((list ?? '') !== due.omitted.join(',')) fault(`should list ${due.omitted.join(',') || 'nothing'}`);
    else if (heard.headers['content-length'] !== String(heard.bytes.length)) fault('is framed with a wrong length');
    return;
  }
  const parts = due.read(heard.bytes.toString('utf8'));
  if (heard.complete === due.cut) fault(due.cut ? 'should have been cut' : 'was cut');
  else if (JSON.stringify(parts) !== JSON.stringify(due.parts))
    fault(`should read ${JSON.stringify(due.parts).slice(0, 600)}`);
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex').slice(0, 12);
