// German words of src/pages/projects.

import type { projects as source } from '../en/projects';
import type { Words } from '../words';

export const projects: Words<typeof source> = {
  title: 'Projekte',
};
