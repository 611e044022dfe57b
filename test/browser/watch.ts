// Looks over a browser's shoulder: what no page may do is a fault, and is told when the test is over.

import type { BrowserContext, Page, Request } from 'playwright-core';

/** Chromium says so of every answer of 400 and more; which of them are wrong is judged by their status. */
const ANSWERED_WITH_AN_ERROR = /^Failed to load resource: the server responded with a status of/;

export interface Watched {
  /** Errors in the console, exceptions, breaches of the policy, answers of 500 and more, requests to other hosts. */
  readonly faults: string[];
  /** Calls of the management API that were answered 403, as `GET /v1/…`. */
  readonly forbidden: string[];
  /** Every request that a page made, in their order. */
  readonly requests: Request[];
  /** Resolves once no page has asked for anything for a while. */
  idle(): Promise<void>;
}

const QUIET_MS = 200;
const PATIENCE_MS = 15_000;

/** `hosts`: where requests may go, e.g. `localhost:20123`. */
export async function watch(context: BrowserContext, hosts: ReadonlySet<string>): Promise<Watched> {
  const underWay = new Set<Request>();
  let quietSince = performance.now();
  const watched: Watched = {
    faults: [],
    forbidden: [],
    requests: [],
    async idle() {
      const began = performance.now();
      quietSince = Math.max(quietSince, began);
      while (underWay.size > 0 || performance.now() - quietSince < QUIET_MS) {
        if (performance.now() - began > PATIENCE_MS)
          throw new Error(`still asks: ${[...underWay].map((one) => one.url())}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
  };
  const over = (request: Request): void => {
    underWay.delete(request);
    quietSince = performance.now();
  };
  context.on('requestfinished', over);
  context.on('requestfailed', over);
  const fault = (text: string): void => void watched.faults.push(text);
  await context.exposeBinding('__breach', (_, text: string) => fault(`policy: ${text}`));
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
      const { __breach } = globalThis as unknown as { __breach(text: string): void };
      __breach(`${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}`);
    });
  });
  context.on('request', (request) => {
    watched.requests.push(request);
    underWay.add(request);
    const { protocol, host } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && !hosts.has(host)) fault(`request to another host: ${request.url()}`);
  });
  context.on('response', (response) => {
    if (response.status() === 403) {
      watched.forbidden.push(`${response.request().method()} ${new URL(response.url()).pathname}`);
    }
    if (response.status() >= 500)
      fault(`answer ${response.status()}: ${response.request().method()} ${response.url()}`);
  });
  const listen = (page: Page): void => {
    page.on('pageerror', (error) => fault(`exception: ${error.stack ?? error}`));
    page.on('console', (message) => {
      if (message.type() !== 'error' || ANSWERED_WITH_AN_ERROR.test(message.text())) return;
      fault(`console: ${message.text()} (${message.location().url})`);
    });
  };
  context.on('page', listen);
  return watched;
}
