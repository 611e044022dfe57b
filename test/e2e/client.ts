// A plain HTTP client for tests: one request, its whole answer, and when it was sent and heard. Follows and repeats nothing.

import { Agent, type IncomingHttpHeaders, request } from 'node:http';

export interface Question {
  method?: string;
  path: string;
  /** A list sends the header once for each entry. */
  headers?: Readonly<Record<string, string | readonly string[]>>;
  /** A text is sent as it is, anything else as JSON. */
  body?: unknown;
  /** Called with each piece of the body as it arrives. */
  onPiece?: (text: string) => void;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body read as JSON; undefined when it is none. */
  json: unknown;
  /** True when the connection ended before the answer was complete. */
  cut: boolean;
  /** Milliseconds since the epoch. */
  sentAt: number;
  heardAt: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

export function send(base: string, { method = 'GET', path, headers = {}, body, onPiece }: Question): Promise<Answer> {
  const bytes = body === undefined ? null : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const lines: Record<string, string | string[]> = {};
  if (bytes !== null) Object.assign(lines, { 'content-type': 'application/json', 'content-length': `${bytes.length}` });
  for (const [name, value] of Object.entries(headers)) lines[name] = typeof value === 'string' ? value : [...value];
  return new Promise((resolve, reject) => {
    const sentAt = Date.now();
    const asked = request(base + path, { method, headers: lines, agent }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        onPiece?.(piece);
      });
      res.on('error', () => {});
      res.on('close', () => {
        const { statusCode = 0, headers, complete } = res;
        resolve({
          status: statusCode,
          headers,
          text,
          json: parsed(text),
          cut: !complete,
          sentAt,
          heardAt: Date.now(),
        });
      });
    });
    asked.on('error', reject).end(bytes ?? undefined);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
