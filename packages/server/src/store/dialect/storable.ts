// Which texts a database keeps as they are. Every dialect asks before it writes; nothing is cut or changed here.

import { LatchkeyError } from '@latchkey/core';

/** Text that a database would cut, change or refuse: NUL and lone surrogates. */
const UNSTORABLE = /\0|\p{Cs}/u;

/** @throws LatchkeyError `invalid_request` for a text that would come back changed */
export function judgeStorable(values: readonly unknown[]): void {
  for (const value of values) {
    if (typeof value === 'string' && UNSTORABLE.test(value))
      throw new LatchkeyError('invalid_request', 'Text must be well-formed Unicode without NUL.');
  }
}
