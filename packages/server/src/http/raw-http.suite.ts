// HTTP by hand over a socket, for tests that send what no client library would.

import { connect } from 'node:net';

export interface RawReply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Reads replies one after another, by Content-Length. */
export function readReplies(text: string): RawReply[] {
  const replies: RawReply[] = [];
  let rest = text;
  while (rest.startsWith('HTTP/1.1 ')) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) break;
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const length = Number(headers['content-length'] ?? 0);
    replies.push({ status: Number(first.split(' ')[1]), headers, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
  return replies;
}

/**
 * Sends bytes and resolves with the replies once the server closes the connection, or 40 ms after the last whole reply.
 * Rejects when nothing came within `timeoutMs`: a hang.
 */
export function sendRaw(url: string, bytes: string | Buffer, timeoutMs = 20_000): Promise<RawReply[]> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = '';
    let quiet: NodeJS.Timeout | undefined;
    const socket = connect({ host: hostname, port: Number(port) });
    const limit = setTimeout(() => finish(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const finish = (error?: Error) => {
      clearTimeout(limit);
      clearTimeout(quiet);
      socket.destroy();
      const replies = readReplies(text);
      if (error !== undefined && replies.length === 0) reject(error);
      else resolve(replies);
    };
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      clearTimeout(quiet);
      if (readReplies(text).length > 0) quiet = setTimeout(finish, 40);
    });
    socket.on('close', () => finish());
    socket.on('error', () => {});
    socket.write(bytes);
  });
}
