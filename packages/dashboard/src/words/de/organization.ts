// German words of src/pages/organization.

import type { organization as source } from '../en/organization';
import type { Words } from '../words';

export const organization: Words<typeof source> = {
  title: 'Organisation',
};
