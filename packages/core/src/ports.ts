// What the engine needs from the outside world, as records and interfaces; adapters live in the server's rooms, never here.

import type { ObservedKind } from './access/observed.js';
import type { Restrictions } from './access/restrictions.js';
import type { Role, Standing } from './access/roles.js';
import type {
  Adjustment,
  AdjustmentFault,
  CreditAccount,
  CreditKind,
  Refill,
  ReservationRecord,
} from './credit/account.js';
import type { ReminderStage, RotationPolicy } from './key/rotation.js';
import type { LimitOverrides, TakeClaims, TakeOutcome } from './limit/limits.js';
import type { Tier } from './tier/tiers.js';
import type { Denial } from './verify/decide.js';
import type { Reason } from './verify/reasons.js';

/** Milliseconds since the Unix epoch. Every time inside the engine is one of these; RFC 3339 exists only at the edges. */
export type Instant = number;
export type Clock = () => Instant;
/** Timers on a clock that never goes back, so that nobody's setting of the time moves them. */
export interface Scheduler {
  /** Milliseconds since some instant of this process; only differences say anything. */
  now(): number;
  /** Runs `work` once, after at least `ms`; returns the way to call it off. Keeps no process alive. */
  after(ms: number, work: () => void): () => void;
}
/** Fills a fresh array of `length` bytes from a cryptographically secure source. */
export type RandomBytes = (length: number) => Uint8Array;

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };
export type JsonObject = { [name: string]: JsonValue };

export type Mode = 'live' | 'test';
export type KeyModel = 'legacy' | 'v2';

export interface OrganizationRecord {
  id: string;
  name: string;
  metadata: JsonObject | null;
  /** How old its keys may become; null: as the profile says. */
  rotation: RotationPolicy | null;
  createdAt: Instant;
  suspendedAt: Instant | null;
}

export interface ProjectRecord {
  id: string;
  organizationId: string;
  name: string;
  keyModel: KeyModel;
  /** The tier that a new key gets when none is named; null: the profile's default. */
  tier: string | null;
  metadata: JsonObject | null;
  createdAt: Instant;
  suspendedAt: Instant | null;
}

/**
 * How a digest was made: `hmac` under the pepper `pepperId`, or an imported plain `sha256` that waits for first use.
 * `value` is lower-case hex, 64 characters.
 */
export interface Digest {
  kind: 'hmac' | 'sha256';
  pepperId: string | null;
  value: string;
}

export interface KeyRecord {
  id: string;
  organizationId: string;
  projectId: string;
  /** Generations of one key share the family; limits, usage and concurrency belong to it. */
  familyId: string;
  generation: number;
  name: string;
  prefix: string;
  /** The last four characters of the secret. */
  hint: string;
  mode: Mode;
  model: KeyModel;
  tier: string | null;
  /** null: full access to the key's project. */
  permissions: string[] | null;
  restrictions: Restrictions | null;
  limits: LimitOverrides | null;
  /** The family's account as it was when the record was read; null: not bounded by credits. Only the credit book changes it. */
  credits: CreditAccount | null;
  environment: string | null;
  metadata: JsonObject | null;
  ownerId: string | null;
  digest: Digest;
  /** True for keys that were not made here: their secrets have any shape and no checksum of ours. */
  imported: boolean;
  /** The webhook signing secret, sealed by the vault with the key id as associated data; null until the plaintext was seen. */
  webhookSecret: string | null;
  createdBy: string;
  createdAt: Instant;
  expiresAt: Instant | null;
  disabledAt: Instant | null;
  graceEndsAt: Instant | null;
  revokedAt: Instant | null;
  revokedReason: string | null;
  lastUsedAt: Instant | null;
  lastUsedIp: string | null;
}

/** A tier as the database keeps it. Keys and projects name it by `name`, which never changes. */
export interface TierRecord extends Tier {
  id: string;
  /** Place in ascending order, counted from 1. */
  rank: number;
  createdAt: Instant;
  updatedAt: Instant;
}

export interface RootKeyRecord {
  id: string;
  name: string;
  hint: string;
  permissions: string[];
  digest: Digest;
  /** `environment`: the one given as LATCHKEY_ROOT_KEY, replaced when that setting changes. */
  source: 'created' | 'environment';
  /** Id of the actor; null: not known. */
  createdBy: string | null;
  createdAt: Instant;
  expiresAt: Instant | null;
  revokedAt: Instant | null;
}

export type ActorType = 'root_key' | 'customer_key' | 'operator' | 'system' | 'user' | 'portal' | 'anonymous';

/** Who does an audited thing. One that has neither `key` nor `member` acts for the operator. */
export interface Actor {
  type: ActorType;
  id: string;
  permissions: readonly string[];
  /** Present for customer keys: the record itself bounds what it may hand on. */
  key?: KeyRecord;
  /** Present for everybody from the dashboard who is not the operator: where they may act, and as what. */
  member?: MemberScope;
  /** Present for people: the session that they act in. */
  session?: { id: string; csrfToken: string; expiresAt: Instant };
}

export interface MemberScope {
  /** Standing by organization. */
  standings: ReadonlyMap<string, Exclude<Standing, 'operator' | 'signed_in'>>;
  /** The only project that is there for them; null: every one of their organizations. */
  projectId: string | null;
  /** When a portal token ends; null: a session's own end counts. */
  expiresAt: Instant | null;
}

