// German words of src/pages/overview.

import type { overview as source } from '../en/overview';
import type { Words } from '../words';

export const overview: Words<typeof source> = {
  title: 'Überblick',
  text: 'Willkommen, {{name}}. Das ist die ganze Installation.',
  requests: 'Anfragen, 24 Stunden',
  refused: 'Abgelehnt, 24 Stunden',
  newest: 'Neueste Organisationen',
  changes: 'Letzte Änderungen',
  all: 'Alle zeigen',
  firstSteps: 'Erste Schritte',
  steps: {
    organization: { title: 'Eine Organisation anlegen', text: 'für den ersten Kunden oder für Sie selbst.' },
    owner: { title: 'Den Inhaber einladen', text: 'per E-Mail oder mit einem Link, den Sie weitergeben.' },
    key: { title: 'Einen API-Schlüssel anlegen', text: 'und kopieren: Er wird einmal gezeigt.' },
    docs: { title: 'Den ersten Aufruf machen', text: 'mit den Beispielen der Doku.' },
  },
};
