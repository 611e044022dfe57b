// German words of src/pages/account.

import type { account as source } from '../en/account';
import type { Words } from '../words';

export const account: Words<typeof source> = {
  title: 'Konto',
  text: 'Wer Sie sind, wie Sie sich anmelden und wo Sie angemeldet sind.',
  profile: 'Profil',
  changeEmail: 'Adresse ändern',
  newEmail: 'Neue Adresse',
  changeEmailText:
    'An die neue Adresse geht ein Brief mit einem Link. Ihr Konto hat sie, sobald Sie ihn geöffnet haben, und ist dann überall sonst abgemeldet.',
  changeEmailSent:
    'Wenn {{email}} verwendet werden kann, ist ein Brief mit einem Link dorthin unterwegs. Öffnen Sie ihn binnen einer Stunde in einem Browser, in dem Sie angemeldet sind.',
  noMail:
    'Sie lässt sich hier nicht ändern: Dieser Server kann keine Post senden, bis sein Betreiber LATCHKEY_SMTP_URL setzt.',
  currentPassword: 'Jetziges Passwort',
  passwordText: 'Ein neues Passwort meldet Sie überall sonst ab.',
  changePassword: 'Passwort ändern',
  passwordChanged: 'Ihr Passwort ist geändert.',
  twoFactor: 'Zwei-Faktor-Anmeldung',
  twoFactorText:
    'Neben dem Passwort wird ein Code aus einer App auf Ihrem Telefon verlangt, damit das Passwort allein niemandem nützt.',
  isOn: 'An',
  isOff: 'Aus',
  setUp: 'Einrichten',
  newCodes: 'Neue Ersatzcodes',
  switchOff: 'Ausschalten',
  switchOn: 'Einschalten',
  goOn: 'Weiter',
  setUpTitle: 'Zwei-Faktor-Anmeldung einrichten',
  setUpText:
    'Sie brauchen eine Authenticator-App, etwa die in Ihrem Passwortmanager. Geben Sie zum Beginn Ihr Passwort ein.',
  scan: 'Scannen Sie dies mit Ihrer Authenticator-App.',
  qrLabel: 'QR-Code für die Authenticator-App',
  orType: 'Oder geben Sie diesen Schlüssel in der App von Hand ein:',
  setUpKey: 'Einrichtungsschlüssel',
  keepCodes:
    'Bewahren Sie diese Ersatzcodes so auf, dass Sie sie ohne Telefon finden. Jeder meldet Sie einmal an. Sie werden nur jetzt gezeigt.',
  backupCodes: 'Ersatzcodes',
  download: 'Herunterladen',
  haveKept: 'Ich habe sie aufbewahrt',
  newCodesText: 'Die alten Ersatzcodes gelten dann nicht mehr. Geben Sie Ihr Passwort ein, um neue zu bekommen.',
  switchOffTitle: 'Zwei-Faktor-Anmeldung ausschalten?',
  switchOffText: 'Zum Anmelden genügt dann das Passwort allein. Geben Sie es ein, um fortzufahren.',
  passkeys: 'Passkeys',
  passkeysText:
    'Anmelden mit Fingerabdruck, Gesicht oder Sicherheitsschlüssel: nichts zu merken und nichts, was eine falsche Seite abfangen könnte.',
  addPasskey: 'Passkey hinzufügen',
  noPasskeys: 'Sie haben noch keinen Passkey.',
  passkey: 'Passkey',
  added: 'Hinzugefügt',
  rename: 'Umbenennen',
  renamePasskey: 'Passkey umbenennen',
  passkeyNameHint: 'Zum Beispiel das Gerät, auf dem er liegt.',
  removePasskey: 'Diesen Passkey entfernen?',
  removePasskeyText: '„{{name}}“ kann Sie dann nicht mehr anmelden.',
  sessions: 'Sitzungen',
  sessionsText: 'Wo Sie angemeldet sind. Beenden Sie, was Sie nicht kennen, und ändern Sie dann Ihr Passwort.',
  endOthers: 'Alle anderen beenden',
  ended_one: '{{count}} Sitzung beendet',
  ended_other: '{{count}} Sitzungen beendet',
  thisOne: 'Diese',
  since: 'angemeldet',
  until: 'endet',
  end: 'Beenden',
  delete: 'Konto löschen',
  deleteText:
    'Sitzungen, Anmeldefaktoren, Passkeys, Mitgliedschaften und offene Einladungen verschwinden. API-Schlüssel bleiben bei ihren Organisationen und gelten weiter, und das Protokoll bleibt.',
  deleteTitle: 'Ihr Konto löschen?',
  deleteSure:
    'Das lässt sich nicht zurücknehmen. Geben Sie Ihr Passwort ein, um fortzufahren; wenn Sie sich bei einem anderen Anbieter anmelden, lassen Sie es binnen einer Stunde nach der Anmeldung leer.',
  deleted: 'Ihr Konto ist gelöscht',
  deletedKeys:
    'Sie haben die Geheimnisse dieser Schlüssel gesehen. Bitten Sie die Zuständigen, jeden davon zu ersetzen.',
};
