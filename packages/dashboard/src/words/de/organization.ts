// German words of src/pages/organization.

import type { organization as source } from '../en/organization';
import type { Words } from '../words';

export const organization: Words<typeof source> = {
  title: 'Organisation',
  text: 'Einstellungen für alle ihre Projekte und Schlüssel.',
  general: 'Allgemein',
  name: 'Name',
  id: 'ID',
  rotation: 'Rotation der Schlüssel',
  rotationInForce: 'Live-Schlüssel sollen nach {{days}} Tagen rotiert werden. Auch ein überfälliger gilt weiter.',
  noRotation: 'Schlüssel müssen nie rotiert werden.',
  policy: 'Rotieren',
  policies: { provider: 'Wie der Anbieter es vorsieht', days: 'Nach einer Anzahl von Tagen', none: 'Nie' },
  days: 'Tage',
  reminders: 'Per E-Mail erinnern',
  remindersHelp: '14 Tage bevor ein Schlüssel fällig ist, und am Tag selbst.',
  danger: 'Gefahrenzone',
  isSuspended: 'Diese Organisation ist gesperrt',
  isSuspendedText: 'Alle ihre Schlüssel werden abgelehnt, bis der Anbieter sie freigibt.',
  suspendedNow: '{{name}} ist gesperrt.',
  resumedNow: '{{name}} ist wieder freigegeben.',
  deletedNow: '{{name}} wurde gelöscht.',
  leftNow: 'Sie haben {{name}} verlassen.',
  acts: {
    leave: {
      title: 'Diese Organisation verlassen',
      text: 'Sie sehen ihre Projekte und Schlüssel nicht mehr. Schlüssel, die Sie angelegt haben, gelten weiter.',
      button: 'Verlassen',
      ask: '{{name}} verlassen?',
    },
    suspend: {
      title: 'Diese Organisation sperren',
      text: 'Alle ihre Schlüssel werden sofort abgelehnt, bis sie freigegeben wird.',
      button: 'Sperren',
      ask: '{{name}} sperren?',
    },
    resume: {
      title: 'Diese Organisation freigeben',
      text: 'Ihre Schlüssel gelten wieder.',
      button: 'Freigeben',
      ask: '{{name}} freigeben?',
    },
    delete: {
      title: 'Diese Organisation löschen',
      text: 'Ihre Projekte und Schlüssel gehen mit und werden sofort abgelehnt. Nur das Protokoll bleibt.',
      button: 'Löschen',
      ask: '{{name}} löschen?',
    },
  },
};
