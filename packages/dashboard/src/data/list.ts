// Lists of the API, which come page by page: as one that grows, or read to its end.

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
    onRetry: () => void (query.isFetchNextPageError ? query.fetchNextPage() : query.refetch()),
    onMore: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
    isLoadingMore: query.isFetchingNextPage,
  };
}

/** More is no list to choose from. */
const MOST = 2000;

/** Every page, for a choice of which any row may be meant. */
export async function readAll<Row>(read: (cursor: string | undefined) => Promise<Page<Row>>): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const { data, nextCursor } = await read(cursor);
    rows.push(...data);
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined && rows.length < MOST);
  return rows;
}
