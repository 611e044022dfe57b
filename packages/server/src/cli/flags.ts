// Options that several commands share: settings as flags, and where a running server is. Values are judged where they are used.

import { type Command, InvalidArgumentError } from 'commander';

const SERVER_FLAGS: readonly [string, string][] = [
  ['--profile <profile>', 'profile that ships with Latchkey, or the path of a profile.json'],
  ['--upstream <url>', 'the API behind the gateway'],
  ['--sandbox-upstream <url>', 'where requests of test keys go'],
  ['--data-dir <dir>', 'directory of the database'],
  ['--host <host>', 'address of the control plane'],
  ['--port <port>', 'port of the control plane'],
  ['--gateway-host <host>', 'address of the gateway'],
  ['--gateway-port <port>', 'port of the gateway'],
  ['--grpc-host <host>', 'address of the gRPC listener'],
  ['--grpc-port <port>', 'port of the gRPC listener; none without it'],
  ['--trusted-proxies <list>', 'addresses or CIDR ranges whose X-Forwarded-For is believed'],
  ['--public-url <url>', 'where callers reach the control plane'],
  ['--log-level <level>', 'debug, info, warn or error'],
  ['--log-file <file>', 'file that logs are appended to'],
  ['--config <file>', 'config file (default: latchkey.config.json or .mjs here)'],
];

export const withFlags = (command: Command, names: readonly string[] = SERVER_FLAGS.map(([flag]) => flag)): Command => {
  for (const [flag, text] of SERVER_FLAGS) if (names.some((name) => flag.startsWith(name))) command.option(flag, text);
  return command;
};

/** What names a data directory. */
export const DATA = ['--profile', '--data-dir', '--config'];

/** Where a running server is looked for when nobody names it. */
export const DEFAULT_URL = process.env.LATCHKEY_PUBLIC_URL || 'http://127.0.0.1:4000';

export const urlOption = (command: Command): Command =>
  command.option('--url <url>', 'control plane of the server', httpUrl, DEFAULT_URL);

export function httpUrl(text: string): string {
  if (!/^https?:\/\/[^\s@]+$/.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('must be http://host:port or https://host.');
  return text;
}

/** Judges `text` as a whole number within bounds. */
export const whole =
  (least: number, most = 1_000_000_000) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^[0-9]{1,10}$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}.`);
    return value;
  };

export const words = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** An id of that kind. What is no id is not sent anywhere: it might be a secret, and ids stand in paths and logs. */
export const idOf =
  (...prefixes: string[]) =>
  (text: string): string => {
    if (!prefixes.some((prefix) => text.startsWith(`${prefix}_`)) || !/^[a-z]+_[A-Za-z0-9]{1,100}$/.test(text))
      throw new InvalidArgumentError(
        `must be an id that starts with ${prefixes.map((each) => `${each}_`).join(' or ')}.`,
      );
    return text;
  };
