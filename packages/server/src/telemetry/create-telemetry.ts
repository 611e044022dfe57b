// The telemetry adapter: JSON lines through pino and figures through prom-client. What may be said in them is decided elsewhere.

import type { LogLevel, Telemetry } from '@latchkey/core';
import pino from 'pino';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS, type MetricRow } from './metrics.js';
import { fieldRedactor, textRedactor } from './redact.js';
import { bufferedSink, openLogFile, streamSink } from './sink.js';

export interface TelemetryOptions {
  level: LogLevel | 'silent';
  /** Default `stdout`; otherwise a file, or a stream that the caller closes. */
  destination?: 'stdout' | (string & {}) | { write(line: string): unknown };
  service: string;
  /** Prefixes of secrets, in place of the built-in list. */
  secretPrefixes?: readonly string[];
  /** true: an unknown metric or label throws. Default: only under NODE_ENV=test. */
  strict?: boolean;
}

export interface RunningTelemetry extends Telemetry {
  /** The figures in Prometheus' text format. */
  metricsText(): Promise<string>;
  readonly contentType: string;
  /** Resolves once what was logged so far is written. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

let lastMs = 0;
let lastMember = '';
/** pino's ISO time, made once a millisecond. */
function timeMember(): string {
  const now = Date.now();
  if (now !== lastMs) {
    lastMs = now;
    lastMember = `,"time":"${new Date(now).toISOString()}"`;
  }
  return lastMember;
}

/** Members of a line that pino and we write ourselves. */
const RESERVED = new Set(['level', 'time', 'service', 'pid', 'event']);
/** Series of one metric; further label values are counted as `other`. */
const MAX_SERIES = 500;

// What JSON leaves raw, though some reader of lines breaks at it or some terminal obeys it.
const RAW_CONTROL = /[\u007f-\u009f\u2028\u2029]/g;
const escapeControls = (line: string) =>
  line.replace(RAW_CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * Never throws after it was made, except for an unknown metric under `strict`.
 * @throws LatchkeyError `configuration_invalid` when the log file cannot be opened.
 */
export function createTelemetry(options: TelemetryOptions): RunningTelemetry {
  const { destination = 'stdout', strict = process.env.NODE_ENV === 'test' } = options;
  const noteDropped = (lines: number) =>
    `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), service: options.service, lines, event: 'log_lines_dropped' })}\n`;
  const sink =
    typeof destination === 'string'
      ? bufferedSink(destination === 'stdout' ? 1 : openLogFile(destination), noteDropped)
      : streamSink(destination);
  const redact = fieldRedactor(options.secretPrefixes);
  const redactText = textRedactor(options.secretPrefixes);
  const logger = pino(
    {
      level: options.level,
      base: { service: options.service, pid: process.pid },
      messageKey: 'event',
      timestamp: timeMember,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => sink.write(escapeControls(line)) },
  );

  let closing: Promise<void> | null = null;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const rows: Readonly<Record<string, MetricRow>> = METRICS;
  const series = new Map<string, number>();
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, row] of Object.entries(rows)) {
    const shared = { name, help: row.help, labelNames: [...row.labels], registers: [registry] };
    if (row.kind === 'counter') counters.set(name, new Counter(shared));
    else if (row.kind === 'gauge') gauges.set(name, new Gauge(shared));
    else histograms.set(name, new Histogram({ ...shared, buckets: [...(row.buckets ?? [])] }));
  }

  type Kind = MetricRow['kind'];
  type Labelled = { inc(by: number): void; observe(value: number): void; set(value: number): void };
  const metricOf = { counter: counters, gauge: gauges, histogram: histograms };
  const children = new Map<string, Labelled>();

  /** The series of a metric for these labels, made once; null when the metric cannot be counted so. */
  function seriesOf(kind: Kind, name: string, given: Readonly<Record<string, string>>): Labelled | null {
    const row = Object.hasOwn(rows, name) ? rows[name] : undefined;
    let id = name;
    let known = 0;
    for (const label of row?.labels ?? []) {
      const value = given[label];
      id += `\n${value ?? ''}`;
      if (value !== undefined) known++;
    }
    if (row === undefined || row.kind !== kind || Object.keys(given).length !== known) {
      if (strict)
        throw new Error(`no ${kind} ${name} with the labels ${Object.keys(given).join(', ')} in the metric table`);
      return null;
    }
    const made = children.get(id);
    if (made !== undefined) return made;
    const count = series.get(name) ?? 0;
    const labels = Object.fromEntries(
      row.labels.map((label) => [label, count < MAX_SERIES ? (given[label] ?? '') : 'other']),
    );
    const metric = metricOf[kind].get(name) as unknown as { labels(values: object): Labelled };
    const child = metric.labels(labels);
    if (count < MAX_SERIES) {
      series.set(name, count + 1);
      children.set(id, child);
    }
    return child;
  }

  function log(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (!logger.isLevelEnabled(level)) return;
    try {
      const safe = redact(fields);
      for (const name of Object.keys(safe)) {
        if (!RESERVED.has(name)) continue;
        safe[`${name}_`] = safe[name];
        delete safe[name];
      }
      logger[level](safe, redactText(event));
    } catch {
      // Logging is never a reason to fail.
    }
  }

  return {
    log,
    count(name, labels = {}, by = 1) {
      if (by >= 0) seriesOf('counter', name, labels)?.inc(by);
    },
    observe(name, seconds, labels = {}) {
      if (Number.isFinite(seconds)) seriesOf('histogram', name, labels)?.observe(seconds);
    },
    gauge(name, value, labels = {}) {
      if (!Number.isNaN(value)) seriesOf('gauge', name, labels)?.set(value);
    },
    metricsText: () => registry.metrics(),
    contentType: registry.contentType,
    flush: () => sink.flush(),
    close() {
      closing ??= sink.close().then(() => registry.clear());
      return closing;
    },
  };
}
