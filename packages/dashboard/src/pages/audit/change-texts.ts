// What an audit entry says was changed, as pairs of before and after. Pure.

import type { AuditEvent } from '@latchkey/client';
import type { MemberChange } from '../../kit/change-table';

/** Actions whose entries hold `[before, after]` for each member; the others hold plain values. */
const PAIRED = /^(update|suspend|resume)|^(adjustCredits|createTier|applyProfile)$/;

const isPair = (value: unknown): value is [unknown, unknown] => Array.isArray(value) && value.length === 2;

export function changesOf({ action, changes }: Pick<AuditEvent, 'action' | 'changes'>): MemberChange[] {
  const isPaired = PAIRED.test(action);
  return Object.entries(changes).map(([path, value]) => {
    // Those of a profile are named by a JSON Pointer.
    const member = path.replace(/^\//, '').replaceAll('/', '.');
    if (!isPaired || !isPair(value)) return { member, after: value };
    // What is made has nothing before it.
    return action.startsWith('create') ? { member, after: value[1] } : { member, before: value[0], after: value[1] };
  });
}
