// The book of one acceptance run: every check with what was expected and what came. LATCHKEY_LEDGER names a file that gets them as JSON lines.

import { appendFileSync } from 'node:fs';
import type { Answer } from './client.js';
import type { Expected } from './oracle.js';

export interface Check {
  profile: string;
  seed: number;
  group: string;
  what: string;
  expected: string;
  got: string;
  faults: readonly string[];
  /** Set when the product does not have it yet: counted, and no fault. */
  pending?: string;
}

export interface Ledger {
  readonly checks: readonly Check[];
  /** Notes a check; it holds when there are no faults. */
  note(group: string, what: string, faults: readonly string[], words?: { expected?: string; got?: string }): void;
  /** Notes an answer against what the oracle expects of it. */
  judge(group: string, what: string, expected: Expected, answer: Answer, more?: readonly string[]): void;
  pending(group: string, what: string, capability: string): void;
  /** Every fault so far, in words; empty when all checks held. */
  faults(): string[];
}

/** `secrets` says what may stand in no answer at all. */
export function openLedger(profile: string, seed: number, secrets: () => readonly string[] = () => []): Ledger {
  const checks: Check[] = [];
  const add = (check: Omit<Check, 'profile' | 'seed'>): void => {
    checks.push({ profile, seed, ...check });
    const file = process.env.LATCHKEY_LEDGER;
    if (file !== undefined && file !== '') appendFileSync(file, `${JSON.stringify(checks.at(-1))}\n`);
  };
  return {
    checks,
    note: (group, what, faults, { expected = 'holds', got = 'holds' } = {}) =>
      add({ group, what, expected, got: faults.length > 0 && got === 'holds' ? faults.join('; ') : got, faults }),
    judge(group, what, expected, answer, more = []) {
      const { text, headers } = answer;
      const told = secrets().filter((secret) => text.includes(secret) || JSON.stringify(headers).includes(secret));
      const faults = [
        ...(answer.status === expected.status ? [] : [`status is ${answer.status}, not ${expected.status}`]),
        ...headerFaults(expected, headers),
        ...(expected.body === undefined ? [] : bodyFaults(expected.body, answer.json ?? text)),
        ...(told.length > 0 ? ['a secret stands in the answer'] : []),
        ...more,
      ];
      add({
        group,
        what,
        expected: `${expected.status} ${short(expected.body)}`.trim(),
        got: `${answer.status} ${answer.cut ? 'cut ' : ''}${short(hidden(text, told))}`.trim(),
        faults,
      });
    },
    pending: (group, what, capability) => add({ group, what, expected: '', got: '', faults: [], pending: capability }),
    faults: () =>
      checks.flatMap(({ group, what, faults, got }) =>
        faults.map((fault) => `LATCHKEY_SEED=${seed} ${profile}, ${group}, ${what}: ${fault} (got ${got})`),
      ),
  };
}

/** Where a body differs from the expected one; braces in it are text, and more members than expected are faults. */
export function bodyFaults(expected: unknown, actual: unknown, at = 'body'): string[] {
  if (isObject(expected) && expected.$any === true) return [];
  if (isObject(expected) && typeof expected.$matches === 'string') {
    const fits = typeof actual === 'string' && new RegExp(expected.$matches, 'u').test(actual);
    return fits ? [] : [`${at} is ${JSON.stringify(actual)}, which does not match /${expected.$matches}/`];
  }
  const lists = Array.isArray(expected) && Array.isArray(actual);
  if (!lists && !(isObject(expected) && isObject(actual))) {
    return expected === actual ? [] : [`${at} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`];
  }
  const [left, right] = [expected, actual] as [Record<string, unknown>, Record<string, unknown>];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((name) => {
    if (!Object.hasOwn(right, name)) return [`${at}.${name} is not there`];
    if (!Object.hasOwn(left, name)) return [`${at}.${name} should not be there`];
    return bodyFaults(left[name], right[name], `${at}.${name}`);
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function headerFaults({ headers = {}, absentHeaders = [] }: Expected, actual: Answer['headers']): string[] {
  const wrong = Object.entries(headers).flatMap(([name, rule]) => {
    const value = actual[name]?.toString();
    if (typeof rule === 'string') return value === rule ? [] : [`${name} is ${value}, not ${rule}`];
    return value !== undefined && new RegExp(rule.matches).test(value)
      ? []
      : [`${name} is ${value}, which does not match /${rule.matches}/`];
  });
  const unwanted = absentHeaders.filter((name) => actual[name] !== undefined);
  return [...wrong, ...unwanted.map((name) => `${name} should not be there`)];
}

/** A book that is kept must not become a place where secrets are. */
const hidden = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);

const short = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
};
