// German words of src/pages/portal.

import type { portal as source } from '../en/portal';
import type { Words } from '../words';

export const portal: Words<typeof source> = {
  title: 'API-Schlüssel',
};
