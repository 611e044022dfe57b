// German words of src/pages/organizations.

import type { organizations as source } from '../en/organizations';
import type { Words } from '../words';

export const organizations: Words<typeof source> = {
  title: 'Organisationen',
  text: 'Die Kunden dieser Installation. Jede hat eigene Mitglieder, Projekte und Schlüssel.',
  name: 'Name',
  nameHelp: 'Ihr Kunde. Laden Sie als Nächstes den ersten Inhaber ein.',
  id: 'ID',
  keys: 'API-Schlüssel',
  create: 'Organisation anlegen',
  created: '{{name}} wurde angelegt. Laden Sie hier den ersten Inhaber ein.',
  none: 'Noch keine Organisationen',
  noneText: 'Legen Sie für jeden Kunden eine an und laden Sie den Inhaber ein.',
};
