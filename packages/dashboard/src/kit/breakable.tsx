// A long text without spaces: where it has to be broken, `ERROR_CODES`, paths and addresses are after a sign, not within a word.

import { Fragment } from 'react';

export function Breakable({ text }: { text: string }) {
  return text.split(/(?<=[_/@])/).map((part, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text stay where they are
    <Fragment key={at}>
      {at > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}
