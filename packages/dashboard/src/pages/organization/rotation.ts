// The rotation policy as its form holds it, and back. Pure.

import type { Organization } from '@latchkey/client';

export interface RotationDraft {
  /** As the profile says; an age of one's own; never. */
  kind: 'provider' | 'days' | 'none';
  days: number | '';
  reminders: boolean;
}

type Rotation = Organization['rotation'];
const USUAL_DAYS = 90;

export const draftOfRotation = ({
  rotation,
  rotationInForce,
}: Pick<Organization, 'rotation' | 'rotationInForce'>): RotationDraft => ({
  kind: rotation === null ? 'provider' : rotation.days === null ? 'none' : 'days',
  days: rotation?.days ?? rotationInForce.days ?? USUAL_DAYS,
  reminders: rotation?.reminders ?? true,
});

/** undefined: it is half typed. */
export function rotationOf({ kind, days, reminders }: RotationDraft): Rotation | undefined {
  if (kind === 'provider') return null;
  if (kind === 'none') return { days: null, reminders };
  return days === '' || days < 1 ? undefined : { days, reminders };
}
