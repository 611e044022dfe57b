// Guarantees of the rotation form: it tells "as the provider says" from "never", and sends nothing half typed.

import { describe, expect, it } from 'vitest';
import { draftOfRotation, rotationOf } from './rotation';

const inForce = { days: 90, reminders: true };

describe('a rotation policy', () => {
  it.each([null, { days: null, reminders: true }, { days: 30, reminders: false }])(
    '%j stays what it is',
    (rotation) => {
      expect(rotationOf(draftOfRotation({ rotation, rotationInForce: inForce }))).toEqual(rotation);
    },
  );

  it('offers the days in force first', () => {
    expect(draftOfRotation({ rotation: null, rotationInForce: inForce }).days).toBe(90);
  });

  it('without days is not sent', () => {
    for (const days of ['', 0] as const) expect(rotationOf({ kind: 'days', days, reminders: true })).toBeUndefined();
  });
});
