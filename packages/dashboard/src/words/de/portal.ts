// German words of src/pages/portal.

import type { portal as source } from '../en/portal';
import type { Words } from '../words';

export const portal: Words<typeof source> = {
  over: 'Diese Seite ist abgelaufen',
  openAgain: 'Zu Ihrer Sicherheit ist sie nur kurz offen. Öffnen Sie sie dort noch einmal, woher Sie kamen.',
  openAgainFrom: 'Zu Ihrer Sicherheit ist sie nur kurz offen. Öffnen Sie sie von {{site}} aus noch einmal.',
  endsAt: 'Diese Seite endet',
  readOnly: 'Sie können die Schlüssel hier ansehen, aber nicht ändern.',
};
