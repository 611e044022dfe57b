// Sends spellings of protected paths through a real gateway over raw sockets, and reports what an upstream would have served. Holds no test.

import { connect, type Socket } from 'node:net';
import type { Profile } from '@latchkey/core';
import { type Rig, startRig } from '../../packages/server/src/gateway/rig.suite.js';
import { randomOf } from '../e2e/random.js';
import { readingsOf } from './readers.js';
import { drawScenario, SCENARIOS, type Scenario } from './scenarios.js';
import { spellingsOf } from './spellings.js';

export interface AttackReport {
  /** Requests sent, and how many of them reached the upstream at all. */
  sent: number;
  reached: number;
  /** Spellings that some reader takes for what is protected: the attack has an edge. */
  sharp: number;
  /** Plain requests that have to pass, and did. */
  passed: number;
  faults: string[];
}

const PROFILES = ['accounts', 'suward', 'swaypi', 'aifaceswap', 'textgen'];
const AT_ONCE = 24;

export interface AttackSize {
  /** Spellings drawn for each target, beside those that are always tried. */
  random: number;
  /** Keys with drawn endpoints, for each profile. */
  keys: number;
  /** One in so many spellings is sent, chosen by the seed. */
  oneIn: number;
}

export async function attackPaths(seed: number, { random, keys, oneIn }: AttackSize): Promise<AttackReport> {
  const report: AttackReport = { sent: 0, reached: 0, sharp: 0, passed: 0, faults: [] };
  for (const profile of PROFILES) {
    const draw = randomOf(seed, `paths of ${profile}`);
    const seen: { method: string; url: string; headers: Record<string, unknown> }[] = [];
    const rig = await startRig({
      profile,
      adapt: unlimited,
      upstream: (req, res) => {
        seen.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers });
        req.resume();
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': '2' }).end('{}');
      },
    });
    try {
      const own = SCENARIOS.filter((one) => one.profile === profile);
      const drawn = Array.from({ length: keys }, (_, number) => drawScenario(draw, profile, number));
      for (const scenario of [...own, ...drawn]) {
        seen.length = 0;
        const { secret } = await rig.key(scenario.key);
        const line = credentialLine(rig, secret);
        await tryPlain(rig, line, scenario, report);
        const judge = (): void => {
          for (const { method, url, headers } of seen.splice(0)) {
            if (headers['x-plain'] !== undefined || scenario.isAbout?.(url) === false) continue;
            report.reached++;
            const taken = readingsOf(method, url, headers).find((one) => scenario.isProtected(one.method, one.path));
            if (taken === undefined) continue;
            report.faults.push(
              `${profile}, ${scenario.what}: ${method} ${url.slice(0, 200)} reached the upstream, which may serve ${taken.method} ${taken.path.slice(0, 200)}`,
            );
          }
        };
        for (const target of scenario.targets) {
          const { method, path, headers = [], body = '', query = '' } = target;
          const spellings = spellingsOf(path, scenario.open.path, draw, random).filter(() => draw.int(1, oneIn) === 1);
          const heads = [...spellings, path].map((spelling) => {
            if (readingsOf(method, spelling, {}).some((one) => scenario.isProtected(one.method, one.path)))
              report.sharp++;
            const framing = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`];
            return [`${method} ${spelling}${query} HTTP/1.1`, 'Host: x', line, ...headers, ...framing];
          });
          // The same told by a header beside a path that is open.
          for (const name of ['X-Original-URL', 'X-Rewrite-URL', 'X-Original-URI', 'x_original_url'])
            heads.push([`${scenario.open.method} ${scenario.open.path} HTTP/1.1`, 'Host: x', line, `${name}: ${path}`]);
          report.sent += heads.length;
          await sendAll(
            rig.port,
            heads.map(
              (head) =>
                `${head.join('\r\n')}\r\nConnection: close\r\n\r\n${head.some((one) => one.startsWith('Content-Length')) ? body : ''}`,
            ),
          );
          judge();
        }
      }
    } finally {
      await rig.close();
    }
  }
  return report;
}

/** What may pass has to: a gateway that refuses everything would stand any attack. */
async function tryPlain(
  rig: Rig,
  line: string,
  { profile, what, open, key }: Scenario,
  report: AttackReport,
): Promise<void> {
  const [answer] = await sendAll(rig.port, [
    `${open.method} ${open.path} HTTP/1.1\r\nHost: x\r\n${line}\r\nX-Plain: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  ]);
  // A row of the profile may ask for more than the key's own endpoints do.
  const isRuledOut = key.restrictions !== undefined && answer?.startsWith('HTTP/1.1 403') && profile === 'textgen';
  if (answer?.startsWith('HTTP/1.1 200') || isRuledOut) report.passed++;
  else
    report.faults.push(
      `${profile}, ${what}: ${open.method} ${open.path} should pass, and is answered ${answer?.slice(0, 300)}`,
    );
}

const unlimited = (profile: Profile): Profile => {
  const limits = { perMinute: null, perDay: null, concurrent: null };
  const tiers = profile.policy.tiers.map((tier) => ({ ...tier, limits }));
  return { ...profile, policy: { ...profile.policy, limits, tiers } };
};

export const credentialLine = ({ latchkey }: Rig, secret: string): string =>
  'scheme' in latchkey.profile.wire.credential ? `Authorization: Bearer ${secret}` : `X-Api-Key: ${secret}`;

/** Each on a connection of its own, some at once; the answers in the same order. */
export async function sendAll(port: number, texts: readonly string[]): Promise<string[]> {
  const answers: string[] = Array.from({ length: texts.length }, () => '');
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < texts.length) {
      const at = next++;
      answers[at] = await say(port, texts[at] as string);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, texts.length) }, worker));
  return answers;
}

const say = (port: number, text: string): Promise<string> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    socket.setTimeout(20_000, () => socket.destroy());
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
