// Guarantees of telemetry: one JSON object per line whatever is logged, figures of the table only, and never a reason to fail.

import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createTelemetry, type RunningTelemetry, type TelemetryOptions } from './create-telemetry.js';
import { METRICS } from './metrics.js';
import { bufferedSink } from './sink.js';

const running: RunningTelemetry[] = [];
afterEach(async () => {
  for (const telemetry of running.splice(0)) await telemetry.close();
});

function start(options: Partial<TelemetryOptions> = {}) {
  let written = '';
  const telemetry = createTelemetry({
    level: 'debug',
    service: 'latchkey',
    destination: {
      write(line) {
        written += line;
      },
    },
    ...options,
  });
  running.push(telemetry);
  return { telemetry, written: () => written };
}

describe('a log line', () => {
  it.each<[string, string]>([
    ['CR and LF', 'a\r\nb\n{"level":"error"}'],
    ['ESC', '\u001b[31mred\u001b]0;title\u0007'],
    ['C1 controls', '\u009b31m\u0085\u007f'],
    ['line separators', 'a\u2028b\u2029c'],
    ['NUL', 'a\0b'],
    ['half a surrogate pair', '\ud800'],
    ['quotes and backslashes', '"\\"\\u000a'],
    ['emoji', '🔑'],
  ])('stays one line of JSON with %s, as name, value and event', (_, text) => {
    const { telemetry, written } = start();
    telemetry.log('info', text, { [text]: text, inner: [text] });
    expect(written().endsWith('\n')).toBe(true);
    const line = written().slice(0, -1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    const parsed = JSON.parse(line);
    expect(parsed).toMatchObject({ level: 'info', service: 'latchkey', time: expect.stringMatching(/Z$/) });
    if (text !== '\ud800') expect(parsed).toMatchObject({ event: text, [text]: text, inner: [text] });
  });

  it('cannot be given another level, time or event by a field', () => {
    const { telemetry, written } = start();
    telemetry.log('warn', 'real', { level: 'error', time: 'x', event: 'fake', pid: 1, service: 'y' });
    expect(written().match(/"(level|time|event|pid|service)":/g)).toHaveLength(5);
    expect(JSON.parse(written())).toMatchObject({ level: 'warn', event: 'real', event_: 'fake', service: 'latchkey' });
  });

  it('holds no secret', () => {
    const { telemetry, written } = start();
    const secret = `sk_live_${'x'.repeat(40)}`;
    telemetry.log('error', `failed for ${secret}`, {
      secret,
      [secret]: 1,
      error: new Error(secret),
      list: [{ note: secret }],
    });
    expect(written()).not.toContain('xxxx');
    expect(JSON.parse(written()).error).toMatchObject({ name: 'Error', stack: expect.any(String) });
  });

  it('is written from its level up, and logging never throws', () => {
    const { telemetry, written } = start({ level: 'warn' });
    telemetry.log('info', 'quiet');
    expect(written()).toBe('');
    telemetry.log(
      'warn',
      'odd',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no');
          },
        },
      ) as Record<string, unknown>,
    );
    telemetry.log('warn', undefined as unknown as string, null as unknown as Record<string, unknown>);
    telemetry.log('warn', 'after');
    expect(written()).toContain('"after"');
  });

  it('is in the file once flushed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-log-'));
    const file = join(folder, 'deep/latchkey.log');
    const { telemetry } = start({ destination: file });
    for (let at = 0; at < 1000; at++) telemetry.log('info', 'line', { at });
    await telemetry.flush();
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).at)).toEqual(Array.from({ length: 1000 }, (_, at) => at));
    telemetry.log('info', 'last');
    await telemetry.close();
    expect(readFileSync(file, 'utf8')).toContain('"last"');
    rmSync(folder, { recursive: true });
    await telemetry.close();
  });

  it.skipIf(!existsSync('/dev/full'))(
    'that a full disk will not take is dropped, and nothing waits for it',
    async () => {
      const { telemetry } = start({ destination: '/dev/full' });
      for (let at = 0; at < 10_000; at++) telemetry.log('info', 'line', { at });
      const started = performance.now();
      await telemetry.flush();
      telemetry.log('info', 'after');
      await telemetry.close();
      // Who waits for the disk waits for ever.
      expect(performance.now() - started).toBeLessThan(10_000);
    },
  );

  it('that there is no room for is dropped and counted', async () => {
    const lines: number[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-log-'));
    const descriptor = openSync(join(folder, 'log'), 'w');
    const sink = bufferedSink(descriptor, (count) => {
      lines.push(count);
      return `${count} dropped\n`;
    });
    const big = `${'x'.repeat(1024 * 1024)}\n`;
    for (let at = 0; at < 20; at++) sink.write(big);
    await sink.flush();
    sink.write('last\n');
    await sink.close();
    const text = readFileSync(join(folder, 'log'), 'utf8');
    expect(text.match(/x\n/g)).toHaveLength(20 - (lines[0] ?? 0));
    expect(lines[0]).toBeGreaterThan(5);
    expect(text.endsWith('last\n')).toBe(true);
    rmSync(folder, { recursive: true });
  });

  it('cannot be lost to a file that cannot be written: that stops the start', () => {
    expect(() => start({ destination: '/dev/null/latchkey.log' })).toThrow(
      expect.objectContaining({ code: 'configuration_invalid' }),
    );
  });
});

