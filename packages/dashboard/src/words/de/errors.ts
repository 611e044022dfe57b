// German words for every refusal that a page can meet. The server speaks English; its sentence, with the figures, stands below.

import type { ErrorCode } from '@latchkey/core';
import type { errors as source } from '../en/errors';
import type { Words } from '../words';

/** Those of a start that failed, of the gateway and of calls that no page makes. */
type NotOnPages =
  | 'configuration_invalid'
  | 'data_dir_in_use'
  | 'data_dir_profile_mismatch'
  | 'pepper_missing'
  | 'upstream_unreachable'
  | 'upstream_unreadable'
  | 'upstream_timeout'
  | 'key_model_mismatch'
  | 'duplicate_key'
  | 'credits_unbounded'
  | 'credits_out_of_range'
  | 'reservation_not_open'
  | 'settles_above_reservation'
  | 'profile_mismatch'
  | 'last_root_key';

/** A code that is new does not compile until it is told here, or said to meet no page. */
export const errors: Words<typeof source> & Record<Exclude<ErrorCode, NotOnPages>, string> = {
  unauthenticated: 'Ihre Sitzung ist beendet. Melden Sie sich wieder an.',
  csrf_refused: 'Diese Seite ist zu alt, um noch etwas zu ändern. Laden Sie sie neu und versuchen Sie es dann wieder.',
  invalid_request: 'Etwas an der Eingabe passt nicht.',
  invalid_json: 'Die Anfrage kam nicht unversehrt an. Versuchen Sie es noch einmal.',
  invalid_cursor: 'Die Liste hat sich inzwischen geändert. Laden Sie sie neu.',
  idempotency_key_invalid: 'Die Anfrage kam nicht unversehrt an. Versuchen Sie es noch einmal.',
  mode_not_offered: 'Schlüssel dieses Modus gibt es hier nicht.',
  tier_unknown: 'Diese Stufe gibt es nicht mehr. Wählen Sie eine andere.',
  permission_unknown: 'Diese Berechtigung gibt es hier nicht.',
  limits_required: 'Diese Stufe überlässt ihre Limits dem Schlüssel: Setzen Sie sie.',
  limits_inconsistent: 'Das Limit pro Tag darf nicht unter dem pro Minute liegen.',
  grace_period_required: 'Sagen Sie, wie lange der alte Schlüssel noch gilt.',
  grace_period_not_allowed: 'Der Schlüssel dieses Projekts wird getauscht: Der alte gilt nicht weiter.',
  expiry_in_past: 'Das Ablaufdatum liegt in der Vergangenheit.',
  forbidden: 'Ihre Rolle erlaubt das nicht.',
  operator_only: 'Das darf nur der Betreiber.',
  exceeds_own_rights: 'Niemand kann mehr erlauben, als ihm selbst erlaubt ist.',
  not_found: 'Das gibt es hier nicht, oder nicht mehr.',
  method_not_allowed: 'Das lässt sich hier nicht tun.',
  request_timeout: 'Die Anfrage kam nicht rechtzeitig an. Versuchen Sie es noch einmal.',
  key_not_rotatable: 'Rotieren lässt sich nur die neueste Generation eines Schlüssels, der noch gilt.',
  key_not_live: 'Ein Schlüssel, der widerrufen oder abgelaufen ist, bleibt es: Legen Sie einen neuen an.',
  legacy_key_exists: 'Dieses Projekt hat seinen Schlüssel schon: Tauschen Sie ihn.',
  idempotency_in_progress: 'Der erste Versuch läuft noch. Warten Sie einen Augenblick.',
  idempotency_answer_gone:
    'Der Schlüssel wurde angelegt, sein Geheimnis ist aber nicht mehr da: Rotieren oder widerrufen Sie ihn.',
  organization_suspended: 'Die Organisation oder das Projekt ist gesperrt und muss zuerst freigegeben werden.',
  tier_exists: 'Eine Stufe dieses Namens gibt es schon. Wählen Sie einen anderen.',
  tier_in_use: 'Die Stufe wird noch benutzt. Geben Sie deren Schlüsseln und Projekten zuerst eine andere.',
  last_owner: 'Es muss einer übrig bleiben: Ernennen Sie zuerst jemand anderen.',
  already_member: 'Diese Person ist schon Mitglied. Ändern Sie stattdessen ihre Rolle.',
  invitation_over: 'Die Einladung gilt nicht mehr. Bitten Sie um eine neue.',
  invitation_not_yours: 'Die Einladung gilt für eine andere E-Mail-Adresse. Melden Sie sich mit dieser an.',
  sign_up_closed: 'Ein Konto gibt es hier nur mit einer Einladung.',
  too_many_attempts: 'Zu viele Versuche. Warten Sie ein wenig.',
  too_many_failures: 'Zu viele Versuche. Warten Sie ein wenig.',
  payload_too_large: 'Das ist zu groß: höchstens 1 MB.',
  unsupported_media_type: 'Die Anfrage kam nicht unversehrt an. Versuchen Sie es noch einmal.',
  header_fields_too_large: 'Die Anfrage ist zu groß. Löschen Sie die Cookies dieser Seite.',
  idempotency_mismatch: 'Die Eingabe hat sich inzwischen geändert. Senden Sie sie noch einmal.',
  internal_error: 'Auf dem Server ist etwas schiefgegangen. Nennen Sie dem Betreiber die Kennung der Anfrage.',
  unavailable: 'Der Server kann das gerade nicht. Versuchen Sie es gleich noch einmal.',
  limiter_not_shared: 'Die Server zählen die Limits nicht gemeinsam. Das muss der Betreiber in Ordnung bringen.',
  sealed_value_unreadable: 'Ein versiegelter Wert lässt sich nicht lesen. Das muss der Betreiber in Ordnung bringen.',
};
