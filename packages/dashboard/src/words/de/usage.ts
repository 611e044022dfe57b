// German words of src/pages/usage.

import type { usage as source } from '../en/usage';
import type { Words } from '../words';

export const usage: Words<typeof source> = {
  title: 'Nutzung',
};
