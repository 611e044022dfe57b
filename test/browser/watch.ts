// Looks over a browser's shoulder: what no page may do is a fault, and is told when the test is over.

import type { BrowserContext, Page, Request } from 'playwright-core';

/** Chromium says so of every answer of 400 and more; which of them are wrong is judged by their status. */
const ANSWERED_WITH_AN_ERROR = /^Failed to load resource: the server responded with a status of/;

export interface Watched {
  /** Errors in the console, exceptions, breaches of the policy, answers of 500 and more, requests to other hosts. */
  readonly faults: string[];
  /** Every request that a page made, in their order. */
  readonly requests: Request[];
}

/** `hosts`: where requests may go, e.g. `localhost:20123`. */
export async function watch(context: BrowserContext, hosts: ReadonlySet<string>): Promise<Watched> {
  const watched: Watched = { faults: [], requests: [] };
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
    const { protocol, host } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && !hosts.has(host)) fault(`request to another host: ${request.url()}`);
  });
  context.on('response', (response) => {
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
