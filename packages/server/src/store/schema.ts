// The tables as Kysely sees them: times are milliseconds, JSON is text, names are the columns'. Types only.

export interface OrganizationRow {
  id: string;
  name: string;
  metadata: string | null;
  rotation: string | null;
  created_at: number;
  suspended_at: number | null;
}

export interface ProjectRow {
  id: string;
  organization_id: string;
  name: string;
  key_model: string;
  tier: string | null;
  metadata: string | null;
  created_at: number;
  suspended_at: number | null;
}

export interface KeyRow {
  id: string;
  organization_id: string;
  project_id: string;
  family_id: string;
  generation: number;
  name: string;
  prefix: string;
  hint: string;
  mode: string;
  model: string;
  tier: string | null;
  permissions: string | null;
  restrictions: string | null;
  limits: string | null;
  environment: string | null;
  metadata: string | null;
  owner_id: string | null;
  digest: string;
  digest_kind: string;
  pepper_id: string | null;
  /** 0 or 1. */
  imported: number;
  webhook_secret: string | null;
  /** The master key that `webhook_secret` is sealed under, read from the text itself. */
  sealed_under: string | null;
  created_by: string;
  created_at: number;
  expires_at: number | null;
  disabled_at: number | null;
  grace_ends_at: number | null;
  revoked_at: number | null;
  revoked_reason: string | null;
  last_used_at: number | null;
  last_used_ip: string | null;
}

/** A digest that may never come back: its key was deleted, or (`deleted_at` null) lives on under another digest. */
export interface TombstoneRow {
  digest: string;
  key_id: string;
  deleted_at: number | null;
}

export interface MembershipRow {
  organization_id: string;
  user_id: string;
  role: string;
  created_at: number;
}

export interface InvitationRow {
  id: string;
  /** null: to the operator's users. */
  organization_id: string | null;
  email: string | null;
  role: string;
  token_hash: string;
  invited_by: string;
  created_at: number;
  expires_at: number;
  accepted_at: number | null;
  revoked_at: number | null;
  /** 0 or 1. */
  by_letter: number;
}

export interface TierRow {
  id: string;
  name: string;
  title: string;
  rank: number;
  limits: string;
  batch_size: number | null;
  endpoints: string | null;
  gated_fields: string;
  permissions: string | null;
  created_at: number;
  updated_at: number;
}

export interface RootKeyRow {
  id: string;
  name: string;
  hint: string;
  permissions: string;
  digest: string;
  digest_kind: string;
  pepper_id: string | null;
  source: string;
  created_by: string | null;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
}

/** A reminder that the mail server refused. */
export interface UnsentReminderRow {
  id: string;
  organization_id: string;
  user_id: string;
  keys: string;
  tries: number;
  retry_at: number;
}

export interface AuditRow {
  chain: string;
  sequence: number;
  id: string;
  organization_id: string | null;
  at: number;
  actor_type: string;
  actor_id: string;
  action: string;
  target_type: string;
  target_id: string;
  project_id: string | null;
  changes: string;
  request_id: string;
  mac: string;
}

export interface AuditHeadRow {
  chain: string;
  sequence: number;
  mac: string;
  seal: string;
}

export interface ReplayRow {
  id: string;
  fingerprint: string;
  key_id: string;
  answer: string;
  created_at: number;
}

export interface IdempotencyRow {
  id: string;
  fingerprint: string;
  answer: string | null;
  /** The master key that `answer` is sealed under, read from the text itself. */
  sealed_under: string | null;
  created_at: number;
  node_id: string | null;
}

export interface LeaseRow {
  id: string;
  family_id: string;
  key_id: string;
  project_id: string;
  organization_id: string;
  created_at: number;
  expires_at: number;
}

export interface UsageHourRow {
  organization_id: string;
  project_id: string;
  family_id: string;
  key_id: string;
  hour: number;
  outcome: string;
  count: number;
}

export interface QuotaDayRow {
  family_id: string;
  day: number;
  used: number;
}

export interface DenialRow {
  id: string;
  key_id: string;
  created_at: number;
  reason: string;
  request_id: string | null;
  method: string | null;
  path: string | null;
  ip: string | null;
  origin: string | null;
  required: string | null;
  surface: string;
}

export interface KeyObservationRow {
  key_id: string;
  kind: string;
  /** Empty: what no restriction could name. */
  value: string;
  count: number;
  last_at: number;
}

export interface KeyNetworkRow {
  key_id: string;
  network: string;
  first_used_at: number;
}

export interface CreditAccountRow {
  family_id: string;
  organization_id: string;
  project_id: string;
  balance: number;
  refill: string | null;
  refilled_period: number;
  /** 0 or 1. */
  bounded: number;
  entries: number;
  /** What open blocks hold of the balance. */
  escrowed: number;
  /** How many blocks it ever had. */
  blocks: number;
}

