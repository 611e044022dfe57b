// The metric table: name, kind, help, labels. Data only; what fills it lives beside it and in the rooms that report.

export interface MetricRow {
  kind: 'counter' | 'gauge' | 'histogram';
  help: string;
  /** Every label takes few values: never an id, an address, or anything a caller makes up. */
  labels: readonly string[];
  /** Upper bounds in seconds, for histograms. */
  buckets?: readonly number[];
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const OVERHEAD_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export const METRICS = {
  latchkey_decisions_total: {
    kind: 'counter',
    help: 'Decisions on presented keys; reason is `allowed`, why not, or `rehearsed` by a test key',
    labels: ['reason', 'surface'],
  },
  latchkey_http_request_seconds: {
    kind: 'histogram',
    help: 'Time from the request line to the end of the answer; route is the pattern, never the path',
    labels: ['surface', 'route', 'status'],
    buckets: REQUEST_SECONDS,
  },
  latchkey_cache_lookups_total: {
    kind: 'counter',
    help: 'Lookups in the key cache by result: hit, miss (read from the database), unknown (known not to be there)',
    labels: ['result'],
  },
  latchkey_keys_cached: { kind: 'gauge', help: 'Keys in the cache now', labels: [] },
  latchkey_cache_bytes: {
    kind: 'gauge',
    help: 'Memory that they take, about; bounded by LATCHKEY_CACHE_MB',
    labels: [],
  },
  latchkey_unknown_cached: { kind: 'gauge', help: 'Digests remembered to be of no key, 10,000 at most', labels: [] },
  latchkey_in_flight: { kind: 'gauge', help: 'Requests being answered now', labels: ['surface'] },
  latchkey_slots_held: { kind: 'gauge', help: 'Concurrency slots held now, by requests and leases', labels: [] },
  latchkey_leases_open: { kind: 'gauge', help: 'Leases open now', labels: [] },
  latchkey_revocations_total: { kind: 'counter', help: 'Keys ended by a call', labels: [] },
  latchkey_revocation_lag_seconds: {
    kind: 'histogram',
    help: 'Time from the commit of a revocation to the moment a node confirmed it, for each other node; this one alone: until it had heard',
    labels: [],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30],
  },
  latchkey_nodes: { kind: 'gauge', help: 'Live nodes of this installation, as this one sees them', labels: [] },
  latchkey_degraded: {
    kind: 'gauge',
    help: '1 while something is away that this node works on without: database, notify (LISTEN), pubsub (Redis), limiter',
    labels: ['part'],
  },
  latchkey_limiter_round_trips_total: {
    kind: 'counter',
    help: 'Round trips to Redis for limits; each carries what waited',
    labels: [],
  },
  latchkey_limiter_takes_total: {
    kind: 'counter',
    help: 'Limits answered on shared counters, by whom: server, ahead (debited before), denied_before, alone (Redis away)',
    labels: ['by'],
  },
  latchkey_slots_over_cap_total: {
    kind: 'counter',
    help: 'Slots that turned out to be held beyond a limit, since their node could not reach Redis for 15 s',
    labels: [],
  },
  latchkey_redis_evicts: {
    kind: 'gauge',
    help: '1 when Redis may evict counters: its maxmemory-policy is not noeviction',
    labels: [],
  },
  latchkey_usage_flush_failures_total: {
    kind: 'counter',
    help: 'Times the buffered usage could not be written; it is tried again',
    labels: [],
  },
  latchkey_quota_blocks_total: {
    kind: 'counter',
    help: 'Blocks of daily quota written ahead of being spent',
    labels: [],
  },
  latchkey_credit_entries_total: {
    kind: 'counter',
    help: 'Entries written to credit ledgers by kind: grant, set, refill, debit, reserve, settle, refund, expire',
    labels: ['kind'],
  },
  latchkey_refund_failures_total: {
    kind: 'counter',
    help: 'Times credits could not be given back; it is tried again, and logged when that ends',
    labels: [],
  },
  latchkey_fair_use_exceeded_total: {
    kind: 'counter',
    help: 'Requests above a fair-use figure that were let pass',
    labels: [],
  },
  latchkey_idempotent_requests_total: {
    kind: 'counter',
    help: 'Requests under an Idempotency-Key by outcome: kept, replayed, refused, failed (the upstream did; a retry runs again), not_sent, lost (answered 409 from then on)',
    labels: ['outcome'],
  },
  latchkey_upstream_errors_total: {
    kind: 'counter',
    help: 'Failed requests to the upstream by kind',
    labels: ['kind'],
  },
  latchkey_gateway_overhead_seconds: {
    kind: 'histogram',
    help: 'Time a gateway request spent here, the upstream left out',
    labels: [],
    buckets: OVERHEAD_SECONDS,
  },
  latchkey_throttled_total: {
    kind: 'counter',
    help: 'Requests refused because their address keeps presenting unknown keys',
    labels: [],
  },
} as const satisfies Record<string, MetricRow>;
