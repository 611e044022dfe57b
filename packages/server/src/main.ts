// The `latchkey` process: wires commands to rooms and signals to a clean stop. Knows every room, decides nothing.

import { z } from 'zod';
import { greeting } from './cli/greeting.js';
import type { Flags, Local } from './cli/local.js';
import type { Io } from './cli/output.js';
import { runCommand } from './cli/program.js';
import { loadProfile, shippedProfiles } from './config/load-profile.js';
import { loadSettings } from './config/load-settings.js';
import { configFileSchema, type SettingName, type Settings } from './config/settings.js';
import { SECRET_PREFIXES, textRedactor } from './telemetry/redact.js';
import { VERSION } from './version.js';

// `latchkey keys list | head` closes the pipe early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

/** What the person typed may hold a secret in the wrong place; it is not repeated to them. */
const redact = textRedactor([...SECRET_PREFIXES]);

const io: Io = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
  redact,
  env: process.env,
  cwd: process.cwd(),
  isTerminal: process.stdout.isTTY === true,
  async readInput() {
    if (process.stdin.isTTY) process.stderr.write('Reading standard input; end it with Ctrl-D.\n');
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  },
};

function settingsOf(flags: Flags): Promise<Settings> {
  const { config, json: _json, ...rest } = flags;
  return loadSettings({
    flags: rest as Partial<Record<SettingName, unknown>>,
    env: process.env,
    file: config as string | undefined,
    cwd: process.cwd(),
  });
}

/** One Ctrl-C reaches a process twice when npm started it: from the terminal, and handed on by npm. */
const SAME_KEYPRESS_MS = 300;

/** Listens from now on, so that a signal during the start is not lost; a later second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((stop) => {
    let first: number | null = null;
    const heard = (): void => {
      const now = performance.now();
      if (first === null) {
        first = now;
        stop();
      } else if (now - first > SAME_KEYPRESS_MS) process.exit(1);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, heard);
  });
}

const upkeep = () => import('./upkeep.js');

/** What a command needs is loaded when it is called: those that ask a running server answer twice as soon without the rest. */
const local: Local = {
  async serve(flags, json) {
    const settings = await settingsOf(flags);
    const stopped = stopSignal();
    const { startServer } = await import('./serve.js');
    const server = await startServer(settings);
    const { controlPlane, gateway, grpc, rootKey, firstOperatorLink } = server;
    // Beside the log, never in it: this is the only time the key is shown.
    if (rootKey !== null)
      io.err(json ? JSON.stringify({ rootKey }) : `First start. The root key, shown this once:\n  ${rootKey}`);
    if (firstOperatorLink !== null)
      io.err(
        json
          ? JSON.stringify({ firstOperatorLink })
          : `The dashboard has no operator yet. Open this to become the first, once, within a day:\n  ${firstOperatorLink}`,
      );
    if (settings.logFile !== undefined)
      io.err(
        json
          ? JSON.stringify({ controlPlane, gateway, grpc })
          : [
              `control plane ${controlPlane}`,
              `gateway       ${gateway}`,
              ...(grpc ? [`gRPC          ${grpc}`] : []),
            ].join('\n'),
      );
    await stopped;
    await server.close();
  },
  async dev(flags, json) {
    const settings = await settingsOf(flags);
    const stopped = stopSignal();
    const { startDev } = await import('./dev.js');
    const server = await startDev(settings);
    const shown = greeting({ ...server, version: VERSION, dashboard: settings.publicUrl });
    io.out(json ? JSON.stringify(shown.json) : shown.lines.join('\n'));
    await stopped;
    await server.close();
  },
  init: async (flags) => (await upkeep()).init(flags, process.cwd(), z.toJSONSchema(configFileSchema, { io: 'input' })),
  migrate: async (flags) => (await upkeep()).migrate(await settingsOf(flags)),
  backup: async ({ file, ...flags }) => (await upkeep()).backup(await settingsOf(flags), file),
  restore: async ({ file, force, ...flags }) => (await upkeep()).restore(await settingsOf(flags), file, force ?? false),
  doctor: async (flags) => (await upkeep()).doctor(() => settingsOf(flags)),
  ringAdd: async (ring, flags) => (await upkeep()).ringAdd(await settingsOf(flags), ring),
  ringStatus: async (ring, flags) => (await upkeep()).ringStatus(await settingsOf(flags), ring),
  ringDrop: async (ring, id, flags) => (await upkeep()).ringDrop(await settingsOf(flags), ring, id),
  createRootKey: async ({ name, permissions, ...flags }) =>
    (await upkeep()).createRootKeyHere(await settingsOf(flags), name, permissions),
  exportKeys: async ({ project, ...flags }) => (await upkeep()).exportKeys(await settingsOf(flags), project),
  running: async (flags) => (await upkeep()).runningConfiguration(await settingsOf(flags)),
  writeTexts: async (dir, texts) => (await upkeep()).writeTexts(dir, texts),
  profiles: shippedProfiles,
  profile: (nameOrPath) => loadProfile(nameOrPath),
  configuredProfile: async (flags) => loadProfile((await settingsOf(flags)).profile),
};

// A reader that has read enough (`| head`) is no failure of the command.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
process.exitCode = await runCommand(process.argv.slice(2), VERSION, local, io);
