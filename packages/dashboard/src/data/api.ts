// The way to the management API. Pages take it from `useApi`, so that the portal can bring one with its own credential.

import { LatchkeyClientError } from '@latchkey/client';
import type { OperationMethods } from '@latchkey/core';
import { createContext, createElement, type ReactNode, useContext } from 'react';
import type { Self } from './self';

export type Api = Pick<OperationMethods, 'organizations' | 'projects'> & { self: { get(): Promise<Self> } };

let csrfToken: string | null = null;

/** Told by `getSelf`; goes with every change that the session makes. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}
export const getCsrfToken = () => csrfToken;

async function get<T>(path: string, query: Record<string, unknown> = {}): Promise<T> {
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const answer = await fetch(search.size === 0 ? path : `${path}?${search}`);
  const body = await answer.json().catch(() => ({ code: 'http_error', detail: answer.statusText }));
  if (!answer.ok) throw new LatchkeyClientError({ ...body, status: answer.status });
  return body as T;
}

export const sessionApi = {
  self: { get: () => get('/v1/self') },
  organizations: { list: (query: Record<string, unknown>) => get('/v1/organizations', query) },
  projects: { list: (query: Record<string, unknown>) => get('/v1/projects', query) },
} as unknown as Api;

const ApiContext = createContext<Api>(sessionApi);

export const ApiProvider = ({ api, children }: { api: Api; children: ReactNode }) =>
  createElement(ApiContext.Provider, { value: api }, children);

export const useApi = () => useContext(ApiContext);
