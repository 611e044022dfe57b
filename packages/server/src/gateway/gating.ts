// The upstream's answer to a caller whose tier does not see all of it: read before it goes on, and never passed on unread.

import type { IncomingHttpHeaders } from 'node:http';
import { type Exchange, free } from './exchange.js';
import { gateAnswer, type MediaType, MOST_GATED_BYTES, mediaType } from './gated-body.js';
import { type Format, gatedStream, type Passed } from './gated-stream.js';
import type { Parts } from './parts.js';
import { begin, over, passHints, type Relay, relay } from './relay.js';
import { sendFault } from './reply.js';

/** The fields to leave out of this answer; null: it passes unread. */
export function hiddenFrom({ verdict, route }: Exchange): readonly string[] | null {
  const hidden = verdict?.hiddenFields;
  return hidden === undefined || hidden.length === 0 || route?.gates === false ? null : hidden;
}

/** The relay of a gated answer; `added` as there. What kind of answer it is shows with its head. */
export function gatedRelay(
  parts: Parts,
  exchange: Exchange,
  added: Readonly<Record<string, string>>,
  hidden: readonly string[],
): Relay {
  let way: Relay | null = null;
  return {
    start(controller, status, head) {
      if (over(exchange)) return;
      if (status < 200) return passHints(exchange, status, head);
      way = wayOf(parts, exchange, added, hidden, status, head);
      way?.start(controller, status, reframed(head));
    },
    data: (controller, chunk) => way?.data(controller, chunk),
    end: (controller) => way?.end(controller, {}),
  };
}

/** Describe or measure the answer as the upstream made it, of which another tier may see more. */
const OF_THE_WHOLE = [
  'content-length',
  'content-encoding',
  'content-range',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
  'etag',
  'last-modified',
  'accept-ranges',
  'trailer',
];

function reframed(head: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept = { ...head };
  for (const name of OF_THE_WHOLE) delete kept[name];
  return kept;
}

/** Types of answers that are read piece by piece. */
export const FORMATS: ReadonlyMap<string, Format> = new Map([
  ['text/event-stream', 'events'],
  ...['x-ndjson', 'ndjson', 'jsonl', 'x-jsonl', 'jsonlines', 'x-jsonlines'].map(
    (name) => [`application/${name}`, 'lines'] as const,
  ),
]);
/** Pictures and sound have no fields; those written in XML or JSON do. */
const MEDIA = /^(?:image|audio|video|font)\/(?!.*\+(?:xml|json)$)/;

/** How an answer goes on; null when it was refused. */
function wayOf(
  parts: Parts,
  exchange: Exchange,
  added: Readonly<Record<string, string>>,
  hidden: readonly string[],
  status: number,
  head: IncomingHttpHeaders,
): Relay | null {
  const refused = (why: string): null => {
    refuse(parts, exchange, why);
    return null;
  };
  if (exchange.req.method === 'HEAD' || status === 204 || status === 205 || status === 304)
    return relay(parts, exchange, added);
  if (status === 206 || status === 226) return refused('a part of an answer');

  const type = mediaType(joined(head['content-type']));
  const encoding = joined(head['content-encoding']);
  const isPlain = encoding === '' || encoding.toLowerCase() === 'identity';
  const format = FORMATS.get(type.name);
  if (format !== undefined) {
    if (!isPlain) return refused(`a stream with the content encoding ${encoding}`);
    if (type.charset !== null && !/^utf-?8$/.test(type.charset)) return refused(`a stream in ${type.charset}`);
    const list = parts.gatedHeader === null ? {} : { [parts.gatedHeader]: hidden.join(',') };
    return streamed(parts, exchange, { ...added, ...list }, format, hidden);
  }
  if (MEDIA.test(type.name)) {
    return isPlain ? media(parts, exchange, added) : refused(`media with the content encoding ${encoding}`);
  }
  if (Number(head['content-length'] ?? 0) > MOST_GATED_BYTES) return refused(TOO_LARGE);
  return whole(parts, exchange, added, hidden, type, encoding);
}

const joined = (value: string | string[] | undefined): string => String(value ?? '');
const TOO_LARGE = 'a body over 10 MB';

