// The rows of the profile: the one that is spoken now, and what another edition of it would change.

import { z } from 'zod';
import type { Profile } from '../../profile/schema.js';
import { none, row } from './row.js';
import { changeObject, tierObject, touchObject } from './tiers.js';

/** Judged by the profile's own schema where it is used: that one is built on this table. */
const profileObject = z.unknown().meta({ description: 'A profile, as in profile.schema.json', type: 'object' });

export const profileRows = {
  getProfile: row({
    tag: 'Profile',
    summary: 'Read the profile that is spoken, with the tiers as they stand',
    description:
      'Its `policy.tiers` and `policy.gatedFields` are those of the database; `tiers` are the same in full, with what each hides.',
    method: 'GET',
    path: '/v1/profile',
    params: none,
    query: none,
    body: null,
    output: z.object({ profile: profileObject as z.ZodType<Profile, Profile>, tiers: z.array(tierObject) }),
    status: 200,
    permission: 'profile.read',
    audience: 'operator',
    idempotent: false,
    errors: [],
  }),
  applyProfile: row({
    tag: 'Profile',
    summary: 'Bring the tiers to what an edition of the profile says',
    description:
      'Tiers are made and changed, never deleted. What else differs from the running profile is listed and counts from the next start with that file.',
    method: 'POST',
    path: '/v1/profile/apply',
    params: none,
    query: none,
    body: z.strictObject({
      profile: profileObject,
      dryRun: z.boolean().optional().meta({ description: 'true: only say what it would do' }),
    }),
    output: touchObject.extend({
      dryRun: z.boolean(),
      tiers: z.object({
        created: z.array(z.string()),
        changed: z.array(
          touchObject.extend({
            name: z.string(),
            changes: z.array(
              changeObject.extend({
                edited: z.boolean().meta({ description: 'true: it was changed here since a profile was last applied' }),
              }),
            ),
          }),
        ),
        missing: z.array(z.string()).meta({ description: 'Tiers here that the profile does not have; left alone' }),
      }),
      restart: z
        .array(changeObject)
        .meta({ description: 'What differs besides tiers, and counts from the next start' }),
    }),
    status: 200,
    permission: 'profile.apply',
    audience: 'operator',
    idempotent: false,
    errors: ['profile_mismatch', 'permission_unknown', 'limits_required', 'limits_inconsistent'],
  }),
} as const;
