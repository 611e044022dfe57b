// Guarantees of what the members page offers: nobody is offered to make somebody more than they are.

import { describe, expect, it } from 'vitest';
import { isWithin, ROLES, rolesToGive } from './roles';

describe('roles to give', () => {
  it('end at one’s own', () => {
    expect(rolesToGive('owner')).toEqual(ROLES);
    expect(rolesToGive('operator')).toEqual(ROLES);
    expect(rolesToGive('admin')).toEqual(['admin', 'developer', 'viewer', 'billing']);
    expect(rolesToGive('nobody')).toEqual([]);
  });

  it('are not taken from somebody who has more', () => {
    expect(isWithin('owner', 'admin')).toBe(false);
    expect(isWithin('admin', 'admin')).toBe(true);
  });
});
