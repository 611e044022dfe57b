// What can be done to an organization and to a project alike: read, change, suspend, resume, delete.

import type { Change, JsonObject, StoreView } from '@latchkey/core';
import { type AuditNote, commitChange } from './commit-change.js';
import type { Call } from './engine.js';
import { differences, notFound } from './keys/record.js';
import type { Services } from './services.js';

interface Suspendable {
  id: string;
  name: string;
  suspendedAt: number | null;
}

interface Repository<Row> {
  get(id: string): Promise<Row | null>;
  update(row: Row): Promise<void>;
  delete(id: string, at: number): Promise<void>;
}

/** Where rows of one kind live, how they look from outside, and which chain their audit belongs to. */
export interface Kind<Row extends Suspendable, View extends Record<string, unknown>> {
  subject: Extract<Change['subject'], 'organization' | 'project'>;
  rows(view: StoreView): Repository<Row>;
  view(row: Row, services: Pick<Services, 'profile'>): View;
  scope(row: Row): Pick<AuditNote, 'organizationId' | 'projectId'>;
}

export function lifecycleOf<Row extends Suspendable, View extends Record<string, unknown>>(kind: Kind<Row, View>) {
  const { subject } = kind;

  const note = (action: string, row: Row, changes: JsonObject = {}): AuditNote => ({
    action,
    target: { type: subject, id: row.id },
    ...kind.scope(row),
    changes,
  });

  async function find(view: StoreView, id: string): Promise<Row> {
    const row = await kind.rows(view).get(id);
    if (row === null) throw notFound(subject);
    return row;
  }

  /** Writes what `next` makes of the row, unless nothing differs. */
  async function change(
    services: Services,
    id: string,
    call: Call,
    action: string,
    next: (row: Row, now: number, view: StoreView) => Row | Promise<Row>,
  ) {
    const { value } = await commitChange(services, call, async (view, now) => {
      const row = await find(view, id);
      const changed = await next(row, now, view);
      const changes = differences(kind.view(row, services), kind.view(changed, services));
      if (Object.keys(changes).length === 0) return { value: row, audit: [] };
      await kind.rows(view).update(changed);
      const ended = changed.suspendedAt !== null;
      return {
        value: changed,
        audit: [note(action, row, changes)],
        changes: [{ subject, id, kind: ended ? ('ended' as const) : ('changed' as const) }],
      };
    });
    return kind.view(value, services);
  }

  return {
    note,
    change,
    get: async (services: Services, id: string): Promise<View> => kind.view(await find(services.store, id), services),
    /** From the answer on every key below is refused; running requests end. */
    suspend: (services: Services, id: string, call: Call, action: string): Promise<View> =>
      change(services, id, call, action, (row, now) => ({ ...row, suspendedAt: row.suspendedAt ?? now })),
    resume: (services: Services, id: string, call: Call, action: string): Promise<View> =>
      change(services, id, call, action, (row) => ({ ...row, suspendedAt: null })),
    /** The row goes with everything below it; its audit stays. */
    async delete(services: Services, id: string, call: Call, action: string): Promise<undefined> {
      await commitChange(services, call, async (view, now) => {
        const row = await find(view, id);
        await kind.rows(view).delete(id, now);
        return {
          value: undefined,
          audit: [note(action, row, { name: row.name })],
          changes: [{ subject, id, kind: 'ended' as const }],
        };
      });
      return undefined;
    },
  };
}