/** A person with an account. What proves it (password, factors) is known to the accounts room alone. */
export interface UserRecord {
  id: string;
  /** Lower case. */
  email: string;
  name: string;
  emailVerified: boolean;
  /** true: one of the operator's own users, who see the whole installation. */
  isOperator: boolean;
  twoFactorEnabled: boolean;
  createdAt: Instant;
}

export interface SessionRecord {
  id: string;
  userId: string;
  createdAt: Instant;
  expiresAt: Instant;
  ip: string | null;
  userAgent: string | null;
}

export interface MembershipRecord {
  organizationId: string;
  userId: string;
  role: Role;
  createdAt: Instant;
}

/** A link that makes whoever holds it a member, or one of the operator's users. */
export interface InvitationRecord {
  id: string;
  /** null: to the operator's users. */
  organizationId: string | null;
  /** Lower case; null: whoever holds the link. */
  email: string | null;
  role: Role | 'operator';
  /** SHA-256 of the token, hexadecimal. */
  tokenHash: string;
  /** Id of the actor. */
  invitedBy: string;
  createdAt: Instant;
  expiresAt: Instant;
  acceptedAt: Instant | null;
  revokedAt: Instant | null;
  /** The link went to the address alone; false: whoever invited holds it too. */
  byLetter: boolean;
}

/** A letter to one person; text alone, so that nothing in it is fetched. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
}

export interface Mailer {
  /** false: there is no way to send; what a letter would have said has to be shown instead. */
  readonly sends: boolean;
  /** Rejects when the letter was not handed over, or (`mayHaveArrived` of the error) when nobody can know. */
  send(mail: Mail): Promise<void>;
}

/** Of what `Mailer.send` rejects with. */
export interface LetterFault {
  /** true: the letter was given out of hand, and the answer to it never came. */
  mayHaveArrived?: boolean;
}

/** A letter about keys to be rotated that the mail server refused, and that nobody got. */
export interface UnsentReminder {
  id: string;
  organizationId: string;
  userId: string;
  keys: { id: string; rotateBy: Instant; stage: ReminderStage }[];
  /** How often it was refused. */
  tries: number;
  retryAt: Instant;
}

export interface AuditEntry {
  id: string;
  organizationId: string | null;
  at: Instant;
  actorType: ActorType;
  actorId: string;
  /** The operation's name, e.g. `createKey`. */
  action: string;
  targetType: string;
  targetId: string;
  projectId: string | null;
  /** What changed, without secrets and digests. */
  changes: JsonObject;
  requestId: string;
}

/** An audit entry in its chain: one chain per organization and one (`installation`) for what belongs to none. */
export interface AuditRecord extends AuditEntry {
  chain: string;
  sequence: number;
  mac: string;
}

export interface AuditHead {
  chain: string;
  sequence: number;
  mac: string;
  /** A MAC over the head itself, so that a cut tail shows. */
  seal: string;
}

/** One remembered answer of a create or rotate, findable by the digest of its Idempotency-Key only. */
export interface ReplayRecord {
  /** Digest over actor, operation, target and Idempotency-Key. */
  id: string;
  fingerprint: string;
  keyId: string;
  /** The answer, sealed under HKDF(master key ‖ Idempotency-Key). */
  answer: string;
  createdAt: Instant;
}

/** A request under an Idempotency-Key at the gateway or in process. */
export interface IdempotencyRecord {
  /** Keyed digest over project, mode, method, path and Idempotency-Key. */
  id: string;
  /** Keyed digest over query and body. */
  fingerprint: string;
  /** The upstream's answer, sealed by the vault with `id` as associated data; null: it began, and how it ended is not known. */
  answer: string | null;
  /** The process that runs it, or ran it; null: it lost the outcome. */
  nodeId: string | null;
  createdAt: Instant;
}

/** One slot of a family's concurrency limit, held by id for work that outlives its request. */
export interface LeaseRecord {
  id: string;
  familyId: string;
  /** The generation that started the work; its revocation ends the lease. */
  keyId: string;
  projectId: string;
  organizationId: string;
  mode: Mode;
  createdAt: Instant;
  /** From this instant on the slot is free, whatever became of the work. */
  expiresAt: Instant;
}

export interface UsageRow {
  familyId: string;
  keyId: string;
  projectId: string;
  organizationId: string;
  /** Start of the UTC hour. */
  hour: Instant;
  /** `allowed` or a reason. */
  outcome: string;
  count: number;
}

export interface UsageFilter {
  organizationId?: string;
  projectId?: string;
  keyId?: string;
  from: Instant;
  to: Instant;
}

/** One hour of a key family. */
export interface FamilyHour {
  familyId: string;
  hour: Instant;
  /** Requests that passed. */
  allowed: number;
  /** All requests. */
  count: number;
}

/** What a key's requests came to over a time. */
export interface KeyUse {
  keyId: string;
  projectId: string;
  /** These three are null when the key is not there any more. */
  name: string | null;
  prefix: string | null;
  hint: string | null;
  allowed: number;
  refused: number;
}

export interface LastUse {
  keyId: string;
  at: Instant;
  ip: string | null;
}