export interface CreditEntryRow {
  family_id: string;
  sequence: number;
  key_id: string | null;
  project_id: string;
  organization_id: string;
  at: number;
  kind: string;
  amount: number;
  balance_after: number;
  request_id: string | null;
  attempt: number | null;
  reservation_id: string | null;
  actor_id: string | null;
}

/** A debit, by its entry, that a repeated request relies on. */
export interface CreditRepeatRow {
  family_id: string;
  sequence: number;
}

/** A part of a balance that one node debits by itself. */
export interface CreditBlockRow {
  family_id: string;
  number: number;
  credits: number;
  spent: number;
  until: number;
}

/** A debit from an open block; its entry is written when the block is closed. */
export interface BlockDebitRow {
  family_id: string;
  request_id: string;
  key_id: string;
  credits: number;
  at: number;
}

export interface ReservationRow {
  id: string;
  family_id: string;
  key_id: string;
  project_id: string;
  organization_id: string;
  request_id: string;
  attempt: number;
  credits: number;
  settled_credits: number | null;
  state: string;
  relied: number;
  created_at: number;
  expires_at: number;
  closed_at: number | null;
}

export interface ChangesRow {
  position: number;
  at: number;
  changes: string;
}

export interface ChangeHeadRow {
  id: number;
  position: number;
}

export interface NodeRow {
  id: string;
  beat: number;
  ring_keys: string;
}

export interface SettingRow {
  name: string;
  value: string;
}

export interface UserRow {
  id: string;
  /** Lower case. */
  email: string;
  name: string;
  /** 0 or 1. */
  email_verified: number;
  image: string | null;
  two_factor_enabled: number;
  is_operator: number;
  /** That the account was made with. */
  invitation_id: string | null;
  /** 0 or 1: a letter reached its owner, or another provider vouches for it. */
  email_proven: number;
  created_at: number;
  updated_at: number;
}

export interface SessionRow {
  id: string;
  user_id: string;
  token_hash: string;
  expires_at: number;
  ip: string | null;
  user_agent: string | null;
  created_at: number;
  updated_at: number;
}

/** A password, or an identity at another provider. */
export interface UserAccountRow {
  id: string;
  user_id: string;
  provider_id: string;
  account_id: string;
  password_hash: string | null;
  access_token: string | null;
  refresh_token: string | null;
  id_token: string | null;
  access_token_expires_at: number | null;
  refresh_token_expires_at: number | null;
  scope: string | null;
  created_at: number;
  updated_at: number;
}

export interface VerificationRow {
  id: string;
  identifier_hash: string;
  sealed_value: string;
  expires_at: number;
  created_at: number;
  updated_at: number;
}

export interface TwoFactorRow {
  id: string;
  user_id: string;
  sealed_secret: string;
  sealed_backup_codes: string;
  verified: number;
  failures: number;
  locked_until: number | null;
}

export interface PasskeyRow {
  id: string;
  user_id: string;
  name: string | null;
  public_key: string;
  credential_id: string;
  counter: number;
  device_type: string;
  backed_up: number;
  transports: string | null;
  aaguid: string | null;
  created_at: number | null;
}

export interface SignInAttemptRow {
  id: string;
  count: number;
  ends_at: number;
}

export interface Schema {
  organizations: OrganizationRow;
  projects: ProjectRow;
  keys: KeyRow;
  tombstones: TombstoneRow;
  memberships: MembershipRow;
  invitations: InvitationRow;
  tiers: TierRow;
  root_keys: RootKeyRow;
  unsent_reminders: UnsentReminderRow;
  audit: AuditRow;
  audit_heads: AuditHeadRow;
  replays: ReplayRow;
  idempotency: IdempotencyRow;
  leases: LeaseRow;
  usage_hours: UsageHourRow;
  quota_days: QuotaDayRow;
  denials: DenialRow;
  key_observations: KeyObservationRow;
  key_networks: KeyNetworkRow;
  credit_accounts: CreditAccountRow;
  credit_entries: CreditEntryRow;
  credit_repeats: CreditRepeatRow;
  credit_blocks: CreditBlockRow;
  block_debits: BlockDebitRow;
  reservations: ReservationRow;
  changes: ChangesRow;
  change_heads: ChangeHeadRow;
  nodes: NodeRow;
  settings: SettingRow;
  users: UserRow;
  sessions: SessionRow;
  user_accounts: UserAccountRow;
  verifications: VerificationRow;
  two_factors: TwoFactorRow;
  passkeys: PasskeyRow;
  sign_in_attempts: SignInAttemptRow;
}