/** Reads the answer to its end, then sends it without its hidden fields. */
function whole(
  parts: Parts,
  exchange: Exchange,
  added: Readonly<Record<string, string>>,
  hidden: readonly string[],
  type: MediaType,
  encoding: string,
): Relay {
  const { req, res } = exchange;
  let chunks: Buffer[] = [];
  let seen = 0;
  let status = 0;
  let head: IncomingHttpHeaders = {};
  return {
    start(_, itsStatus, itsHead) {
      status = itsStatus;
      head = itsHead;
    },
    data(_, chunk) {
      if (over(exchange)) return;
      seen += chunk.length;
      if (seen > MOST_GATED_BYTES) {
        chunks = [];
        return refuse(parts, exchange, TOO_LARGE);
      }
      chunks.push(chunk);
      // The caller hears nothing meanwhile, though something moves.
      req.socket.setTimeout(parts.timeouts.idleMs);
    },
    end() {
      if (over(exchange)) return;
      const gated = gateAnswer({ status, type, encoding, bytes: Buffer.concat(chunks) }, hidden);
      chunks = [];
      if ('unreadable' in gated) return refuse(parts, exchange, gated.unreadable);
      const { bytes, omitted } = gated;
      free(exchange);
      exchange.abort = null;
      begin(parts, exchange, status, head, {
        ...added,
        ...(parts.gatedHeader !== null && omitted.length > 0 && { [parts.gatedHeader]: omitted.join(',') }),
        'Content-Length': String(bytes.length),
      });
      res.end(bytes);
    },
  };
}

/** Sends events or lines on one by one. The head is gone before the first is read, so a bad one can only cut. */
function streamed(
  parts: Parts,
  exchange: Exchange,
  added: Readonly<Record<string, string>>,
  format: Format,
  hidden: readonly string[],
): Relay {
  const inner = relay(parts, exchange, added);
  const stream = gatedStream(format, hidden);
  const pass = (controller: Parameters<Relay['data']>[0], { bytes, readable }: Passed): boolean => {
    if (bytes.length > 0) inner.data(controller, bytes);
    if (!readable) refuse(parts, exchange, `a part of ${format} that is no JSON, or over 10 MB`);
    return readable;
  };
  return {
    start: inner.start,
    data(controller, chunk) {
      if (!over(exchange)) pass(controller, stream.push(chunk));
    },
    end(controller) {
      if (!over(exchange) && pass(controller, stream.end())) inner.end(controller, {});
    },
  };
}

/** Passes media on as it comes, unless it begins like JSON that was given a wrong name. */
function media(parts: Parts, exchange: Exchange, added: Readonly<Record<string, string>>): Relay {
  const inner = relay(parts, exchange, added);
  let head: Parameters<Relay['start']> | null = null;
  let held = Buffer.alloc(0);
  const open = (controller: Parameters<Relay['data']>[0]): void => {
    if (head === null) return;
    inner.start(...head);
    head = null;
    if (held.length > 0) inner.data(controller, held);
  };
  return {
    start(...args) {
      head = args;
    },
    data(controller, chunk) {
      if (over(exchange)) return;
      if (head === null) return inner.data(controller, chunk);
      held = Buffer.concat([held, chunk]);
      const first = held.find((byte) => !BEFORE_JSON.has(byte));
      const isJson = first === 0x7b || first === 0x5b;
      if (isJson || held.length > MOST_GATED_BYTES) refuse(parts, exchange, 'JSON under the type of media');
      else if (first !== undefined) open(controller);
    },
    end(controller) {
      if (over(exchange)) return;
      open(controller);
      inner.end(controller, {});
    },
  };
}

/** Spaces, NUL, and the bytes of byte order marks. */
const BEFORE_JSON = new Set([0x00, 0x09, 0x0a, 0x0d, 0x20, 0xef, 0xbb, 0xbf, 0xfe, 0xff]);

/** Answers 502 in place of what cannot be read, or cuts an answer that has begun. */
function refuse(parts: Parts, exchange: Exchange, why: string): void {
  const { requestId, res, route } = exchange;
  parts.telemetry.count('latchkey_upstream_errors_total', { kind: 'unreadable' });
  parts.telemetry.log('warn', 'upstream_unreadable', { requestId, route: route?.path ?? 'unlisted', cause: why });
  exchange.answered = true;
  exchange.abort?.();
  free(exchange);
  exchange.failure = 'upstream_unreadable';
  if (!res.headersSent) sendFault(parts, exchange, { code: 'upstream_unreadable' });
  else {
    // What was readable still arrives, once Node has let go of it in its own turn; the end of the body does not.
    res.flushHeaders();
    setImmediate(() => (res.socket === null ? res.destroy() : res.socket.destroySoon()));
  }
}
