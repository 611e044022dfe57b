// Paths as the upstream will see them: matching against patterns, and the forms no rule can be decided on.

const AMBIGUOUS = /\/\/|[\\;#?\0]|%2f|%5c|%2e|%3b|%3f|%23|%[01][0-9a-f]|%7f|%25[0-9a-f]{2}|\/\.{1,2}(\/|$)/i;
/** Space at the edge of a segment, which some routers trim away. */
const EDGE_SPACE = /\/\s|\s(?:\/|$)/;

/**
 * True for a path that an upstream might read as another one (encoded slash, dot, `;`, `?` or `#`, control characters, double
 * encoding, dot segments, empty segments, path parameters, space around a segment, bad percent or UTF-8). Such a path is refused
 * where a rule depends on the path.
 */
export function isAmbiguousPath(path: string): boolean {
  if (!path.startsWith('/') || AMBIGUOUS.test(path)) return true;
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at);
    if (code <= 0x20 || code >= 0x7f) return true;
  }
  const read = decoded(path);
  return read === null || EDGE_SPACE.test(read);
}

/**
 * Matches a path against a pattern of segments: `:name` and `*` take one non-empty segment, a final `**` takes any rest.
 * Segments are compared percent-decoded (RFC 3986 §6.2.2.2), so that no spelling leads around a rule. Returns the named
 * ones, or null.
 */
export const matchesPath = (path: string, pattern: string): Record<string, string> | null =>
  matchesSegments(path.split('/'), pattern.split('/'), false);

/** As `matchesPath`, over what stands between the slashes. `anyCase`: letters of the pattern stand for both cases. */
export function matchesSegments(
  have: readonly string[],
  want: readonly string[],
  anyCase: boolean,
): Record<string, string> | null {
  const params: Record<string, string> = {};
  for (let at = 0; at < want.length; at++) {
    const segment = want[at] as string;
    if (segment === '**' && at === want.length - 1) return have.length >= at ? params : null;
    const given = decoded(have[at]);
    if (given === null) return null;
    if (segment === '*' || segment.startsWith(':')) {
      if (given === '') return null;
      if (segment !== '*') params[segment.slice(1)] = given;
    } else if (segment !== given && !(anyCase && folded(segment) === folded(given))) {
      return null;
    }
  }
  return have.length === want.length ? params : null;
}

/** Letters that are one in either case are the same, as U+017F and `s`: some upstreams compare upper case, some lower. */
const folded = (text: string): string => text.toUpperCase().toLowerCase();

function decoded(segment: string | undefined): string | null {
  if (segment === undefined || !segment.includes('%')) return segment ?? null;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
