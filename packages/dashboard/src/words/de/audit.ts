// German words of src/pages/audit.

import type { audit as source } from '../en/audit';
import type { Words } from '../words';

export const audit: Words<typeof source> = {
  title: 'Protokoll',
};
