// Cursors of lists: opaque outside, a position (createdAt, id) inside.

import { type Cursor, LatchkeyError, type Page, type PageRequest } from '@latchkey/core';

export const cursorText = ({ at, id }: Cursor): string => Buffer.from(JSON.stringify([at, id])).toString('base64url');

/** @throws LatchkeyError `invalid_cursor` */
export function readCursor(text: string): Cursor {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (
      Array.isArray(parsed) &&
      parsed.length === 2 &&
      Number.isSafeInteger(parsed[0]) &&
      typeof parsed[1] === 'string'
    ) {
      return { at: parsed[0], id: parsed[1] };
    }
  } catch {
    // Falls through to the one answer for everything that is no cursor.
  }
  throw new LatchkeyError('invalid_cursor');
}

export const pageRequest = (input: { limit: number; cursor?: string | undefined }): PageRequest => ({
  limit: input.limit,
  after: input.cursor === undefined ? null : readCursor(input.cursor),
});

export const pageView = <Row, View>(page: Page<Row>, view: (row: Row) => View) => ({
  data: page.rows.map(view),
  nextCursor: page.next && cursorText(page.next),
});