describe('a figure', () => {
  it('of every row of the table is counted and shown', async () => {
    const { telemetry } = start();
    for (const [name, row] of Object.entries(METRICS)) {
      const labels = Object.fromEntries(row.labels.map((label) => [label, 'a']));
      if (row.kind === 'counter') telemetry.count(name, labels, 2);
      if (row.kind === 'gauge') telemetry.gauge(name, 3, labels);
      if (row.kind === 'histogram') telemetry.observe(name, 0.004, labels);
    }
    const text = await telemetry.metricsText();
    for (const [name, row] of Object.entries(METRICS)) {
      expect(text).toContain(`# TYPE ${name} ${row.kind}`);
      const labels = row.labels.length > 0 ? `{${row.labels.map((label) => `${label}="a"`).join(',')}}` : '';
      const value = {
        counter: `${name}${labels} 2`,
        gauge: `${name}${labels} 3`,
        histogram: `${name}_count${labels} 1`,
      };
      expect(text).toContain(`${value[row.kind]}\n`);
    }
    expect(text).toContain('process_cpu_seconds_total');
    expect(telemetry.contentType).toMatch(/^text\/plain/);
  });

  it('without its labels is counted too', async () => {
    const { telemetry } = start();
    telemetry.observe('latchkey_http_request_seconds', 1, { surface: 'gateway', status: '200' });
    expect(await telemetry.metricsText()).toContain(
      'latchkey_http_request_seconds_count{surface="gateway",route="",status="200"} 1',
    );
  });

  it('that is not in the table fails a test and is nothing in production', async () => {
    const { telemetry } = start();
    expect(() => telemetry.count('latchkey_made_up_total')).toThrow(/metric table/);
    expect(() => telemetry.gauge('latchkey_decisions_total', 1)).toThrow(/metric table/);
    expect(() => telemetry.count('latchkey_revocations_total', { keyId: 'key_1' })).toThrow(/keyId/);
    expect(() => telemetry.count('__proto__')).toThrow(/metric table/);
    const { telemetry: lenient } = start({ strict: false });
    lenient.count('latchkey_made_up_total');
    lenient.gauge('latchkey_decisions_total', 1);
    lenient.count('latchkey_revocations_total', { keyId: 'key_1' });
    lenient.count('latchkey_revocations_total', {}, -1);
    lenient.observe('latchkey_gateway_overhead_seconds', Number.NaN);
    expect(await lenient.metricsText()).not.toMatch(/made_up|key_1|NaN/);
  });

  it('cannot be made to grow without bound by what callers send', async () => {
    const { telemetry } = start();
    for (let at = 0; at < 5000; at++) telemetry.count('latchkey_decisions_total', { reason: `r${at}`, surface: 'x' });
    const text = await telemetry.metricsText();
    expect(text.match(/^latchkey_decisions_total\{/gm)?.length).toBeLessThanOrEqual(501);
    expect(text).toContain('latchkey_decisions_total{reason="other",surface="other"} 4500');
  });
});
