// German words of src/pages/operators.

import type { operators as source } from '../en/operators';
import type { Words } from '../words';

export const operators: Words<typeof source> = {
  title: 'Betreiber',
  text: 'Menschen, die in dieser Installation alles sehen und ändern.',
  since: 'Konto seit',
  invite: 'Betreiber einladen',
  inviteText: 'Ein Betreiber sieht alle Organisationen, Schlüssel und Einträge und darf sie alle ändern.',
  removeTitle: '{{name}} aus den Betreibern entfernen?',
  removeText: 'Konto und Mitgliedschaften bleiben, jeder andere Zugang endet sofort.',
};
