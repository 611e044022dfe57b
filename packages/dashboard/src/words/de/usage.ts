// German words of src/pages/usage.

import type { usage as source } from '../en/usage';
import type { Words } from '../words';

export const usage: Words<typeof source> = {
  title: 'Nutzung',
  text: 'Anfragen mit Live-Schlüsseln, um wenige Sekunden verzögert.',
  choices: 'Was gezeigt wird',
  whose: 'Wessen Nutzung',
  range: 'Zeitraum',
  ranges: { '24h': '24 Stunden', '7d': '7 Tage', '30d': '30 Tage' },
  levels: { project: 'Projekt', organization: 'Organisation', installation: 'Installation' },
  requests: 'Anfragen',
  refused: 'Abgelehnt',
  ofAll: '{{share}} von allen',
  overTime: 'Anfragen im Verlauf',
  byHour: 'Nach Stunden, in Ihrer Zeitzone.',
  byDay: 'Nach Tagen in UTC, wie Tageslimits zählen.',
  viewOf: 'Darstellung',
  chart: 'Diagramm',
  table: 'Tabelle',
  quiet: 'Keine Anfragen in diesem Zeitraum.',
  time: 'Zeit',
  summary:
    'Balkendiagramm: {{allowed}} Anfragen zugelassen, {{refused}} abgelehnt. Dieselben Zahlen stehen in der Tabelle.',
  groups: {
    allowed: 'Zugelassen',
    limits: 'Über einem Limit',
    credentials: 'Schlüssel ungültig',
    rights: 'Nicht erlaubt',
    other: 'Sonstiges',
  },
  refusals: 'Warum Anfragen abgelehnt wurden',
  refusalsText: 'Die häufigsten zuerst, jeweils mit dem, was hilft.',
  noRefusals: 'Keine Anfrage wurde abgelehnt',
  topKeys: 'Meistgenutzte Schlüssel',
  topKeysText: 'Die mit den meisten Anfragen in diesem Zeitraum.',
  noKeys: 'Noch keine Anfragen',
  noRequestsText: 'Sobald ein Live-Schlüssel benutzt wird, steht er hier.',
  key: 'Schlüssel',
  share: 'Anteil',
  deletedKey: 'Ein gelöschter Schlüssel',
  today: 'Heute',
  todayText: 'Wie weit die Tageslimits der meistgenutzten Schlüssel reichen, wenn es so weitergeht wie zuletzt.',
  noDailyLimits: 'Keiner der meistgenutzten Schlüssel hat ein Tageslimit, das aufgebraucht werden könnte.',
  outlook: { used_up: 'Aufgebraucht', reaches: 'Wird knapp', enough: 'Genug übrig' },
  usedUp: 'hat seine {{limit}} Anfragen für heute aufgebraucht. Um {{time}} beginnt es von vorn.',
  reachesLimit: 'erreicht sein Tageslimit von {{limit}} gegen {{time}}.',
  enoughLeft: 'hat heute noch {{remaining}} von {{limit}} Anfragen übrig.',
  reasons: {
    missing_credential: {
      title: 'Es kam kein Schlüssel mit',
      advice: 'Den Schlüssel in dem Header senden, den die Doku nennt.',
    },
    malformed_credential: {
      title: 'Der Header war nicht lesbar',
      advice: 'Den Schlüssel genau in der Form senden, die die Doku zeigt.',
    },
    ambiguous_credential: {
      title: 'Es kam mehr als ein Schlüssel mit',
      advice: 'Einen Schlüssel an einer Stelle senden.',
    },
    mistyped_key: {
      title: 'Der Schlüssel war vertippt',
      advice: 'Noch einmal ganz kopieren: Die Prüfzeichen passen nicht.',
    },
    unknown_key: {
      title: 'Diesen Schlüssel gibt es nicht',
      advice: 'Er wurde vielleicht gelöscht oder gehört zu einem anderen Anbieter.',
    },
    revoked_key: {
      title: 'Der Schlüssel wurde widerrufen',
      advice: 'Jemand benutzt ihn noch und braucht einen neuen.',
    },
    disabled_key: {
      title: 'Der Schlüssel ist abgeschaltet',
      advice: 'Auf seiner Seite wieder einschalten, wenn er gelten soll.',
    },
    rotated_key: {
      title: 'Der alte Schlüssel nach einer Rotation',
      advice: 'Seine Übergangszeit ist um. Wer ihn noch sendet, braucht den neuen.',
    },
    expired_key: {
      title: 'Der Schlüssel ist abgelaufen',
      advice: 'Einen neuen anlegen, oder nächstes Mal vorher rotieren.',
    },
    wrong_mode: {
      title: 'Ein Testschlüssel, wo ein Live-Schlüssel nötig ist',
      advice: 'Oder umgekehrt: auf das Präfix achten.',
    },
    organization_disabled: {
      title: 'Die Organisation ist gesperrt',
      advice: 'Der Anbieter muss sie wieder freigeben.',
    },
    ip_not_allowed: {
      title: 'Aufruf von einer nicht erlaubten Adresse',
      advice: 'Das Netz beim Schlüssel eintragen, wenn es Ihres ist.',
    },
    referrer_not_allowed: {
      title: 'Aufruf von einer nicht erlaubten Website',
      advice: 'Die Website beim Schlüssel eintragen, wenn es Ihre ist.',
    },
    endpoint_not_allowed: {
      title: 'Der Schlüssel darf diesen Endpunkt nicht aufrufen',
      advice: 'Seine Endpunkte erweitern oder einen passenden Schlüssel nehmen.',
    },
    insufficient_permission: {
      title: 'Eine Berechtigung fehlt',
      advice: 'Dem Schlüssel die Berechtigung geben, die die Doku für den Aufruf nennt.',
    },
    insufficient_scope: { title: 'Ein Scope fehlt', advice: 'Den Scope anfordern, wenn das Token entsteht.' },
    tier_required: { title: 'Dafür ist eine höhere Stufe nötig', advice: 'Die Doku sagt, welche Stufe es öffnet.' },
    batch_too_large: { title: 'Zu viele Elemente in einer Anfrage', advice: 'Kleinere Stapel senden.' },
    rate_limited: {
      title: 'Zu viele Anfragen in einer Minute',
      advice: 'Besser verteilen, und so lange warten, wie Retry-After sagt.',
    },
    quota_exceeded: {
      title: 'Das Tageslimit war aufgebraucht',
      advice: 'Den nächsten Tag abwarten oder nach einer höheren Stufe fragen.',
    },
    concurrency_exceeded: {
      title: 'Zu viele Anfragen gleichzeitig',
      advice: 'Einige enden lassen, bevor die nächsten beginnen.',
    },
    insufficient_credits: {
      title: 'Nicht genug Guthaben',
      advice: 'Guthaben hinzufügen oder auf die Auffüllung warten.',
    },
    idempotency_key_invalid: {
      title: 'Der Idempotency-Key war nicht brauchbar',
      advice: '16 bis 255 Zeichen senden, die niemand errät, etwa eine UUID.',
    },
    idempotency_conflict: {
      title: 'Dieselbe Anfrage läuft noch',
      advice: 'Ihre Antwort abwarten, dann wiederholen.',
    },
    idempotency_mismatch: {
      title: 'Ein Idempotency-Key mit einer anderen Anfrage',
      advice: 'Für jede neue Anfrage einen frischen nehmen.',
    },
    idempotency_unknown: {
      title: 'Wie der erste Versuch ausging, ist nicht bekannt',
      advice: 'Nachsehen, ob er gewirkt hat, bevor Sie neu senden.',
    },
    too_many_failures: {
      title: 'Zu viele falsche Schlüssel von einer Adresse',
      advice: 'Den Schlüssel dort berichtigen; die Adresse wird von selbst wieder zugelassen.',
    },
    unavailable: {
      title: 'Die Prüfung war nicht möglich',
      advice: 'Wiederholen; wenn es anhält, den Anbieter fragen.',
    },
  },
};
