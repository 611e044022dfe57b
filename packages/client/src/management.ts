// The management client: every operation as a method over HTTP. Where each goes is in the generated table; it decides nothing.

import { LatchkeyClientError } from './error.js';
import { type ManagementMethods, METHODS, type OperationName, ROUTES } from './generated/operations.js';
import type { ManagementCallOptions } from './management-call.js';
import { baseOf, headerValue, wholeNumber } from './options.js';
import { type Sending, send } from './send.js';

/** As whom the client calls; exactly one. */
export type ManagementCredential =
  | { rootKey: string }
  | { portalToken: string }
  /** In a browser, on the control plane's own origin: its cookie is sent along, and the token with every change. */
  | { session: { csrfToken: () => string | null } };

export interface ManagementClientOptions {
  /** The control plane, e.g. `http://127.0.0.1:4000`; a path in front of the API is kept. */
  url: string;
  /** Leave it out for calls that need none, such as reading an invitation. */
  credential?: ManagementCredential | undefined;
  /** Default: the runtime's own. */
  fetch?: typeof globalThis.fetch | undefined;
  /** Attempts after the first; default 2. A change is repeated only when that cannot do it twice. */
  retries?: number | undefined;
  /** For each attempt, from sending to the last byte of the answer; default 30000. */
  timeoutMs?: number | undefined;
}

/** `api.keys.create({ projectId, name })`: the names and shapes that the engine has in process. */
export type ManagementClient = ManagementMethods;

type Input = Readonly<Record<string, unknown>>;
interface Route {
  readonly method: Sending['method'];
  readonly path: string;
  readonly query: readonly string[];
  readonly body: boolean;
  readonly answers: boolean;
  readonly idempotent: boolean;
}

/** @throws TypeError for options that cannot work; its message quotes no value. */
export function createManagementClient(options: ManagementClientOptions): ManagementClient {
  const base = baseOf(options.url);
  const identify = identifier(options.credential);
  const retries = wholeNumber('retries', options.retries ?? 2, 0);
  const timeoutMs = wholeNumber('timeoutMs', options.timeoutMs ?? 30_000, 1);

  async function call(name: OperationName, input: Input, asked: ManagementCallOptions): Promise<unknown> {
    const route: Route = ROUTES[name];
    const { path, query, body } = split(route, input);
    const { headers, credentials, secrets } = identify(route.method !== 'GET');
    const key = route.idempotent ? asked.idempotencyKey : undefined;
    const answer = await send({
      fetch: options.fetch ?? globalThis.fetch,
      method: route.method,
      url: base + path + query,
      credentials,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': headerValue('idempotencyKey', key) }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      repeatable: route.method === 'GET' || key !== undefined,
      retries: wholeNumber('retries', asked.retries ?? retries, 0),
      timeoutMs: wholeNumber('timeoutMs', asked.timeoutMs ?? timeoutMs, 1),
      signal: asked.signal,
      secrets: [...secrets, key ?? '', ...secretsIn(body)],
    });
    if (!route.answers) return undefined;
    if (typeof answer === 'object' && answer !== null) return answer;
    throw new LatchkeyClientError({ code: 'unreadable_answer', detail: 'The answer is not one of Latchkey.' });
  }

  return Object.fromEntries(
    Object.entries(METHODS).map(([space, methods]) => [
      space,
      Object.fromEntries(
        Object.entries(methods).map(([method, name]) => [
          method,
          async (input: Input = {}, asked: ManagementCallOptions = {}) => call(name, input, asked),
        ]),
      ),
    ]),
  ) as unknown as ManagementMethods;
}

/** What a credential adds to a call. Cookies go with a session only: nothing is to be done as two people. */
function identifier(credential: ManagementCredential | undefined) {
  const bare = (headers: Record<string, string>, secrets: string[]) => () =>
    ({ headers, secrets, credentials: 'omit' }) as const;
  if (credential === undefined) return bare({}, []);
  if ('rootKey' in credential) {
    const rootKey = headerValue('rootKey', credential.rootKey);
    return bare({ authorization: `Bearer ${rootKey}` }, [rootKey]);
  }
  if ('portalToken' in credential) {
    const token = headerValue('portalToken', credential.portalToken);
    return bare({ authorization: `Bearer ${token}` }, [token]);
  }
  const { csrfToken } = credential.session;
  return (changes: boolean) => {
    const token = changes ? csrfToken() : null;
    const headers: Record<string, string> = token === null ? {} : { 'x-csrf-token': headerValue('csrfToken', token) };
    return { headers, secrets: token === null ? [] : [token], credentials: 'same-origin' } as const;
  };
}

/** Sorts the members of an input into path, query and body. */
function split(route: Route, input: Input) {
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined));
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = rest.get(name);
    // Empty, `.` and `..` would be another path.
    if (typeof value !== 'string' || /^\.{0,2}$/.test(value)) throw new TypeError(`${name} must be an id.`);
    rest.delete(name);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const [name, value] of rest) {
    if (route.body && !route.query.includes(name)) continue;
    query.set(name, String(value));
    rest.delete(name);
  }
  return {
    path,
    query: query.size === 0 ? '' : `?${query}`,
    body: route.body ? Object.fromEntries(rest) : undefined,
  };
}

const SECRET_MEMBERS = /secret|token|digest|authorization|x-api-key|cookie/i;

/** Every text of a body that is, or stands below, a member that may be secret. No error shows one. */
function secretsIn(value: unknown, within = false): string[] {
  if (typeof value === 'string') return within ? [value, ...value.split(/\s+/).slice(1)] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => secretsIn(member, within || SECRET_MEMBERS.test(name)));
}
