// Projects and organizations that cached keys stand under: one object for all keys of each, and one step to part with all of them.

export interface SharedRecords<Value extends { id: string }> {
  /** The object that stands for this record from now on; whoever keeps it has to `release` it. */
  keep(record: Value): Value;
  release(record: Value): void;
  /** false once the record was dropped, or read anew with other values. */
  isCurrent(record: Value): boolean;
  drop(id: string): void;
}

/** `keep` of a record that was read with other values parts with the one before: what holds that is current no more. */
export function createSharedRecords<Value extends { id: string }>(): SharedRecords<Value> {
  const current = new Map<string, { record: Value; text: string; holders: number }>();
  return {
    keep(record) {
      const text = JSON.stringify(record);
      const known = current.get(record.id);
      if (known !== undefined && known.text === text) {
        known.holders++;
        return known.record;
      }
      current.set(record.id, { record, text, holders: 1 });
      return record;
    },
    release(record) {
      const known = current.get(record.id);
      if (known === undefined || known.record !== record) return;
      known.holders--;
      if (known.holders === 0) current.delete(record.id);
    },
    isCurrent: (record) => current.get(record.id)?.record === record,
    drop(id) {
      current.delete(id);
    },
  };
}
