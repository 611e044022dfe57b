// The way to the management API. Pages take it from `useApi`, so that the portal can bring one with its own credential.

import { createManagementClient, type ManagementClient } from '@latchkey/client';
import { createContext, createElement, type ReactNode, useContext } from 'react';

export type Api = ManagementClient;

let csrfToken: string | null = null;

/** Told by `getSelf`; goes with every change that the session makes. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** As whoever is signed in. Queries repeat what failed on the way, so the client need not. */
export const sessionApi: Api = createManagementClient({
  url: globalThis.location.origin,
  credential: { session: { csrfToken: () => csrfToken } },
  retries: 0,
});

const ApiContext = createContext<Api>(sessionApi);

export const ApiProvider = ({ api, children }: { api: Api; children: ReactNode }) =>
  createElement(ApiContext.Provider, { value: api }, children);

export const useApi = (): Api => useContext(ApiContext);
