// German words of src/pages/docs.

import type { docs as source } from '../en/docs';
import type { Words } from '../words';

export const docs: Words<typeof source> = {
  title: 'Doku',
  text: 'Wie diese API mit einem Schlüssel aufgerufen wird, nach den Regeln, die jetzt gelten (englisch).',
  onThisPage: 'Auf dieser Seite',
  copyPage: 'Als Markdown kopieren',
};
