// A load generator over raw keep-alive sockets: cheap enough not to be what is measured, and it checks every answer.
import { connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Sends requests over `connections` sockets for `seconds`; `next()` gives the bytes of a request and the check of its answer, or null
 * when there is nothing more to ask.
 * Resolves to answers per second, latencies in ms and the answers that failed their check.
 * @param {{ port: number, connections: number, seconds: number, warmup: number,
 *   next: () => { request: string, check: (status: number, body: string) => boolean } | null }} options
 */
export async function load({ port, connections, seconds, warmup, next }) {
  const begin = performance.now() + warmup * 1000;
  const end = begin + seconds * 1000;
  const latencies = [];
  let wrong = 0;
  let firstWrong = null;
  let all = 0;
  const record = (sentAt, now, good, status, body) => {
    all++;
    if (!good) {
      wrong++;
      firstWrong ??= `${status} ${body.slice(0, 200)}`;
    }
    if (sentAt >= begin && now <= end) latencies.push(now - sentAt);
  };
  await Promise.all(Array.from({ length: connections }, () => converse(port, next, end, record)));
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    perSecond: latencies.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    answers: latencies.length,
    /** Those before and after the measured time too. */
    all,
    wrong,
    firstWrong,
  };
}

function converse(port, next, end, record) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let buffered = Buffer.alloc(0);
    let asked = null;
    let sentAt = 0;
    const ask = () => {
      sentAt = performance.now();
      asked = sentAt >= end ? null : next();
      if (asked === null) {
        resolve();
        socket.destroy();
        return;
      }
      socket.write(asked.request);
    };
    socket.on('connect', ask);
    socket.on('error', reject);
    socket.on('close', () =>
      performance.now() < end ? reject(new Error('the server closed a connection')) : resolve(),
    );
    socket.on('data', (chunk) => {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
      const headEnd = buffered.indexOf(HEAD_END);
      if (headEnd < 0) return;
      const head = buffered.latin1Slice(0, headEnd);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (!Number.isInteger(length))
        return reject(new Error(`an answer without Content-Length: ${head.slice(0, 200)}`));
      if (buffered.length < headEnd + 4 + length) return;
      const status = Number(head.slice(9, 12));
      const body = buffered.latin1Slice(headEnd + 4, headEnd + 4 + length);
      buffered = buffered.subarray(headEnd + 4 + length);
      record(sentAt, performance.now(), asked.check(status, body), status, body);
      ask();
    });
  });
}
