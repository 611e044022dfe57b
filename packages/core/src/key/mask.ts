// Taking what may be a secret out of a path before it is kept. Pure; what is masked is masked for good.

export const MASKED = '[masked]';

/** Longest path that is kept. */
const MOST_CHARACTERS = 200;
/** A path is read no further: what stands behind is cut off anyway. */
const MOST_READ = 8192;
/** As long as the random part of every secret made here, in any encoding that keeps letters and digits. */
const LONG_RUN = /[A-Za-z0-9_~+=.%-]{32,}/;
/** A beginning like those of secrets, with the first characters of one behind it. */
const SECRET_START = /(?:[a-z0-9]{2,12}_(?:live|test|root)_|whsec_)[A-Za-z0-9+=_-]{4,}/i;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Cs}/gu;

/**
 * The path without its query, cut, and without segments that may hold a secret: the one presented, a known beginning, or a
 * run of characters as long as a key (UUIDs stay). Every reading of percent-encoding is looked at.
 */
export function maskedPath(path: string, presented: string | null): string {
  const plain = path.split('?', 1)[0] as string;
  const read = plain.slice(0, MOST_READ);
  const segments = read.split('/');
  const isCut = plain.length > MOST_READ;
  if (isCut) segments.pop();
  const spansSegments = presented?.includes('/') === true && readingsOf(read).some((text) => text.includes(presented));
  if (spansSegments) return `/${MASKED}`;
  let kept = '';
  for (const [at, segment] of segments.entries()) {
    const shown = mayBeSecret(segment, presented) ? MASKED : segment.replace(UNPRINTABLE, '?');
    const next = at === 0 ? shown : `${kept}/${shown}`;
    // Whole segments only: no cut may leave the half of a secret that nothing recognises any more.
    if (next.length > MOST_CHARACTERS) return `${kept}/…`;
    kept = next;
  }
  return isCut ? `${kept}/…` : kept;
}

/** Text of a caller that is short and mostly a word of ours, such as a field's name. */
export const maskedWord = (word: string, presented: string | null): string =>
  word.length > MOST_CHARACTERS || mayBeSecret(word, presented) ? MASKED : word.replace(UNPRINTABLE, '?');

const mayBeSecret = (text: string, presented: string | null): boolean =>
  readingsOf(text).some(
    (reading) =>
      (presented !== null && presented !== '' && reading.includes(presented)) ||
      SECRET_START.test(reading) ||
      (LONG_RUN.test(reading) && !UUID.test(reading)),
  );

/** The text and what it becomes with each percent-decoding, until nothing changes. */
function readingsOf(text: string): string[] {
  const readings = [text];
  for (let reading = text; reading.includes('%') && readings.length < 6; ) {
    const next = reading.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (next === reading) break;
    readings.push(next);
    reading = next;
  }
  return readings;
}
