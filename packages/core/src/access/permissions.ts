// Permission atoms: how a granted list answers for a required one.

/** Everything; what an absent permission list on a key means, and what `admin`-like permissions imply. */
export const ALL = '*';

/** The grammar of a permission: dotted lower-case words, the last of which may be `*`. */
export const PERMISSION_PATTERN = /^(\*|[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*(\.\*)?)$/;

/** What each permission of a profile also grants, e.g. `admin → *`. */
export type Implications = Readonly<Record<string, readonly string[]>>;

/** The granted atoms with everything they imply, each once. */
export function expandPermissions(granted: readonly string[], implies: Implications): string[] {
  const all = new Set<string>();
  const add = (name: string): void => {
    if (all.has(name)) return;
    all.add(name);
    if (Object.hasOwn(implies, name)) for (const implied of implies[name] ?? []) add(implied);
  };
  for (const name of granted) add(name);
  return [...all];
}

/** True when one granted atom covers the required one: itself, `*`, or a dotted parent's `.*`. */
export function grants(granted: readonly string[], required: string): boolean {
  return granted.some(
    (atom) => atom === ALL || atom === required || (atom.endsWith('.*') && required.startsWith(atom.slice(0, -1))),
  );
}

/** True when everything `inner` grants is granted by `outer`: nobody hands on more than they have. */
export function isSubset(inner: readonly string[], outer: readonly string[]): boolean {
  return inner.every((atom) => grants(outer, atom));
}
