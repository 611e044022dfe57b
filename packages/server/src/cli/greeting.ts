// What `latchkey dev` tells the person who started it: where things are, secrets once, and lines to paste.

import { curl, type Mode, type Profile } from '@latchkey/core';
import { type Result, say } from './output.js';

export interface Started {
  version: string;
  profile: Profile;
  gateway: string;
  controlPlane: string;
  /** Where people sign in: the public URL, whose name the browser's cookies belong to. */
  dashboard: string;
  grpc: string | null;
  examples: { live: string; test: string | null };
  dataDir: string;
  logFile: string;
  projectId: string;
  rootKey: string | null;
  firstOperatorLink: string | null;
  outbox: string | null;
  seeded: readonly { label: string; secret: string; mode: Mode }[];
}

export function greeting(started: Started): Result {
  const { profile, gateway, controlPlane, grpc, examples, dataDir, logFile, projectId, rootKey, seeded, version } =
    started;
  const { dashboard, firstOperatorLink, outbox } = started;
  const first = seeded[0];
  const lines = [
    `Latchkey ${version}, profile ${profile.name} (${profile.title})`,
    '',
    `  gateway        ${gateway}   your customers call this`,
    `  control plane  ${controlPlane}   management API; reference at ${controlPlane}/docs`,
    `  dashboard      ${dashboard}   sign in here with a browser`,
    ...(grpc ? [`  gRPC           ${grpc}   latchkey.v1.APIKeyService`] : []),
    `  upstream       ${examples.live || 'none: name your API with --upstream http://…'}${examples.test ? `   sandbox ${examples.test}` : ''}`,
    `  data           ${dataDir}`,
    `  log            ${logFile}`,
    ...(outbox ? [`  letters        ${outbox}   e-mail of the dashboard, as files`] : []),
    '',
    ...(firstOperatorLink
      ? [
          'The dashboard has no operator yet. Open this to become the first, once, within a day:',
          `  ${firstOperatorLink}`,
          '',
        ]
      : []),
    ...(rootKey ? ['Root key for the management API, shown this once:', `  ${rootKey}`, ''] : []),
    ...(first
      ? [
          `Keys of ${projectId}, shown this once:`,
          ...seeded.map(({ label, secret }) => `  ${label.padEnd(10)} ${secret}`),
          '',
        ]
      : []),
    ...(first
      ? ['Try them:', ...profile.samples.map((sample) => `  ${curl(profile, gateway, first.secret, sample)}`), '']
      : []),
    'Make a key:',
    ...(rootKey
      ? [`  export LATCHKEY_ROOT_KEY=${rootKey}`]
      : ['  export LATCHKEY_ROOT_KEY=…   the root key of the first run; lost: npx latchkey root-keys create']),
    `  curl -s ${controlPlane}/v1/projects/${projectId}/keys -H "Authorization: Bearer $LATCHKEY_ROOT_KEY" -H 'Content-Type: application/json' -d '{"name":"my key"}'`,
    '',
    'Ctrl-C stops it.',
  ];
  return say(
    {
      gateway,
      controlPlane,
      grpc,
      upstream: examples.live,
      sandboxUpstream: examples.test,
      dataDir,
      logFile,
      profile: profile.name,
      projectId,
      rootKey,
      firstOperatorLink,
      outbox,
      keys: seeded,
    },
    ...lines,
  );
}
