// A node's clock can be moved while it runs, and only its wall clock.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SKEW = fileURLToPath(new URL('./skew.mjs', import.meta.url));
const TELL = `
  process.on('message', () => setTimeout(() => process.send({
    now: Date.now(), made: new Date().getTime(), given: new Date(5).getTime(), said: Date(), is: new Date() instanceof Date,
    own: new Date().constructor === Date, ticks: performance.now(), utc: Date.UTC(2000, 0),
  }), 0));
  process.send('ready');
  setTimeout(() => {}, 60_000);
`;

it('moves what Date tells, at the start and later, and leaves performance.now and given dates alone', async () => {
  const child = spawn(process.execPath, ['--import', SKEW, '-e', TELL], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, TEST_CLOCK_SKEW_MS: '3600000' },
  });
  const answer = async (message: unknown, of: (heard: Record<string, unknown>) => boolean) => {
    child.send(message as object);
    for (;;) {
      const [heard] = await once(child, 'message');
      if (of(heard)) return heard;
    }
  };
  const told = ({ now }: Record<string, unknown>) => now !== undefined;
  try {
    await once(child, 'message');
    const first = await answer({}, told);
    for (const at of [first.now, first.made, Date.parse(first.said) + 500])
      expect(Math.abs(at - Date.now() - 3_600_000)).toBeLessThan(60_000);
    expect(first).toMatchObject({ given: 5, is: true, own: true, utc: Date.UTC(2000, 0) });
    expect(await answer({ skewMs: -7_200_000 }, ({ skewMs }) => skewMs !== undefined)).toEqual({ skewMs: -7_200_000 });
    const second = await answer({}, told);
    expect(Math.abs(second.now - Date.now() + 7_200_000)).toBeLessThan(60_000);
    expect(second.ticks - first.ticks).toBeLessThan(60_000);
    expect(second.ticks).toBeGreaterThan(first.ticks);
  } finally {
    child.kill('SIGKILL');
  }
});
