// Sends cases to a running server and says what was wrong with the answers: a 5xx, a hang, a silent change, an undocumented error.

import { Agent, request } from 'node:http';
import { type Case, type CaseOptions, casesOf, type Document } from './cases.js';

export interface Answer {
  status: number;
  type: string;
  text: string;
}

export interface FuzzOptions extends CaseOptions {
  /** Default: what the server gives at /openapi.json. */
  document?: Document;
  /** How long an answer may take. */
  timeoutMs?: number;
  /** How many are under way at once. */
  parallel?: number;
  /** Where what was accepted can be read again, with the same members; null: nowhere. */
  readBack?: (one: Case, answer: unknown) => string | null;
  /** What is wrong with an answer; default `faultOf`. */
  judge?: (one: Case, answer: Answer) => string | null;
  /** Leaves out cases. */
  only?: (one: Case) => boolean;
}

export interface FuzzReport {
  cases: number;
  /** One sentence each. */
  faults: string[];
  /** How often each status came. */
  statuses: Record<string, number>;
}

export function send(base: string, one: Case, agent: Agent, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base);
    const length = one.body === null ? [] : ['Content-Length', String(one.body.length)];
    const outgoing = request(
      {
        agent,
        hostname,
        port,
        method: one.method,
        path: one.path,
        headers: ['Host', 'fuzz', ...one.headers, ...length] as never,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          clearTimeout(limit);
          resolve({
            status: incoming.statusCode ?? 0,
            type: incoming.headers['content-type'] ?? '',
            text: Buffer.concat(chunks).toString('utf8'),
          });
        });
      },
    );
    const limit = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    outgoing.on('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    outgoing.end(one.body ?? undefined);
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function same(sent: unknown, came: unknown): boolean {
  if (typeof sent === 'string' && typeof came === 'string' && /^\d{4}-.*T/.test(came))
    return Date.parse(sent) === Date.parse(came);
  if (Array.isArray(sent)) {
    return Array.isArray(came) && sent.length === came.length && sent.every((item, at) => same(item, came[at]));
  }
  if (isObject(sent)) {
    if (!isObject(came)) return false;
    const names = Object.keys(sent);
    return (
      names.length === Object.keys(came).length &&
      names.every((name) => Object.hasOwn(came, name) && same(sent[name], came[name]))
    );
  }
  // 0 and -0 are one number in JSON.
  return sent === came;
}

/** A key's credits in full; they may be sent as a balance alone. */
const account = (credits: unknown): unknown =>
  typeof credits === 'number'
    ? { balance: credits, refill: null }
    : isObject(credits)
      ? { refill: null, ...credits }
      : credits;

/** Members of the sent body that stand in the answer, by the same name, with another value. */
export function changedMembers(sent: unknown, answer: unknown): string[] {
  if (!isObject(sent) || !isObject(answer)) return [];
  const places = [answer, ...Object.values(answer).filter(isObject)];
  return Object.entries(sent).flatMap(([name, value]) => {
    const shown = places.filter((place) => Object.hasOwn(place, name)).map((place) => place[name]);
    const expected = name === 'credits' && shown.some(isObject) ? account(value) : value;
    return shown.length === 0 || shown.some((came) => same(expected, came)) ? [] : [name];
  });
}

/** What is wrong with an answer, or null. */
export function faultOf(one: Case, answer: Answer): string | null {
  const { status, text } = answer;
  const said = `${status} ${text.slice(0, 200)}`;
  if (status >= 500) return `answers ${said}`;
  if (status < 200 || (status >= 300 && status < 400)) return `answers ${said}`;
  if (status >= 400) {
    const documented = one.operation.responses[status]?.content?.['application/problem+json']?.examples;
    if (!answer.type.startsWith('application/problem+json')) return null;
    const { code } = JSON.parse(text) as { code: string };
    return documented === undefined || !Object.hasOwn(documented, code)
      ? `answers ${status} ${code}, which is not documented`
      : null;
  }
  if (one.refused) return `is accepted: ${said}`;
  if (one.sent === undefined || text === '') return null;
  const changed = changedMembers(one.sent, JSON.parse(text));
  return changed.length > 0 ? `comes back changed in ${changed.join(', ')}: ${said}` : null;
}

/** Runs all cases against the server at `base`. */
export async function fuzz(base: string, options: FuzzOptions): Promise<FuzzReport> {
  const { timeoutMs = 20_000, parallel = 8, only = () => true, judge = faultOf } = options;
  const document = options.document ?? ((await (await fetch(`${base}/openapi.json`)).json()) as Document);
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const report: FuzzReport = { cases: 0, faults: [], statuses: {} };
  const cases = casesOf(document, options);
  const worker = async () => {
    for (const one of cases) {
      if (!only(one)) continue;
      report.cases++;
      let fault: string | null;
      try {
        let answer: Answer;
        try {
          answer = await send(base, one, agent, timeoutMs);
        } catch (error) {
          // A server may close a kept connection just as the next request leaves; that says nothing about the case.
          if (!/ECONNRESET|EPIPE|socket hang up/.test(String(error))) throw error;
          answer = await send(base, one, new Agent(), timeoutMs);
        }
        report.statuses[answer.status] = (report.statuses[answer.status] ?? 0) + 1;
        fault = judge(one, answer);
        const { readBack } = options;
        const accepted = readBack !== undefined && fault === null && answer.status < 300 && answer.text !== '';
        const place = accepted ? readBack(one, JSON.parse(answer.text)) : null;
        if (place !== null) {
          const reading = { ...one, method: 'GET', path: place, body: null, headers: [...options.headers] };
          const again = await send(base, reading, agent, timeoutMs);
          const changed =
            again.status === 200 ? changedMembers(one.sent, JSON.parse(again.text)) : [`status ${again.status}`];
          if (changed.length > 0) fault = `is kept changed in ${changed.join(', ')}: ${again.text.slice(0, 200)}`;
        }
      } catch (error) {
        fault = `gets no answer: ${(error as Error).message}`;
      }
      if (fault !== null) report.faults.push(`${one.name} ${fault}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: parallel }, worker));
  } finally {
    agent.destroy();
  }
  return report;
}
