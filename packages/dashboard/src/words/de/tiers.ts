// German words of src/pages/tiers.

import type { tiers as source } from '../en/tiers';
import type { Words } from '../words';

export const tiers: Words<typeof source> = {
  title: 'Stufen',
};
