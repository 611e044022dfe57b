// A tiny API behind the gateways of a cluster: counts what arrives for each key, and streams for as long as somebody reads.

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CountingUpstream {
  readonly url: string;
  /** Requests that arrived, and streams that are open, of a key or of all. */
  arrived(keyId?: string): number;
  open(keyId?: string): number;
  close(): Promise<void>;
}

const PIECE_MS = 20;

/** `GET /stream` says a byte every 20 ms and never ends by itself; everything else is answered at once. */
export async function openUpstream(): Promise<CountingUpstream> {
  const arrivals = new Map<string, number>();
  const streams = new Map<ServerResponse, string>();
  const server = createServer((request, response) => {
    const keyId = String(request.headers['x-latchkey-key-id'] ?? '');
    arrivals.set(keyId, (arrivals.get(keyId) ?? 0) + 1);
    request.resume();
    if (request.url !== '/stream') return void response.end('ok');
    streams.set(response, keyId);
    const talk = setInterval(() => response.write('.'), PIECE_MS);
    response.on('close', () => {
      clearInterval(talk);
      streams.delete(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sum = (values: Iterable<number>): number => [...values].reduce((all, one) => all + one, 0);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived: (keyId) => (keyId === undefined ? sum(arrivals.values()) : (arrivals.get(keyId) ?? 0)),
    open: (keyId) => [...streams.values()].filter((id) => keyId === undefined || id === keyId).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
