// Where two JSON values differ, as JSON Pointers (RFC 6901) with what stands there before and after. Pure.

export interface Difference {
  path: string;
  /** null: nothing stood there. */
  before: unknown;
  after: unknown;
}

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null;

/** Two lists are looked into only where they are as long as each other and hold objects; else the whole list differs. */
const comparable = (before: unknown, after: unknown): boolean => {
  if (!isObject(before) || !isObject(after)) return false;
  if (!Array.isArray(before) && !Array.isArray(after)) return true;
  if (!Array.isArray(before) || !Array.isArray(after)) return false;
  return before.length === after.length && [...before, ...after].every(isObject);
};

/** Every place that differs, in the order of `before`, then what only `after` has. */
export function differencesBetween(before: unknown, after: unknown, path = ''): Difference[] {
  if (!comparable(before, after)) {
    return sameJson(before, after) ? [] : [{ path, before: before ?? null, after: after ?? null }];
  }
  const [old, now] = [before as Members, after as Members];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return names.flatMap((name) =>
    differencesBetween(own(old, name), own(now, name), `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}

const own = (value: Members, name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);

/** Equal as JSON, whatever the order of members; undefined is not there. */
function sameJson(a: unknown, b: unknown): boolean {
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return (a ?? null) === (b ?? null);
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false;
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.every((name) => sameJson(own(a, name), own(b, name)));
}
