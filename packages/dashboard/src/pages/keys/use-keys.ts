// Keys as they are read and kept: all of a project page by page, one, and the generations of one.

import type { Key } from '@latchkey/client';
import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useMemo } from 'react';
import { useApi } from '../../data/api';
import { readForSearch } from './key-rows';

interface Page {
  data: Key[];
  nextCursor: string | null;
}
type Pages = InfiniteData<Page, string | null>;

/** Up to here a list is read anew by itself; longer ones on demand, because that is many calls. */
const FEW_PAGES = 5;
const isShort = (pages: Pages | undefined) => (pages?.pages.length ?? 0) <= FEW_PAGES;

/** All keys of a project, newest first. The first hundred are there at once, the others follow by themselves. */
export function useKeys(projectId: string | undefined) {
  const api = useApi();
  const { data, error, isError, hasNextPage, isFetching, isFetchingNextPage, fetchNextPage, refetch } =
    useInfiniteQuery({
      queryKey: ['keys', 'list', projectId],
      queryFn: ({ pageParam, signal }) =>
        api.keys.list(
          { projectId: projectId as string, limit: 100, ...(pageParam !== null && { cursor: pageParam }) },
          { signal },
        ),
      initialPageParam: null as string | null,
      getNextPageParam: ({ nextCursor }) => nextCursor,
      enabled: projectId !== undefined,
      // To compare thousands of keys with what was there takes longer than to draw the few that are seen.
      structuralSharing: false,
      staleTime: 20_000,
      refetchOnWindowFocus: ({ state }) => isShort(state.data as Pages | undefined),
      refetchInterval: ({ state }) => (isShort(state.data as Pages | undefined) ? 60_000 : false),
    });
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
  // What is on the page comes first: of pages that arrive quickly, some are drawn together.
  const settled = useDeferredValue(data);
  const keys = useMemo(() => {
    readForSearch(settled?.pages.at(-1)?.data ?? []);
    return settled?.pages.flatMap((page) => page.data);
  }, [settled]);
  return { keys, error, isComplete: !hasNextPage, isFetching, isFetchingNextPage, refetch };
}

export function useKey(keyId: string) {
  const api = useApi();
  return useQuery({
    queryKey: ['keys', 'one', keyId],
    queryFn: () => api.keys.get({ keyId }),
    refetchInterval: 30_000,
  });
}

/** Every generation of a key, newest first. */
export function useFamily(
  { projectId, familyId }: Pick<Key, 'projectId' | 'familyId'>,
  refetchInterval: number | false,
) {
  const api = useApi();
  return useQuery({
    queryKey: ['keys', 'family', familyId],
    queryFn: async () => {
      const { data } = await api.keys.list({ projectId, familyId, limit: 100 });
      return data.sort((a, b) => b.generation - a.generation);
    },
    refetchInterval,
  });
}

/** Puts what a call answered into every list, so that a long one need not be read anew. */
export function useKeyCache() {
  const client = useQueryClient();
  const inLists = (projectId: string, change: (page: Page, isFirst: boolean) => Page) =>
    client.setQueryData<Pages>(['keys', 'list', projectId], (pages) =>
      pages === undefined ? undefined : { ...pages, pages: pages.pages.map((page, at) => change(page, at === 0)) },
    );
  const aside = ({ id, familyId }: Key) => {
    void client.invalidateQueries({ queryKey: ['keys', 'family', familyId] });
    void client.invalidateQueries({ queryKey: ['keys', 'budgets', id] });
    void client.invalidateQueries({ queryKey: ['audit-events'] });
  };
  return {
    put(key: Key) {
      client.setQueryData(['keys', 'one', key.id], key);
      inLists(key.projectId, (page) => ({ ...page, data: page.data.map((each) => (each.id === key.id ? key : each)) }));
      aside(key);
    },
    add(key: Key) {
      inLists(key.projectId, (page, isFirst) =>
        isFirst && page.data.every(({ id }) => id !== key.id) ? { ...page, data: [key, ...page.data] } : page,
      );
      aside(key);
    },
    remove(key: Key) {
      inLists(key.projectId, (page) => ({ ...page, data: page.data.filter(({ id }) => id !== key.id) }));
      client.removeQueries({ queryKey: ['keys', 'one', key.id] });
      aside(key);
    },
    /** What a call changed besides the key it answered with. */
    again(keyId: string) {
      void client.invalidateQueries({ queryKey: ['keys', 'one', keyId] });
    },
  };
}
