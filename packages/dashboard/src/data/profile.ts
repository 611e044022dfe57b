// The profile that is spoken and the tiers in force: what pages say about this provider comes from there.

import type { Tier } from '@latchkey/client';
import type { Profile } from '@latchkey/core';
import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { type Api, useApi } from './api';

export interface Provider {
  profile: Profile;
  tiers: Tier[];
}

const profileQuery = (api: Api) =>
  queryOptions({
    queryKey: ['profile'],
    // The client's types name no members of a profile; the server has judged it by its schema.
    queryFn: async () => (await api.profiles.get()) as unknown as Provider,
    staleTime: 300_000,
  });

export const useProfile = (): Provider => useSuspenseQuery(profileQuery(useApi())).data;

/** undefined: on its way, for what can be drawn without it. */
export const useProfileOnceKnown = (): Provider | undefined => useQuery(profileQuery(useApi())).data;
