// Walking a list page by page, as one sequence of rows.

import type { ManagementCallOptions } from './management-call.js';

interface Page<Row> {
  data: readonly Row[];
  nextCursor: string | null;
}

/**
 * The rows of a list, each page read when the rows before it are used up:
 * `for await (const key of paginate(api.keys.list, { projectId })) …`.
 */
export async function* paginate<Input extends { cursor?: string | undefined }, Row>(
  list: (input: Input, options?: ManagementCallOptions) => Promise<Page<Row>>,
  input: Input,
  options?: ManagementCallOptions,
): AsyncGenerator<Row, void, undefined> {
  for (let cursor = input.cursor ?? null, first = true; first || cursor !== null; first = false) {
    const page: Page<Row> = await list(cursor === null ? input : { ...input, cursor }, options);
    yield* page.data;
    cursor = page.nextCursor;
  }
}
