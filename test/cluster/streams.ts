// Answers that go on through the gateways of a cluster: when each began and ended, on the client's one clock. Judges nothing.

import { request } from 'undici';
import { clientNow } from './load.js';

export interface Stream {
  status: number;
  /** Resolves to when it ended, however it did. */
  ended: Promise<number>;
  leave(): void;
}

/** Opens a stream through a gateway; resolves with the head of its answer. */
export async function openStream(gateway: string, secret: string): Promise<Stream> {
  const leaving = new AbortController();
  const { statusCode, body } = await request(`${gateway}/stream`, {
    headers: { authorization: `Bearer ${secret}` },
    signal: leaving.signal,
    // Of a connection of its own, so that none waits for another.
    reset: true,
  });
  const ended = new Promise<number>((resolve) => {
    body.on('error', () => {});
    body.on('close', () => resolve(clientNow()));
    body.resume();
  });
  return { status: statusCode, ended, leave: () => leaving.abort() };
}
