// A list of the API that is read page by page, as one list that grows.

import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';

interface Page<Row> {
  data: readonly Row[];
  nextCursor: string | null;
}

/** What `DataTable` takes: rows are undefined until the first page is there. */
export function useList<Row>(
  queryKey: QueryKey,
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Row>>,
  { enabled = true, refetchInterval = false }: { enabled?: boolean; refetchInterval?: number | false } = {},
) {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    enabled,
    refetchInterval,
  });
  return {
    rows: query.data?.pages.flatMap(({ data }) => data),
    error: query.error,
    onRetry: () => void query.refetch(),
    onMore: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
    isLoadingMore: query.isFetchingNextPage,
  };
}
