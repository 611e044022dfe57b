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
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => sink.write(escapeControls(line)) },
  );

  let closing: Promise<void> | null = null;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const rows: Readonly<Record<string, MetricRow>> = METRICS;
  const series = new Map<string, Set<string>>();
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, row] of Object.entries(rows)) {
    const shared = { name, help: row.help, labelNames: [...row.labels], registers: [registry] };
    if (row.kind === 'counter') counters.set(name, new Counter(shared));
    else if (row.kind === 'gauge') gauges.set(name, new Gauge(shared));
    else histograms.set(name, new Histogram({ ...shared, buckets: [...(row.buckets ?? [])] }));
  }

  /** The labels as they are counted, or null when the metric cannot be counted so. */
  function fitting(
    kind: MetricRow['kind'],
    name: string,
    given: Readonly<Record<string, string>>,
  ): Record<string, string> | null {
    const row = Object.hasOwn(rows, name) ? rows[name] : undefined;
    const stray = row === undefined ? undefined : Object.keys(given).find((label) => !row.labels.includes(label));
    if (row === undefined || row.kind !== kind || stray !== undefined) {
      if (strict)
        throw new Error(
          `no ${kind} ${name}${stray === undefined ? '' : ` with the label ${stray}`} in the metric table`,
        );
      return null;
    }
    if (row.labels.length === 0) return {};
    const known = series.get(name) ?? new Set();
    const values = row.labels.map((label) => given[label] ?? '');
    const id = values.join('\n');
    if (!known.has(id)) {
      if (known.size >= MAX_SERIES) return Object.fromEntries(row.labels.map((label) => [label, 'other']));
      series.set(name, known.add(id));
    }
    return Object.fromEntries(row.labels.map((label, at) => [label, values[at] as string]));
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
      const fit = fitting('counter', name, labels);
      if (fit !== null && by >= 0) counters.get(name)?.inc(fit, by);
    },
    observe(name, seconds, labels = {}) {
      const fit = fitting('histogram', name, labels);
      if (fit !== null && Number.isFinite(seconds)) histograms.get(name)?.observe(fit, seconds);
    },
    gauge(name, value, labels = {}) {
      const fit = fitting('gauge', name, labels);
      if (fit !== null && !Number.isNaN(value)) gauges.get(name)?.set(fit, value);
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
