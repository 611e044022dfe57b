// A whole Latchkey and a browser in front of it: put together as `latchkey dev` does it, on free ports, over a directory of its own.

import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createManagementClient, type ManagementClient } from '@latchkey/client';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { loadSettings } from '../../packages/server/src/config/load-settings.js';
import { type DevServer, startDev } from '../../packages/server/src/dev.js';
import { keepSecret, testDir } from '../secrecy/test-root.js';
import { launchChromium } from '../servers/chromium.js';
import { freePort } from '../servers/server-process.js';
import { type Watched, watch } from './watch.js';

export interface Letter {
  to: string;
  subject: string;
  text: string;
}

/** A browser of one person: cookies and storage of their own. */
export interface Visitor extends Watched {
  readonly page: Page;
  readonly context: BrowserContext;
}

export interface Stage {
  readonly server: DevServer;
  /** The public URL, which is where the pages are. */
  readonly url: string;
  /** Every operation, as the operator's program. */
  readonly api: ManagementClient;
  readonly browser: Browser;
  /** The link that the first start gives, for the first operator. */
  readonly firstOperatorLink: string;
  /** The link to a page, e.g. `/invitation`, in the last letter to an address that has one; waits for it. */
  link(to: string, path: string): Promise<string>;
  /** Everything that was logged. */
  log(): string;
  /** Opens a browser window. Its faults are judged by `leave`. */
  visitor(options?: BrowserContextOptions & { alsoHosts?: readonly string[] }): Promise<Visitor>;
  /** Closes every window. @throws Error that names every fault */
  leave(): Promise<void>;
  close(): Promise<void>;
}

interface StageOptions {
  profile?: string;
  /** More of the environment that Latchkey is started with. */
  env?: Readonly<Record<string, string>>;
}

/** Enough for a machine that is several times slower than ours. */
const PATIENCE_MS = 15_000;

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export async function openStage({ profile = 'textgen', env = {} }: StageOptions = {}): Promise<Stage> {
  const dataDir = testDir('browser');
  const rootKey = `lk_root_${randomBytes(24).toString('hex')}`;
  keepSecret(rootKey);
  const settings = await loadSettings({
    env: {
      LATCHKEY_PROFILE: profile,
      LATCHKEY_DATA_DIR: dataDir,
      // Known before it is listened on, because links and the sign-in name it.
      LATCHKEY_PORT: `${await freePort()}`,
      LATCHKEY_GATEWAY_PORT: '0',
      LATCHKEY_ROOT_KEY: rootKey,
      ...env,
    },
    cwd: dataDir,
  });
  const server = await startDev(settings);
  const browser = await launchChromium().catch(async (error) => {
    await server.close();
    throw error;
  });
  const url = settings.publicUrl.replace(/\/$/, '');
  const visitors: Visitor[] = [];
  const outbox = join(dataDir, 'outbox');

  const lettersTo = (to: string): Letter[] =>
    (existsSync(outbox) ? readdirSync(outbox) : [])
      .sort()
      .map((name) => readLetter(readFileSync(join(outbox, name), 'utf8')))
      .filter((letter) => letter.to.toLowerCase() === to.toLowerCase());

  const stage: Stage = {
    server,
    url,
    api: createManagementClient({ url, credential: { rootKey } }),
    browser,
    firstOperatorLink: server.firstOperatorLink ?? '',
    async link(to, path) {
      const end = performance.now() + PATIENCE_MS;
      for (;;) {
        const links = lettersTo(to).flatMap(({ text }) => text.match(/https?:\/\/\S+/g) ?? []);
        const link = links.findLast((one) => new URL(one).pathname === path);
        if (link !== undefined) return link;
        if (performance.now() > end) throw new Error(`no letter with a link to ${path} to ${to}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    log: () => readFileSync(server.logFile, 'utf8'),
    async visitor({ alsoHosts = [], ...options } = {}) {
      const context = await browser.newContext({
        baseURL: url,
        viewport: DESKTOP,
        locale: 'en-GB',
        timezoneId: 'UTC',
        // What moves is looked at when it has arrived.
        reducedMotion: 'reduce',
        permissions: ['clipboard-read', 'clipboard-write'],
        ...options,
      });
      context.setDefaultTimeout(PATIENCE_MS);
      const watched = await watch(context, new Set([new URL(url).host, ...alsoHosts]));
      const visitor = { ...watched, context, page: await context.newPage() };
      visitors.push(visitor);
      return visitor;
    },
    async leave() {
      const left = visitors.splice(0);
      for (const { context } of left) await inPatience(context.close());
      const faults = left.flatMap((visitor) => visitor.faults);
      if (faults.length > 0) throw new Error(`The pages did what no page may do:\n${faults.join('\n')}`);
    },
    async close() {
      await inPatience(browser.close());
      await server.close();
    },
  };
  return stage;
}

/** Chromium now and then does not answer when it is to close a window. That is no fault of a page, and it ends with this process. */
const inPatience = (closing: Promise<void>): Promise<void> =>
  Promise.race([closing, new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_MS).unref())]);

function readLetter(raw: string): Letter {
  const [head = '', ...rest] = raw.split('\n\n');
  const line = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(head)?.[1] ?? '';
  return { to: line('To'), subject: line('Subject'), text: rest.join('\n\n') };
}

/** Laid out for its size, and a colour on its way to another has arrived. What moves for ever is left to it. */
export async function atRest(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    await Promise.allSettled(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getTiming().iterations !== Number.POSITIVE_INFINITY)
        .map(({ finished }) => finished),
    );
  });
}