/** Where a decision was asked for. */
export type Surface = 'gateway' | 'verify';

/** One refused request of a known key. Nothing in it can hold a secret: texts of the caller are cut and masked. */
export interface DenialRecord {
  id: string;
  keyId: string;
  at: Instant;
  reason: Reason;
  /** The id that the caller was shown. */
  requestId: string | null;
  method: string | null;
  /** Without query. */
  path: string | null;
  ip: string | null;
  /** Origin of `Origin` or `Referer`. */
  origin: string | null;
  required: NonNullable<Denial['required']> | null;
  surface: Surface;
}

/** One place that a key was used from: a network, a page or an endpoint. */
export interface ObservationRecord {
  keyId: string;
  kind: ObservedKind;
  /** null: requests that no restriction of this kind could let pass. */
  value: string | null;
  /** Since it was first seen. */
  count: number;
  lastAt: Instant;
}

export interface DenialFilter {
  keyId: string;
  requestId?: string;
}

export interface TierCounts {
  keys: number;
  keysWithOverrides: number;
  projects: number;
}

export interface Page<T> {
  rows: T[];
  /** Position after the last row, or null at the end. */
  next: Cursor | null;
}

/** A place in a list that is ordered newest first by (createdAt, id); in a ledger `at` is the entry's number. */
export interface Cursor {
  at: Instant;
  id: string;
}

export interface PageRequest {
  limit: number;
  after: Cursor | null;
}

/** One line of a family's ledger, written once and never changed. The sum of all amounts is the balance. */
export interface CreditEntry {
  familyId: string;
  /** Counts from 1 without a gap. */
  sequence: number;
  /** null: of the family as a whole, such as a refill. */
  keyId: string | null;
  projectId: string;
  organizationId: string;
  at: Instant;
  kind: CreditKind;
  amount: number;
  balanceAfter: number;
  requestId: string | null;
  /** Of a debit and its refund: counts from 1, since a request id that was refunded may be charged once more. */
  attempt: number | null;
  reservationId: string | null;
  /** Who did it; null: it came due by itself. */
  actorId: string | null;
}

/** One charge of a family. The same `requestId` again is the same charge. */
export interface SpendOrder {
  familyId: string;
  keyId: string;
  credits: number;
  requestId: string;
  at: Instant;
}

export interface ReserveOrder extends SpendOrder {
  /** The id of the reservation, should a new one be made. */
  id: string;
  expiresAt: Instant;
  /** true: a request id whose reservation was given back reserves anew; false: it answers that reservation. */
  renew: boolean;
}

/** `unbounded`: the family has no account, nothing is charged. `mismatch`: the request id was used for another amount. */
type ChargeRefusal =
  | { result: 'unbounded' }
  | { result: 'insufficient'; balance: number }
  | { result: 'mismatch'; balance: number };

/** What a call of the book came to; `written`: the kinds of all entries that it wrote, due ones among them. */
export type SpendOutcome = { written: readonly CreditKind[] } & (
  | { result: 'spent'; balance: number; repeated: boolean }
  | ChargeRefusal
);
export type ReserveOutcome = { written: readonly CreditKind[] } & (
  | { result: 'reserved'; balance: number; repeated: boolean; reservation: ReservationRecord }
  | ChargeRefusal
);

export interface SettleOrder {
  reservationId: string;
  /** What it came to; null gives all of it back. */
  settleAt: number | null;
  /** true: one that a repeated call was answered with stays open. */
  unlessRelied?: boolean;
  actorId: string;
  at: Instant;
}

export type SettleOutcome = { written: readonly CreditKind[] } & (
  | { result: 'closed'; reservation: ReservationRecord; repeated: boolean }
  /** It was ended otherwise before. */
  | { result: 'not_open'; reservation: ReservationRecord }
  | { result: 'above_reserved'; reservation: ReservationRecord }
  /** It is open still: a repeated call relies on it. */
  | { result: 'relied'; reservation: ReservationRecord }
  | { result: 'not_found' }
);

export interface RefundOrder {
  familyId: string;
  keyId: string;
  requestId: string;
  at: Instant;
}

/** Who and what an entry made inside a change belongs to. */
export interface CreditPlace {
  familyId: string;
  keyId: string;
  projectId: string;
  organizationId: string;
  requestId: string;
  actorId: string;
  at: Instant;
}

/** What one look-up finds: all the rows that decide on a key, as they stood at one instant. */
export interface KeyLookup {
  key: KeyRecord;
  project: ProjectRecord;
  organization: OrganizationRecord;
  /** true: a deleted key had one of the digest values that were asked for. */
  buried: boolean;
}

export interface KeyFilter {
  projectId: string;
  /** Absent: every key; `true` leaves out revoked ones. */
  notRevoked?: boolean;
  mode?: Mode;
  familyId?: string;
}

export interface AuditFilter {
  organizationId?: string;
  projectId?: string;
  action?: string;
  targetId?: string;
  actorId?: string;
  from?: Instant;
  to?: Instant;
}

/**
 * Reads and writes of one consistent view. Inside `Store.transaction` everything is committed together or not at all;
 * on `Store` itself each call is its own transaction.
 */
