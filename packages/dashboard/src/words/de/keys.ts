// German words of src/pages/keys.

import type { keys as source } from '../en/keys';
import type { Words } from '../words';

export const keys: Words<typeof source> = {
  title: 'API-Schlüssel',
};
