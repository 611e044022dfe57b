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
  revokeTitle: 'Diese Root-Schlüssel widerrufen',
  revokeText:
    '{{name}} wurde entfernt, hat aber diese Root-Schlüssel angelegt oder die Schlüssel, mit denen sie angelegt wurden. Sie gelten, bis sie widerrufen werden; geben Sie den Maschinen, die sie benutzen, vorher einen anderen.',
  revokeKey: 'Widerrufen',
  keyRevoked: 'Widerrufen',
};
