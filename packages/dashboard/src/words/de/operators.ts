// German words of src/pages/operators.

import type { operators as source } from '../en/operators';
import type { Words } from '../words';

export const operators: Words<typeof source> = {
  title: 'Betreiber',
};
