// German words of src/pages/projects.

import type { projects as source } from '../en/projects';
import type { Words } from '../words';

export const projects: Words<typeof source> = {
  title: 'Projekte',
  text: 'Schlüssel gehören zu einem Projekt: eines je Anwendung oder Umgebung hält sie auseinander.',
  name: 'Name',
  nameHelp: 'Zum Beispiel die Anwendung und wo sie läuft: Shop, Produktion.',
  tier: 'Stufe',
  tierHelp: 'Für Schlüssel ohne eigene Stufe.',
  usualTier: 'Standard',
  keyModel: 'Schlüsselmodell',
  keyModelHelp: 'Lässt sich später nicht ändern.',
  usualModel: 'Wie im Profil',
  models: { v2: 'Mehrere Schlüssel', legacy: 'Ein Schlüssel' },
  state: 'Zustand',
  active: 'Aktiv',
  suspended: 'Gesperrt',
  createdAt: 'Angelegt',
  create: 'Projekt anlegen',
  edit: 'Projekt bearbeiten',
  created: '{{name}} wurde angelegt.',
  suspendedNow: '{{name}} ist gesperrt.',
  resumedNow: '{{name}} ist wieder freigegeben.',
  deletedNow: '{{name}} wurde gelöscht.',
  none: 'Noch keine Projekte',
  noneText: 'Legen Sie eines an, dann seinen ersten Schlüssel.',
  acts: {
    suspend: {
      button: 'Sperren',
      ask: '{{name}} sperren?',
      text: 'Alle seine Schlüssel werden sofort abgelehnt, bis es freigegeben wird.',
    },
    resume: { button: 'Freigeben', ask: '{{name}} freigeben?', text: 'Seine Schlüssel gelten wieder.' },
    delete: {
      button: 'Löschen',
      ask: '{{name}} löschen?',
      text: 'Alle seine Schlüssel gehen mit und werden sofort abgelehnt. Das lässt sich nicht zurücknehmen.',
    },
  },
};
