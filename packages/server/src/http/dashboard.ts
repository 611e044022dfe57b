// The dashboard as it goes out: its pages, each with a policy and a nonce of its own, and its files. What a page shows is the page's matter.

import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import { LatchkeyError } from '@latchkey/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Every path that is a page. The same list as the routes in packages/dashboard/src/app/router.tsx; a test compares them. */
export const PAGES = [
  '/sign-in',
  '/sign-up',
  '/verify-email',
  '/change-email',
  '/forgot-password',
  '/reset-password',
  '/invitation',
  '/portal',
  '/dashboard',
  '/dashboard/api-keys',
  '/dashboard/api-keys/:keyId',
  '/dashboard/usage',
  '/dashboard/audit-log',
  '/dashboard/docs',
  '/dashboard/tiers',
  '/dashboard/organizations',
  '/settings',
  '/settings/api-keys',
  '/settings/organization',
  '/settings/members',
  '/settings/projects',
  '/settings/operators',
  '/settings/account',
] as const;

const ASSETS = '/assets/:file';
/** What `dashboard.register` makes routes of, beside `/`. */
export const DASHBOARD_PATHS: readonly string[] = [...PAGES, ASSETS];

const HTML = 'text/html; charset=utf-8';
const NONCE_PLACE = '__NONCE__';
/** Told to the page, so that it asks who is signed in only where somebody may be. */
const SESSION_PLACE = '__SESSION__';
const SESSION_COOKIE = /(^|;\s*)__Host-latchkey_session=/;
const YEAR_SECONDS = 31_536_000;
/** The name of a file with a hash of its content; without one it may change. */
const HASHED = /-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/;

/** Said of pages alone, beside what every answer says. */
const PAGE_HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), microphone=(), geolocation=(), payment=(), usb=(), ' +
    'publickey-credentials-create=(self), publickey-credentials-get=(self), clipboard-write=(self)',
};

const policy = (nonce: string, ancestors: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${ancestors}`,
  ].join('; ');

export interface DashboardParts {
  /** Origins whose pages may frame the key portal; none: nobody's. */
  portalOrigins?: readonly string[] | undefined;
  /** Where the built pages lie; default: beside the server's code. */
  folder?: string | undefined;
  /** What stands at `/` as long as nothing is built. */
  links: Readonly<Record<string, string>>;
}

export interface Dashboard {
  register(app: FastifyInstance): Promise<void>;
  /** Answers with the app, whatever the path; with 404 it shows that there is nothing. */
  sendPage(request: FastifyRequest, reply: FastifyReply, status?: 200 | 404): Promise<FastifyReply>;
}

/** Whether a person's browser asks, going somewhere: a program gets a problem document instead of a page. */
export const wantsPage = ({ method, headers }: FastifyRequest): boolean =>
  (method === 'GET' || method === 'HEAD') && headers.accept?.includes('text/html') === true;

export function createDashboard({ portalOrigins = [], folder = built(), links }: DashboardParts): Dashboard {
  const shell = async (): Promise<string> => {
    try {
      // Read each time: it is small, and a new build may stand there.
      return await readFile(join(folder, 'index.html'), 'utf8');
    } catch {
      return notBuilt(links);
    }
  };

  async function sendPage(request: FastifyRequest, reply: FastifyReply, status: 200 | 404 = 200) {
    const nonce = randomBytes(16).toString('base64');
    const isFramed = portalOrigins.length > 0 && request.routeOptions.url === '/portal' && status === 200;
    reply.code(status).headers(PAGE_HEADERS).type(HTML);
    reply.header('content-security-policy', policy(nonce, isFramed ? portalOrigins.join(' ') : "'none'"));
    // It knows no list of origins; the policy above is what browsers obey.
    if (isFramed) reply.removeHeader('x-frame-options');
    const session = SESSION_COOKIE.test(request.headers.cookie ?? '') ? 'sent' : 'none';
    return reply.send((await shell()).replace(NONCE_PLACE, nonce).replace(SESSION_PLACE, session));
  }

  /** The files of the build by name: nothing else is ever opened. */
  let files: ReadonlySet<string> = new Set();
  const has = (file: string): boolean => {
    if (!files.has(file)) files = new Set(namesIn(join(folder, 'assets')));
    return files.has(file);
  };

  return {
    sendPage,
    async register(app) {
      for (const path of PAGES) app.get(path, (request, reply) => sendPage(request, reply));
      // Whole or not at all: nobody needs a part of a script, and one that is out of range would be an error to word.
      await app.register(fastifyStatic, { serve: false, preCompressed: true, acceptRanges: false });
      app.get<{ Params: { file: string } }>(ASSETS, (request, reply) => {
        const { file } = request.params;
        if (!has(file)) throw new LatchkeyError('not_found', 'There is nothing at this path.');
        const isHashed = HASHED.test(file);
        return reply
          .header('cross-origin-resource-policy', 'same-origin')
          .sendFile(file, join(folder, 'assets'), { immutable: isHashed, maxAge: isHashed ? YEAR_SECONDS * 1000 : 0 });
      });
    },
  };
}

/** Beside the server's code; where that runs from its sources, beside what was built of them. */
const PLACES = ['../dashboard/', '../../dist/dashboard/'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
const built = () => PLACES.find((place) => existsSync(place)) ?? (PLACES[0] as string);

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !/\.(br|gz)$/.test(name));
  } catch {
    return [];
  }
}

const notBuilt = (links: Readonly<Record<string, string>>) => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Latchkey</title></head>
<body>
<h1>Latchkey</h1>
<p>The pages of the dashboard are not built. Run <code>node scripts/build.mjs</code>, then load this page again.</p>
<ul>${Object.entries(links)
  .map(([name, path]) => `<li><a href="${path}">${name}</a></li>`)
  .join('')}</ul>
</body>
</html>
`;
