// What the engine is to the rooms around it: management operations by name, and one decision per request. Types only.

import type {
  Actor,
  Budget,
  Change,
  ChangeFeed,
  Clock,
  Denial,
  Instant,
  LeaseRecord,
  Limiter,
  Mailer,
  Members,
  Mode,
  OperationName,
  OperationOutput,
  Operations,
  PrincipalSigner,
  Profile,
  RandomBytes,
  Reason,
  RouteMatch,
  Snapshot,
  Store,
  Surface,
  Telemetry,
  Vault,
} from '@latchkey/core';

import type { IdempotentRequest, IdempotentTurn } from './idempotency.js';

/** Everything the engine stands on; each is a port with at least one adapter. */
export interface EngineParts {
  store: Store;
  limiter: Limiter;
  vault: Vault;
  feed: ChangeFeed;
  members: Members;
  signer: PrincipalSigner;
  telemetry: Telemetry;
  profile: Profile;
  clock: Clock;
  random: RandomBytes;
  mailer: Mailer;
  /** How people reach the dashboard, without a slash at the end: the beginning of every link that they are given. */
  publicUrl: string;
  /** Where customers reach the API, without a slash at the end; absent: where the profile says. */
  gatewayUrl?: string | undefined;
  /** Modes that have an upstream; a key of another mode is refused as `wrong_mode`. */
  servedModes: readonly Mode[];
}

/** The circumstances of one management call. */
export interface Call {
  actor: Actor;
  requestId: string;
  idempotencyKey: string | null;
  /** true: a call that belongs to one key model refuses keys of the other. Absent: it serves both. */
  ownModelOnly?: boolean;
}

/** A call's input as it came over a wire: not yet judged. */
export interface RawInput {
  params?: unknown;
  query?: unknown;
  body?: unknown;
}

/** A request that presents a credential. Route, cost and permission are looked up in the profile by method and path. */
export interface VerifyRequest {
  /** Raw headers as a flat list of names and values, or a secret that was already read (null: none was presented). */
  credential: { rawHeaders: readonly string[] } | { secret: string | null };
  method: string | null;
  /** Exactly the bytes that the upstream will see, without query. */
  path: string | null;
  ip: string | null;
  /** The value of `Origin`, else of `Referer`. */
  referrer: string | null;
  /** The mode that the request's host serves; null: either. */
  mode: Mode | null;
  /** Needed in addition to the route's. */
  permissions?: readonly string[];
  /** What to spend; absent: the route's cost. Nothing at all is a look, which counts as no use. */
  cost?: { requests: number; credits: number };
  batchSize?: number | null;
  fields?: readonly string[];
  /** Names the request in what is kept about it: denials, the ledger. */
  requestId?: string;
  /** Where it is asked; absent: `verify`. */
  surface?: Surface;
  /** Names what is spent: a repeated id is charged once, and takes no limits again. Absent: `requestId`, which is not looked for. */
  spendId?: string;
  /** For a test key: the refusal to rehearse, in the caller's words (`REHEARSABLE`). Absent: none. */
  testReason?: string;
  /** true: a passing request keeps its concurrency slot until `release`. */
  holdSlot: boolean;
  /**
   * The slot that is held outlives the request, as a lease: of so many seconds, whatever the route says; `route`: only on rows
   * of kind job, and for as long as the row says.
   */
  lease?: 'route' | { seconds: number };
}

/** What is left after a request was charged; null: nothing was. `reservationId`: of one that is settled later. */
export type CreditsTaken = { balance: number; reservationId: string | null } | null;

/** The decision, before it is rendered. `reason` null: allowed. */
export interface Verdict {
  reason: Reason | null;
  required: Denial['required'] | null;
  /** Known whenever the key is, also for refusals. */
  snapshot: Snapshot | null;
  route: RouteMatch | null;
  budgets: readonly Budget[];
  credits: CreditsTaken;
  retryAfterSeconds: number | null;
  /** Response fields that this key may not see. */
  hiddenFields: readonly string[];
  at: Instant;
  /** Position in the change feed when the key was looked up. */
  position: number;
  /** true: a test key asked for this refusal, and nothing else speaks for it. */
  rehearsed: boolean;
  /** true: the limits were kept by this node alone. */
  degraded: boolean;
  /** The lease that the slot is under; null: it is the request's own, or none is held. */
  lease: LeaseRecord | null;
  /** Frees what a passing request holds, its lease included; safe to call more than once. */
  release(): void;
  /** Gives back what a passing request spent and holds, when it could not be served at all; safe to call more than once. */
  undo(): void;
  /** Gives the credits of a passing request back, once; never throws, and is not waited for. */
  refund(): void;
}

export interface Engine {
  readonly profile: Profile;
  readonly clock: Clock;
  /**
   * Judges the input, checks what the actor may do, runs the operation.
   * @throws LatchkeyError with a code of the catalogue.
   */
  run<Name extends OperationName>(name: Name, input: RawInput, call: Call): Promise<OperationOutput<Operations[Name]>>;
  /** One decision; spends the limits when it is yes. Never throws: what cannot be decided safely is `unavailable`. */
  verify(request: VerifyRequest): Promise<Verdict>;
  /** A passing verdict turned into a refusal by what stands behind the decision; counted as one. */
  refuse(asked: VerifyRequest, verdict: Verdict, reason: Reason): Verdict;
  /** What becomes of a request under an Idempotency-Key. Spends nothing, never rejects; a claimed run has to be ended. */
  idempotentTurn(request: IdempotentRequest): Promise<IdempotentTurn>;
  /** The reply to a verdict in the profile's dialect; for a passing one the headers to add, and a body where the profile answers itself. */
  reply(verdict: Verdict, requestId: string, query?: Readonly<Record<string, string>>): DialectReply;
  /** false once the key, project or organization of a verdict was ended or refused after the verdict was made. */
  stillGood(verdict: Verdict): boolean;
  /** false once any of them, or a tier, changed after the verdict was made: what it allows may differ now. */
  unchanged(verdict: Verdict): boolean;
  /** Whether pages of an origin may call with some key that passes now, because it is restricted to them. Never throws. */
  opensOrigin(origin: string): Promise<boolean>;
  /**
   * Who presents this secret to the management API: a root key or a customer key.
   * @throws LatchkeyError `unauthenticated`, `too_many_failures`.
   */
  authenticate(secret: string | null, ip: string | null): Promise<Actor>;
  /** The actor that a customer key is on the profile's own management rows. */
  actorOf(snapshot: Snapshot): Actor;
  /** A signed statement of who calls, for the upstream: EdDSA JWT, valid at most 60 s. Cached per key for half of that. */
  principal(snapshot: Snapshot, audience: string): string;
  jwks(): ReturnType<PrincipalSigner['jwks']>;
  /** Constant-time comparison of two texts of any length. */
  equal: Vault['equal'];
  /** Hears changes of keys, projects and organizations, after the caches did. */
  onChange(listener: (change: Change) => void): () => void;
  /** Sets the gauges that nobody sets as they move; called when they are about to be read. */
  reportGauges(): void;
  /** Throws when a part is not able to work. */
  ready(): Promise<void>;
  makeRequestId(): string;
  /** Writes buffered usage and hands back reserved quota. */
  close(): Promise<void>;
}

export interface DialectReply {
  status: number;
  headers: Record<string, string>;
  body: string | null;
}
