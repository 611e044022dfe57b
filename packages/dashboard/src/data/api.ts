// The way to the management API. Pages take it from `useApi`, so that the portal can bring one with its own credential.

import { createManagementClient, type ManagementClient } from '@latchkey/client';
import { createContext, createElement, type ReactNode, useContext } from 'react';

export type Api = ManagementClient;

let csrfToken: string | null = null;

/** Told by `getSelf`; goes with every change that the session makes. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}
export const getCsrfToken = () => csrfToken;

/** No retries of its own: the cache of queries decides when to ask again. */
export const sessionApi = createManagementClient({
  url: globalThis.location.origin,
  credential: { session: { csrfToken: getCsrfToken } },
  retries: 0,
});

const ApiContext = createContext<Api>(sessionApi);

export const ApiProvider = ({ api, children }: { api: Api; children: ReactNode }) =>
  createElement(ApiContext.Provider, { value: api }, children);

export const useApi = () => useContext(ApiContext);
