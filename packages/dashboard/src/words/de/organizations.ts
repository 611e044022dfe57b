// German words of src/pages/organizations.

import type { organizations as source } from '../en/organizations';
import type { Words } from '../words';

export const organizations: Words<typeof source> = {
  title: 'Organisationen',
};
