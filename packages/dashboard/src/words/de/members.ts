// German words of src/pages/members.

import type { members as source } from '../en/members';
import type { Words } from '../words';

export const members: Words<typeof source> = {
  title: 'Mitglieder',
};