export interface StoreView {
  organizations: {
    get(id: string): Promise<OrganizationRecord | null>;
    list(page: PageRequest): Promise<Page<OrganizationRecord>>;
    insert(record: OrganizationRecord): Promise<void>;
    update(record: OrganizationRecord): Promise<void>;
    /** Removes the organization with its members, invitations, projects and keys, which leave tombstones; audit and usage stay. */
    delete(id: string, at: Instant): Promise<void>;
  };
  projects: {
    get(id: string): Promise<ProjectRecord | null>;
    list(filter: { organizationId?: string }, page: PageRequest): Promise<Page<ProjectRecord>>;
    insert(record: ProjectRecord): Promise<void>;
    update(record: ProjectRecord): Promise<void>;
    /** Removes the project and its keys, which leave tombstones; audit and usage stay. */
    delete(id: string, at: Instant): Promise<void>;
  };
  keys: {
    get(id: string): Promise<KeyRecord | null>;
    /** One indexed read; the first record that carries any of the digest values. */
    findByDigest(values: readonly string[]): Promise<KeyRecord | null>;
    /** The same record with its project and organization, in one statement; `buried` as `anyBuried` of the same values. */
    findForVerify(values: readonly string[]): Promise<KeyLookup | null>;
    /** True when a key that was deleted had one of the digest values: whatever brings it again, it stays gone. */
    anyBuried(values: readonly string[]): Promise<boolean>;
    list(filter: KeyFilter, page: PageRequest): Promise<Page<KeyRecord>>;
    /** All generations of a family, oldest first. */
    family(familyId: string): Promise<KeyRecord[]>;
    /** @throws LatchkeyError `duplicate_key` when the digest is already there. */
    insert(record: KeyRecord): Promise<void>;
    /** Writes every column but `lastUsedAt`/`lastUsedIp`, which only `recordUse` moves. */
    update(record: KeyRecord): Promise<void>;
    /** Removes the record and leaves a tombstone under its id and digest, so that it cannot be imported again. */
    delete(id: string, at: Instant): Promise<void>;
    /** How many records under each pepper could still pass at that instant or later; null: imported digests that no pepper made. */
    countByPepper(at: Instant): Promise<{ pepperId: string | null; count: number }[]>;
    /** How many webhook secrets are sealed under each master key. */
    countByMasterKey(): Promise<{ masterKeyId: string; count: number }[]>;
    /** Keys whose sealed webhook secret was not made with `masterKeyId`, at most `limit`. */
    sealedUnderOther(masterKeyId: string, limit: number): Promise<KeyRecord[]>;
    /** The keys that pass at that instant and are restricted to referrers, with their patterns. */
    withReferrers(at: Instant): Promise<{ id: string; referrers: string[] }[]>;
    /** True while an imported key is live: then a wrong checksum no longer proves a mistyped key. */
    anyImported(): Promise<boolean>;
    /**
     * The keys of an organization that somebody made, by hand or with a key of that making, and that could still pass at that
     * instant or later; newest first.
     */
    madeBy(organizationId: string, createdBy: string, at: Instant): Promise<KeyRecord[]>;
    /** Live keys of an organization that are as old as that instant or older, may pass at `at` and have no newer generation; newest first. */
    agedIn(organizationId: string, madeBefore: Instant, at: Instant, page: PageRequest): Promise<Page<KeyRecord>>;
    /** Keys on any of these tiers (null: on none) that could still pass at that instant or later, newest first. */
    onTiers(tiers: readonly (string | null)[], at: Instant, page: PageRequest): Promise<Page<KeyRecord>>;
  };
  /** Who belongs to which organization, and as what; one row for each of both. */
  memberships: {
    get(organizationId: string, userId: string): Promise<MembershipRecord | null>;
    /** Of one user, in the order of the organizations' ids. */
    ofUser(userId: string): Promise<MembershipRecord[]>;
    /** Newest first. */
    list(organizationId: string, page: PageRequest): Promise<Page<MembershipRecord>>;
    /** How many members of an organization have a role. */
    count(organizationId: string, role: Role): Promise<number>;
    /** Writes the membership, in the place of one that is there; `createdAt` of that one stays. */
    put(record: MembershipRecord): Promise<void>;
    /** false: there was none. */
    remove(organizationId: string, userId: string): Promise<boolean>;
  };
  invitations: {
    get(id: string): Promise<InvitationRecord | null>;
    findByTokenHash(tokenHash: string): Promise<InvitationRecord | null>;
    /** Of an organization, or (null) to the operator's users; newest first. */
    list(organizationId: string | null, page: PageRequest): Promise<Page<InvitationRecord>>;
    /** Those of one place and address (null: of no address) that were neither accepted nor revoked, newest first. */
    pending(organizationId: string | null, email: string | null): Promise<InvitationRecord[]>;
    /** Those that somebody made and that were neither accepted nor revoked, of one organization or (undefined) of all places; newest first. */
    pendingBy(invitedBy: string, organizationId: string | undefined): Promise<InvitationRecord[]>;
    /** Those to an address, of all places, that were neither accepted nor revoked, newest first. */
    pendingTo(email: string): Promise<InvitationRecord[]>;
    insert(record: InvitationRecord): Promise<void>;
    update(record: InvitationRecord): Promise<void>;
  };
  tiers: {
    get(id: string): Promise<TierRecord | null>;
    byName(name: string): Promise<TierRecord | null>;
    /** All of them in ascending order. */
    list(): Promise<TierRecord[]>;
    insert(record: TierRecord): Promise<void>;
    /** Writes every column but `name` and `createdAt`. */
    update(record: TierRecord): Promise<void>;
    delete(id: string): Promise<void>;
    /** Who names the tier: keys that could still pass at that instant or later, those of them with figures of their own, projects. */
    counts(name: string, at: Instant): Promise<TierCounts>;
  };
  rootKeys: {
    get(id: string): Promise<RootKeyRecord | null>;
    findByDigest(values: readonly string[]): Promise<RootKeyRecord | null>;
    list(page: PageRequest): Promise<Page<RootKeyRecord>>;
    /** Those that somebody made, by hand or with a root key of that making, and that may be used at that instant; newest first. */
    madeBy(createdBy: string, at: Instant): Promise<RootKeyRecord[]>;
    insert(record: RootKeyRecord): Promise<void>;
    update(record: RootKeyRecord): Promise<void>;
    /** How many records under each pepper could still pass at that instant or later; null: imported digests that no pepper made. */
    countByPepper(at: Instant): Promise<{ pepperId: string | null; count: number }[]>;
  };
  reminders: {
    keep(record: UnsentReminder): Promise<void>;
    /** Removes those that are to be tried again at that instant, at most `limit`, and resolves to them: whoever took one alone has it. */
    take(at: Instant, limit: number): Promise<UnsentReminder[]>;
  };
  audit: {
    head(chain: string): Promise<AuditHead | null>;
    heads(): Promise<AuditHead[]>;
    append(record: AuditRecord, head: AuditHead): Promise<void>;
    list(filter: AuditFilter, page: PageRequest): Promise<Page<AuditRecord>>;
    /** A chain in order, from `fromSequence` on, at most `limit` records. */
    chain(chain: string, fromSequence: number, limit: number): Promise<AuditRecord[]>;
  };
  replays: {
    get(id: string): Promise<ReplayRecord | null>;
    insert(record: ReplayRecord): Promise<void>;
    /** Empties the sealed answers older than `answersBefore`, removes records older than `recordsBefore`. */
    prune(answersBefore: Instant, recordsBefore: Instant): Promise<void>;
  };
  /** Leases of live keys; those of test keys are never written. */
  leases: {
    insert(record: LeaseRecord): Promise<void>;
    /** Resolves to those that were there: of several calls for one lease, one has it. */
    delete(ids: readonly string[]): Promise<LeaseRecord[]>;
    /** Those whose time is not over at that instant and whose key is there and not revoked, oldest first. */
    open(at: Instant): Promise<LeaseRecord[]>;
    /** Removes every lease that `open` leaves out at that instant, and resolves to them. */
    prune(at: Instant): Promise<LeaseRecord[]>;
  };
  usage: {
    /** Adds counts to the stored hours, together with last uses as `recordUse` does. */
    add(rows: readonly UsageRow[], uses?: readonly LastUse[]): Promise<void>;
    list(filter: UsageFilter): Promise<UsageRow[]>;
    /** What the families' keys did, hour by hour, of those keys that are still there. */
    ofFamilies(familyIds: readonly string[], from: Instant, to: Instant): Promise<FamilyHour[]>;
    /** The keys with the most requests, allowed and refused together; of two alike the one with the lower id first. */
    top(filter: UsageFilter, limit: number): Promise<KeyUse[]>;
    /** Moves `lastUsedAt` forward, never back. */
    recordUse(uses: readonly LastUse[]): Promise<void>;
  };
  denials: {
    /** Adds what is not there by its id, and keeps the newest `most` of each key named. Of a key that is gone nothing is kept. */
    add(rows: readonly DenialRecord[], most: number): Promise<void>;
    list(filter: DenialFilter, page: PageRequest): Promise<Page<DenialRecord>>;
    /** Forgets those from before an instant. */
    prune(before: Instant): Promise<void>;
  };
  /** Where live keys are used from. */
  observations: {
    /** Adds counts to those that are there, and keeps of each kind and key the `most` that were seen last. Of a key that is gone nothing is kept. */
    add(rows: readonly ObservationRecord[], most: number): Promise<void>;
    /** Those seen since an instant, by kind, the most frequent first. */
    list(keyId: string, from: Instant): Promise<ObservationRecord[]>;
    /** Forgets those that were seen last before an instant. */
    prune(before: Instant): Promise<void>;
  };
  /** The networks that each live key passed from. */
  keyNetworks: {
    known(keyIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
    /** Adds what is not there yet. Of a key that is gone nothing is kept. */
    add(uses: readonly { keyId: string; network: string }[], at: Instant): Promise<void>;
  };
  /** Credit accounts and their ledgers; what requests spend goes through the `CreditBook`. */
  credits: {
    /** Makes the account of a new family. */
    open(place: CreditPlace, balance: number, refill: Refill | null): Promise<CreditAccount>;
    /** Gives the account what is due, then changes it; opens one for a family that never had any. */
    adjust(
      place: CreditPlace,
      change: Adjustment,
    ): Promise<
      { before: CreditAccount | null; after: CreditAccount | null; written: readonly CreditKind[] } | AdjustmentFault
    >;
    /** The account, whether it bounds the family or did once. */
    get(familyId: string): Promise<CreditAccount | null>;
    /** Newest first. */
    entries(familyId: string, page: PageRequest): Promise<Page<CreditEntry>>;
    /** What that request id was debited, unless it was given back. */
    debitOf(familyId: string, requestId: string): Promise<number | null>;
    /** The latest reservation of that request id. */
    reservationOf(familyId: string, requestId: string): Promise<ReservationRecord | null>;
    reservation(id: string): Promise<ReservationRecord | null>;
    /** Accounts whose ledger does not add up to them. */
    faults(): Promise<{ familyId: string; balance: number; entries: number; ledger: number; lines: number }[]>;
  };
  /** The log of changes that every node reads. Positions count up from 1 without a gap, in the order of the commits. */
  changes: {
    /** The position under which these will stand, once the transaction is committed. */
    append(changes: readonly Change[], at: Instant): Promise<number>;
    /** What came after a position, oldest first, at most `limit` entries; `latest`: the last position of that same moment. */
    after(position: number, limit: number): Promise<{ latest: number; rows: LoggedChanges[] }>;
    /** 0 when nothing was ever written. */
    latest(): Promise<number>;
    /** Forgets the entries up to that position, itself included. */
    prune(position: number): Promise<void>;
  };
  /** The nodes that serve this database. Nobody's clock is in it: a node lives as long as its beat is seen to move. */
  nodes: {
    /** Counts the node's beat up, from 1, and says which peppers and master keys it has, by their ids. */
    beat(id: string, ringKeys: readonly string[]): Promise<void>;
    /** In ascending order of their ids. */
    list(): Promise<{ id: string; beat: number; ringKeys: string[] }[]>;
    remove(ids: readonly string[]): Promise<void>;
  };
  /** People. They come by signing up, which is the accounts room's; here they are read, changed and removed. */
  users: {
    get(id: string): Promise<UserRecord | null>;
    /** Those that are there, in no promised order. */
    list(ids: readonly string[]): Promise<UserRecord[]>;
    /** Whatever the case of the letters. */
    findByEmail(email: string): Promise<UserRecord | null>;
    /** The operator's own users, newest first. */
    operators(): Promise<UserRecord[]>;
    setOperator(id: string, isOperator: boolean): Promise<void>;
    /**
     * Gives the user another address, which was shown to be theirs.
     * @throws LatchkeyError `duplicate_key` when somebody else has it
     */
    setEmail(id: string, email: string): Promise<void>;
    /** With what signs them in, and where they are signed in. Memberships and invitations are not the account's. */
    remove(id: string): Promise<void>;
  };
  /** Where people are signed in. */
  sessions: {
    get(id: string): Promise<SessionRecord | null>;
    /** Newest first; those that are over may be among them. */
    list(userId: string): Promise<SessionRecord[]>;
    /** false: the user has no such session. */
    remove(userId: string, id: string): Promise<boolean>;
    /** Resolves to how many there were. */
    removeOthers(userId: string, keptId: string): Promise<number>;
    removeAll(userId: string): Promise<number>;
  };
  /** Small named values of the installation: the profile's name, sealed signing keys. */
  settings: {
    get(name: string): Promise<string | null>;
    set(name: string, value: string): Promise<void>;
    list(): Promise<{ name: string; value: string }[]>;
  };
}

export interface Store extends StoreView, QuotaBook, CreditBook {
  idempotency: IdempotencyBook;
  signIn: SignInTables;
  /**
   * What changes records goes through this: of all transactions, on whatever node, one runs at a time. `work` asks nothing but
   * its view and may run again, when nothing of the first run was kept.
   */
  transaction<T>(work: (view: StoreView) => Promise<T>): Promise<T>;
  /** Throws when the database cannot answer. */
  ping(): Promise<void>;
  /** The time by the database's own clock, which all of its nodes go by. */
  time(): Promise<Instant>;
  /** Writes a consistent copy of the database to `file`, while serving. */
  backup(file: string): Promise<void>;
  /** Problems found in the database file itself; empty when sound. */
  integrity(): Promise<string[]>;
  close(): Promise<void>;
}

/** Tables whose columns are known to what signs people in; to everybody else there are `users` and `sessions`. */
export type SignInTable = 'users' | 'sessions' | 'user_accounts' | 'verifications' | 'two_factors' | 'passkeys';
export type SignInValue = string | number | null;
export type SignInRow = Record<string, SignInValue>;

export interface SignInCondition {
  column: string;
  operator: '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';
  value: SignInValue | SignInValue[];
  /** true: one of those marked so is enough, beside all that are not. */
  either: boolean;
}

/** Rows of sign-in. Each call is a transaction of its own. */
export interface SignInTables {
  /** @throws LatchkeyError `duplicate_key` where something that is there once is there already */
  insert(table: SignInTable, row: SignInRow): Promise<SignInRow>;
  find(
    table: SignInTable,
    where: readonly SignInCondition[],
    page?: { limit?: number; offset?: number; sort?: { column: string; descending: boolean } },
  ): Promise<SignInRow[]>;
  count(table: SignInTable, where: readonly SignInCondition[]): Promise<number>;
  /** Resolves to the rows as they are then. */
  update(table: SignInTable, where: readonly SignInCondition[], values: SignInRow): Promise<SignInRow[]>;
  /** Changes one row that still is as asked for, `plus` added to what is there; null: there is none. */
  updateOne(
    table: SignInTable,
    where: readonly SignInCondition[],
    change: { values: SignInRow; plus: Readonly<Record<string, number>> },
  ): Promise<SignInRow | null>;
  /** Resolves to how many there were. */
  delete(table: SignInTable, where: readonly SignInCondition[]): Promise<number>;
  /** Removes one row; of any number of calls for it one gets it. */
  deleteOne(table: SignInTable, where: readonly SignInCondition[]): Promise<SignInRow | null>;
  /** Counts an attempt, for all nodes; a count begins anew when its time is over. */
  countAttempt(id: string, at: Instant, windowMs: number): Promise<{ count: number; endsAt: Instant }>;
  /** Forgets the attempts counted under an id. */
  forgetAttempts(id: string): Promise<void>;
  /** Removes sessions, verifications and counts of attempts that are over at that instant. */
  prune(at: Instant): Promise<void>;
}

/** Where the day's use of a family is kept ahead of spending, so that a crash never forgets an acknowledged request. */
export interface QuotaBook {
  /** The use written for that UTC day (days since the epoch), 0 when none. */
  readDay(familyId: string, day: number): Promise<number>;
  /** Raises the written use to at least `used`; resolves once it is durable. Calls of one tick share a transaction. */
  raiseDay(familyId: string, day: number, used: number): Promise<void>;
  /** Sets the written use exactly: what a clean stop gives back. */
  setDays(rows: readonly { familyId: string; day: number; used: number }[]): Promise<void>;
  /** Forgets the days before `day`. */
  pruneDays(day: number): Promise<void>;
}

/** Where requests under an Idempotency-Key are remembered, so that no restart runs one twice. */
export interface IdempotencyBook {
  find(id: string): Promise<IdempotencyRecord | null>;
  /**
   * Writes the record where there is none (`over` null), or in the place of `over` if that is still what is there; of any number of
   * nodes one does. false: something else is there, and stays. Durable when it resolves; calls that wait share a transaction.
   */
  put(record: IdempotencyRecord, over: IdempotencyRecord | null): Promise<boolean>;
  /** Removes the record if it is still what is there; durable when it resolves. */
  remove(record: IdempotencyRecord): Promise<void>;
  /** Removes the records that were made before that instant. */
  prune(before: Instant): Promise<void>;
  /** How many answers are sealed under each master key. */
  countByMasterKey(): Promise<{ masterKeyId: string; count: number }[]>;
  /** Records whose answer was not sealed with `masterKeyId`, in the order of their ids from behind `after` on, at most `limit`. */
  sealedUnderOther(masterKeyId: string, after: string, limit: number): Promise<IdempotencyRecord[]>;
  /** Puts one sealed text in the place of another; does nothing when the record has changed since. */
  reseal(id: string, from: string, to: string): Promise<void>;
}

/**
 * What requests do to credit accounts. Each call is all or nothing and durable when it resolves; calls of one tick share a
 * transaction and are booked in the order they came, each with its own outcome. What is due to an account is given to it
 * first. No balance ever falls below 0.
 */
export interface CreditBook {
  spendCredits(order: SpendOrder): Promise<SpendOutcome>;
  /** Gives the debit of a request id back, once; one that a repeated call was answered with stands. */
  refundCredits(order: RefundOrder): Promise<{ refunded: number; written: readonly CreditKind[] }>;
  reserveCredits(order: ReserveOrder): Promise<ReserveOutcome>;
  /** Ends a reservation: settled at an amount, the rest comes back; or refunded. Again: the same outcome. */
  settleReservation(order: SettleOrder): Promise<SettleOutcome>;
  /** Returns what ran out by then, at most `limit` reservations; resolves to how many. */
  expireReservations(at: Instant, limit: number): Promise<{ expired: number; written: readonly CreditKind[] }>;
}

/** Takes all limits of a family in one step, or none. */
export interface Limiter {
  take(claims: TakeClaims): Promise<TakeOutcome>;
  /** The same numbers without spending. */
  peek(claims: TakeClaims): Promise<TakeOutcome>;
  /**
   * Holds a slot without judging. Without `lease` it ends with this process; with it the slot belongs to the lease, for `ms` at most,
   * whatever becomes of this process, and holding it again is the same slot. Returns the way to free it, safe to call more than once.
   */
  hold(familyId: string, lease?: { id: string; ms: number }): () => void;
  /** Frees the slot of a lease, whichever process holds it. */
  freeLease(familyId: string, leaseId: string): void;
  /** Concurrency slots that are held now: the family's, or all. */
  held(familyId?: string): number;
  /** Writes what is reserved ahead back and stops. */
  close(): Promise<void>;
}

/** Keeps peppers, master keys and what they make; the only room that ever holds secret material besides a request itself. */
export interface Vault {
  /** Digest of a secret under the current pepper. */
  digest(secret: string): Digest;
  /** Every digest value under which a secret may be stored: one per pepper, and plain SHA-256 when `imported`. Current pepper first. */
  candidates(secret: string, imported: boolean): Digest[];
  currentPepperId(): string;
  pepperIds(): string[];
  currentMasterKeyId(): string;
  masterKeyIds(): string[];
  /** The id of the master key a sealed text was made with. */
  masterKeyIdOf(sealed: string): string;
  /** AES-256-GCM under the current master key, bound to `context`. Text: `v1.<masterKeyId>.<base64url>`. */
  seal(plaintext: string, context: string): string;
  /** @throws LatchkeyError `sealed_value_unreadable` when the key is gone or the text was changed. */
  open(sealed: string, context: string): string;
  /** As `seal`, under HKDF(master key ‖ secondFactor): neither of the two alone opens it. */
  sealWith(secondFactor: string, plaintext: string, context: string): string;
  openWith(secondFactor: string, sealed: string, context: string): string;
  /** HKDF-SHA-256(whole secret, salt empty, info `latchkey/webhook/v1`, 32 bytes) as `whsec_` + base64. */
  webhookSecret(secret: string): string;
  /** HMAC-SHA-256 under a raw key given as base64url; lower-case hex. */
  mac(key: string, message: string): string;
  /** SHA-256, lower-case hex. */
  hash(message: string): string;
  /** Constant-time comparison of two strings of any length. */
  equal(a: string, b: string): boolean;
}

/** A change that caches and running requests have to hear of. `ended`: nothing under this id may pass any more. */
export interface Change {
  /**
   * `tier`: any of them changed; `id` says which. `imported_keys`: there are keys of foreign shape from now on. `all`: what
   * changed is not known, so everything may have.
   */
  subject: 'key' | 'project' | 'organization' | 'root_key' | 'tier' | 'imported_keys' | 'all';
  id: string;
  /** `created`: a key that could not pass before, and opens no origin. */
  kind: 'created' | 'changed' | 'ended';
}

/** What one commit changed. */
export interface LoggedChanges {
  position: number;
  changes: readonly Change[];
}

/** How far a change got before the call returned: `nodes` have confirmed it, of those that may serve from what they remember. */
export interface Propagation {
  nodes: number;
  of: number;
  ms: number;
}

export interface ChangeFeed {
  /** true: what other processes change is heard here too. */
  readonly isShared: boolean;
  /**
   * Writes changes into the log that all nodes read, inside the transaction that makes them; resolves to their position, null:
   * there is no log. Of no changes: the position of everything that the transaction sees.
   */
  record(view: Pick<StoreView, 'changes'>, changes: readonly Change[], at: Instant): Promise<number | null>;
  /**
   * After the commit. This node has heard them when the call returns its promise; the others have confirmed when it resolves,
   * within a second. Of no changes: the same for all that stands up to the position.
   * @throws LatchkeyError `unavailable` where nothing was changed and what stands before cannot be heard
   */
  publish(changes: readonly Change[], position?: number | null): Promise<Propagation>;
  /**
   * Resolves once the listeners here have heard every change that was committed on any node before the call.
   * @throws LatchkeyError `unavailable` when that cannot be found out
   */
  caughtUp(): Promise<void>;
  /**
   * Listeners run synchronously, in the order they subscribed. Each change is heard once. Those of one commit come in their
   * order; those of two may come in either order. Returns the way to unsubscribe.
   */
  subscribe(listener: (change: Change) => void): () => void;
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /**
   * true while what was read at `readAt` (of `now`) may be acted on: it is recent enough itself, or everything that changed since
   * was heard until a short while ago. Absent: read at some time or other.
   */
  trusts(readAt?: number): boolean;
  close(): Promise<void>;
}

/** Messages between the nodes of one installation: at most once, in no promised order. What must not be lost is read from the store. */
export interface Bus {
  /** Rejects when the message could not be handed over. A node hears its own messages too. */
  send(message: string): Promise<void>;
  /** Returns the way to unsubscribe. */
  subscribe(listener: (message: string) => void): () => void;
  close(): Promise<void>;
}

/** The nodes that serve one installation now, as this one sees them. */
export interface Members {
  /** This node. A process has another id each time it starts, so the id is its boot epoch too. */
  readonly nodeId: string;
  /** Ids of the live nodes in ascending order, this one among them. One that joined a moment ago may be missing. */
  live(): readonly string[];
  /** Looks now who is there, because somebody unknown was heard of. Rejects when nobody can tell. */
  look(): Promise<void>;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where events and figures go. Never awaited, never throws; fields are redacted by name before they are written. */
export interface Telemetry {
  log(level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Adds to a counter of the metric table. */
  count(metric: string, labels?: Readonly<Record<string, string>>, by?: number): void;
  /** Adds seconds to a histogram of the metric table. */
  observe(metric: string, seconds: number, labels?: Readonly<Record<string, string>>): void;
  /** Sets a gauge of the metric table. */
  gauge(metric: string, value: number, labels?: Readonly<Record<string, string>>): void;
}

/** The key that signs principals for upstreams (EdDSA). */
export interface PrincipalSigner {
  /** A compact JWS over the claims. */
  sign(claims: JsonObject): string;
  /** Public keys as a JWK Set. */
  jwks(): { keys: JsonObject[] };
}
