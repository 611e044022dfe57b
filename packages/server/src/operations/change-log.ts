// Which subjects changed when, for fills and requests that are under way. Bounded: what it has forgotten counts as changed.

const REMEMBERED = 10_000;

export interface ChangeLog {
  note(id: string, position: number): void;
  /** true when any of the subjects changed after `position`, or when that cannot be told any more. */
  touchedSince(ids: readonly string[], position: number): boolean;
}

export function createChangeLog(): ChangeLog {
  const latest = new Map<string, number>();
  /** The last position that something was forgotten of. */
  let forgotten = 0;
  return {
    note(id, position) {
      latest.delete(id);
      latest.set(id, position);
      if (latest.size <= REMEMBERED) return;
      const [oldest, at] = latest.entries().next().value as [string, number];
      latest.delete(oldest);
      forgotten = at;
    },
    touchedSince: (ids, position) => position < forgotten || ids.some((id) => (latest.get(id) ?? 0) > position),
  };
}
