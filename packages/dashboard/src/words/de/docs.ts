// German words of src/pages/docs.

import type { docs as source } from '../en/docs';
import type { Words } from '../words';

export const docs: Words<typeof source> = {
  title: 'Dokumentation',
};
