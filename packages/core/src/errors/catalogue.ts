// Every error a caller can meet on the control plane: code, status, title, whether a retry may help. Codes are only ever added.

export interface ErrorEntry {
  status: number;
  title: string;
  /** What the code means and what to do about it; public. */
  help: string;
  /** true: the same call may pass later without a change. */
  retryable: boolean;
}

const entry = (status: number, title: string, help: string, retryable = false): ErrorEntry => ({
  status,
  title,
  help,
  retryable,
});

export const ERRORS = {
  invalid_request: entry(
    400,
    'Invalid request',
    'The request does not fit the operation; `errors` names each place and its fix.',
  ),
  invalid_json: entry(400, 'Body is not JSON', 'Send a JSON document in UTF-8 with the content type application/json.'),
  invalid_cursor: entry(
    400,
    'Invalid cursor',
    'Use the `nextCursor` of the page before, unchanged, or leave `cursor` out.',
  ),
  idempotency_key_invalid: entry(
    400,
    'Invalid Idempotency-Key',
    'Send 16 to 255 visible ASCII characters that nobody can guess, such as a UUID.',
  ),
  mode_not_offered: entry(400, 'Mode not offered', 'This profile makes no keys of that mode; leave `mode` out.'),
  tier_unknown: entry(400, 'Unknown tier', 'Name one of the tiers that GET /v1/tiers lists.'),
  permission_unknown: entry(
    400,
    'Unknown permission',
    'Name permissions of the profile, or management permissions such as keys.read.',
  ),
  limits_required: entry(400, 'Limits required', 'This tier leaves its limits to each key: set them in `limits`.'),
  limits_inconsistent: entry(400, 'Inconsistent limits', 'perDay must not be lower than perMinute.'),
  grace_period_required: entry(400, 'Grace period required', 'This profile has no default: say gracePeriodSeconds.'),
  grace_period_not_allowed: entry(
    400,
    'Grace period not allowed',
    "A legacy project's key is replaced in place: leave gracePeriodSeconds out or send 0.",
  ),
  expiry_in_past: entry(400, 'Expiry in the past', 'Send an expiresAt that lies ahead.'),
  credits_unbounded: entry(
    400,
    'Not bounded by credits',
    'A key without a balance has nothing to add to or refill: `set` a balance first.',
  ),
  unauthenticated: entry(
    401,
    'Not authenticated',
    'Send a root key, or a customer key that may manage keys, as `Authorization: Bearer …`.',
  ),
  forbidden: entry(
    403,
    'Not permitted',
    'Use a key that carries the permission named in `detail`, or ask somebody whose role allows it.',
  ),
  operator_only: entry(403, 'Operator only', 'Only a root key, or a user of the operator, may do or set this.'),
  exceeds_own_rights: entry(
    403,
    'Exceeds own rights',
    'A key cannot hand on more than it has itself, nor a person a role above their own.',
  ),
  not_found: entry(
    404,
    'Not found',
    'Check the id. What belongs to somebody else looks the same as what is not there.',
  ),
  method_not_allowed: entry(405, 'Method not allowed', 'Use a method named in the Allow header.'),
  request_timeout: entry(408, 'Request timed out', 'The request did not arrive in time; send it again.', true),
  duplicate_key: entry(409, 'Key already exists', 'A key with this secret or digest is already here.'),
  key_not_rotatable: entry(409, 'Key cannot rotate', 'Only the newest generation of a live key rotates.'),
  key_not_live: entry(409, 'Key is not live', 'A revoked or expired key stays so: create a new one.'),
  legacy_key_exists: entry(
    409,
    'Project already has its key',
    'A legacy project has one key: rotate it, or use a v2 project.',
  ),
  key_model_mismatch: entry(
    409,
    'Call of the other key model',
    'RotateAPIKey is for keys of the legacy model, RevokeAPIKey for those of v2; `detail` names the right call.',
  ),
  idempotency_in_progress: entry(
    409,
    'Still running',
    'The first call with this Idempotency-Key has not finished; try again shortly.',
    true,
  ),
  idempotency_answer_gone: entry(
    409,
    'Answer no longer kept',
    'The key was made, but its secret is no longer kept: rotate or revoke the key named in `detail`.',
  ),
  credits_out_of_range: entry(
    409,
    'Balance out of range',
    'A balance stays between 0 and 1,000,000,000,000,000; `detail` names the one that it would have become.',
  ),
  reservation_not_open: entry(
    409,
    'Reservation not open',
    'It was settled, refunded or expired before, as `detail` says; a reservation ends once.',
  ),
  organization_suspended: entry(409, 'Organization suspended', 'Resume the organization or project first.'),
  tier_exists: entry(409, 'Tier already exists', 'Choose another name, or change the tier that has it.'),
  tier_in_use: entry(
    409,
    'Tier in use',
    'Move the keys and projects named in `detail` to another tier first; a tier that the profile names goes with the profile.',
  ),
  profile_mismatch: entry(
    409,
    'Another profile',
    'A server speaks one profile for life: apply a profile of the same name.',
  ),
  last_owner: entry(409, 'Last of its kind', 'Make somebody else an owner, or an operator, first.'),
  already_member: entry(409, 'Already a member', 'Change the role of the member instead.'),
  invitation_over: entry(
    410,
    'Invitation is over',
    'It was used, taken back or has expired, or never was: ask for another one.',
  ),
  invitation_not_yours: entry(
    403,
    'Invitation of somebody else',
    'Sign in with the e-mail address that was invited, and confirm that address.',
  ),
  csrf_refused: entry(
    403,
    'Not sent by the dashboard',
    'A change under a session needs the header X-CSRF-Token of `GET /v1/self`, and comes from the same origin.',
  ),
  sign_up_closed: entry(403, 'Sign-up by invitation', 'Ask somebody who has an account for an invitation.'),
  too_many_attempts: entry(429, 'Too many attempts', 'Wait for Retry-After before trying again.', true),
  last_root_key: entry(409, 'Last root key', 'Make another root key before revoking this one.'),
  payload_too_large: entry(
    413,
    'Body too large',
    'Send at most 1 MB to the management API and 10 MB through the gateway.',
  ),
  unsupported_media_type: entry(415, 'Unsupported media type', 'Send application/json.'),
  idempotency_mismatch: entry(
    422,
    'Idempotency-Key used for another request',
    'Use a new Idempotency-Key for a new request.',
  ),
  settles_above_reservation: entry(
    422,
    'More than was reserved',
    'Settle at most what was reserved; spend the rest with another request.',
  ),
  too_many_failures: entry(
    429,
    'Too many failures',
    'This address keeps presenting unknown keys; wait for Retry-After.',
    true,
  ),
  header_fields_too_large: entry(431, 'Headers too large', 'Send fewer or smaller headers (16 KB in all).'),
  internal_error: entry(500, 'Internal error', 'Report it with the requestId; the log has the cause.', true),
  upstream_unreachable: entry(502, 'Upstream unreachable', 'The API behind the gateway did not answer.', true),
  upstream_unreadable: entry(
    502,
    'Upstream answer unreadable',
    'Fields that the tier does not include could not be left out of the answer, so none of it is passed on.',
  ),
  unavailable: entry(
    503,
    'Unavailable',
    'A dependency is away or the server is stopping; try again after Retry-After.',
    true,
  ),
  limiter_not_shared: entry(
    503,
    'Limits are not shared',
    'Several nodes serve one database, and each counts limits for itself: give all of them the same REDIS_URL, or stop all but one.',
    true,
  ),
  upstream_timeout: entry(504, 'Upstream timed out', 'The API behind the gateway took too long.', true),
  configuration_invalid: entry(
    500,
    'Configuration invalid',
    'Mend the setting named in `detail`; nothing was started.',
  ),
  data_dir_in_use: entry(
    500,
    'Data directory in use',
    'Another process serves this data directory: stop it, or name another one.',
  ),
  data_dir_profile_mismatch: entry(
    500,
    'Data directory belongs to another profile',
    'One profile per data directory: name another directory or the profile it was made with.',
  ),
  sealed_value_unreadable: entry(
    500,
    'Sealed value unreadable',
    'Its master key is not among LATCHKEY_MASTER_KEY, or the value was changed; run `latchkey doctor`.',
  ),
  pepper_missing: entry(500, 'Pepper missing', 'Keys need a pepper that LATCHKEY_PEPPER no longer has: add it back.'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;
