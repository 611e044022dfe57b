// A job and its slot outlive the process that started them: what was granted before a kill -9 still counts after it.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { keepKey } from '../secrecy/test-root.js';
import { firstProject, installation, makeKeys, type Verification } from './command.js';

interface Leased extends Verification {
  lease?: { id: string };
}

const jobs: string[] = [];
const upstream = createServer((req, res) => {
  jobs.push(String(req.headers['x-latchkey-lease-id']));
  req.resume();
  res.writeHead(202).end();
});
afterAll(() => void upstream.close());

it('leases hold their slots across kill -9, and are released after it', async () => {
  await new Promise<void>((ready) => upstream.listen(0, '127.0.0.1', ready));
  const { port } = upstream.address() as AddressInfo;
  const place = installation('leases', { profile: 'aifaceswap' });
  const first = await place.serve({ env: { LATCHKEY_UPSTREAM: `http://127.0.0.1:${port}` } });
  const [made] = await makeKeys(first, await firstProject(first), 1);
  const { secret } = made as { secret: string };
  keepKey(secret);
  const lease = (server: typeof first) =>
    server.ask<Leased>('POST', '/v1/leases', { secret, request: { method: 'POST', path: '/v1/swaps' } });
  for (let turn = 0; turn < 6; turn++) expect((await lease(first)).valid).toBe(true);
  for (let turn = 0; turn < 4; turn++) {
    const headers = { authorization: `Bearer ${secret}` };
    const answer = await fetch(`${first.gateway}/v1/swaps`, { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(202);
  }
  expect((await lease(first)).reason).toBe('concurrency_exceeded');
  await first.kill();

  const second = await first.restart();
  expect((await lease(second)).reason).toBe('concurrency_exceeded');
  const open = await second.ask<{ data: { id: string }[] }>('GET', '/v1/leases');
  expect(open.data).toHaveLength(10);
  expect(open.data.map(({ id }) => id)).toEqual(expect.arrayContaining(jobs));
  await second.ask('DELETE', `/v1/leases/${jobs[0]}`);
  expect((await lease(second)).valid).toBe(true);
  expect((await lease(second)).reason).toBe('concurrency_exceeded');
  await second.stop();
});
