// What pages remember while the document stays: it is one person's, and goes when they do.

const all = new Set<Map<string, string>>();

/** Emptied before anybody else can come: a secret may have been pasted into what stands there. */
export function personalMap(): Map<string, string> {
  const made = new Map<string, string>();
  all.add(made);
  return made;
}

export function forgetPersonal(): void {
  for (const map of all) map.clear();
}
