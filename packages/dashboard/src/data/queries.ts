// The one cache of answers. It lives in memory alone; secrets never enter it (see README).

import { LatchkeyClientError } from '@latchkey/client';
import { QueryClient } from '@tanstack/react-query';

/** Asking again helps when the way was broken, not when the answer was no. */
const mayPass = (error: Error) => !(error instanceof LatchkeyClientError) || error.status === null || error.status >= 500;

export const queryClient = new QueryClient({
  defaultOptions: {
    // A browser that calls itself offline is no reason to wait without a word, nor to send later what somebody gave up.
    queries: { networkMode: 'always', refetchOnReconnect: true, staleTime: 10_000, retry: (failures, error) => failures < 2 && mayPass(error) },
    mutations: { networkMode: 'always', retry: false, gcTime: 0 },
  },
});
