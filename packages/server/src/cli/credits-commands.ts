// `latchkey credits …`: what a key may spend, against a running server. Amounts are judged here; what they mean, there.

import { randomUUID } from 'node:crypto';
import type { Refill } from '@latchkey/core';
import { Command, InvalidArgumentError } from 'commander';
import { idOf, urlOption, whole } from './flags.js';
import { type Io, type Result, say, table } from './output.js';
import { connect } from './remote.js';

type Run = (work: (io: Io) => Promise<Result>) => Promise<void>;

export const REFILL = 'restore the balance: 500/day, 500/month, or 500/month:31 for its last day';

/** `500/day`, `500/month`, `500/month:15`. */
export function refillOf(text: string): Refill {
  const [, amount, every, day] = /^([1-9][0-9]{0,11})\/(day|month)(?::([1-9]|[12][0-9]|3[01]))?$/.exec(text) ?? [];
  if (amount === undefined || (every === 'day' && day !== undefined))
    throw new InvalidArgumentError('must be such as 500/day, 500/month or 500/month:31.');
  return {
    amount: Number(amount),
    every: every as Refill['every'],
    ...(day !== undefined && { dayOfMonth: Number(day) }),
  };
}

const amountOf = (text: string): number => {
  const value = Number(text);
  if (!/^-?[0-9]{1,13}$/.test(text)) throw new InvalidArgumentError('must be a whole number; a negative one takes.');
  return value;
};

type Account = { balance: number; refill: Refill | null } | null;

function shown(keyId: string, credits: Account): string[] {
  if (credits === null) return [`${keyId} is not bounded by credits`];
  const { balance, refill } = credits;
  if (refill === null) return [`${keyId}  ${balance} credits, no refill`];
  const day = refill.every === 'day' ? 'a UTC day' : `a month, on day ${refill.dayOfMonth ?? 1}`;
  return [`${keyId}  ${balance} credits, restored to ${refill.amount} once ${day}`];
}

export function creditsCommand(run: Run): Command {
  const credits = new Command('credits').description('what keys may spend, on a running server');
  const command = (name: string): Command =>
    urlOption(credits.command(name)).argument('<keyId>', 'id of the key', idOf('key'));

  command('show')
    .description('show the balance and refill of a key')
    .action((keyId, { url }) =>
      run(async (io) => {
        const key = await connect(url, io).keys.get({ keyId });
        return say(key.credits, ...shown(keyId, key.credits));
      }),
    );

  command('add')
    .argument('<amount>', 'credits to add; a negative amount takes', amountOf)
    .description("add to a key's credits")
    .action((keyId, add, { url }) =>
      run(async (io) => {
        const key = await connect(url, io).credits.adjust({ keyId, add }, { idempotencyKey: randomUUID() });
        return say(key.credits, ...shown(keyId, key.credits));
      }),
    );

  command('set')
    .description("set a key's credits, their refill, or both")
    .option('--balance <n>', 'credits left', whole(0))
    .option('--refill <refill>', REFILL, refillOf)
    .option('--no-refill', 'restore the balance no more')
    .option('--unbounded', 'bound the key by credits no more')
    .action((keyId, { url, balance, refill, unbounded }) =>
      run(async (io) => {
        const change = {
          ...(unbounded ? { set: null } : balance !== undefined && { set: balance }),
          ...(refill === false ? { refill: null } : refill !== undefined && refill !== true && { refill }),
        };
        const key = await connect(url, io).credits.adjust({ keyId, ...change }, { idempotencyKey: randomUUID() });
        return say(key.credits, ...shown(keyId, key.credits));
      }),
    );

  command('ledger')
    .description("list every change of a key's credits, newest first")
    .option('--cursor <cursor>', 'continue after a page')
    .option('--limit <n>', 'rows, 1 to 100', whole(1, 100), 25)
    .action((keyId, { url, limit, cursor }) =>
      run(async (io) => {
        const page = await connect(url, io).credits.ledger({ keyId, limit, cursor });
        const rows = page.data.map((entry) => [
          String(entry.sequence),
          entry.at,
          entry.kind,
          String(entry.amount),
          String(entry.balanceAfter),
          entry.requestId ?? '-',
        ]);
        const more = page.nextCursor ? [`more: --cursor ${page.nextCursor}`] : [];
        return say(page, ...table(['#', 'AT', 'KIND', 'AMOUNT', 'BALANCE', 'REQUEST'], rows), ...more);
      }),
    );
  return credits;
}
