// The shape of a profile as JSON Schema, for editors and other tools. What spans several members only the loader judges.

import { z } from 'zod';
import { profileSchema } from './schema.js';

/** JSON Schema 2020-12 of what a profile file may hold; members with a default may be left out. */
export const profileJsonSchema = (): object => ({
  ...z.toJSONSchema(profileSchema, { io: 'input', target: 'draft-2020-12' }),
  title: 'Latchkey profile',
  description: 'How one API provider reads credentials, answers, limits and rotates.',
});
