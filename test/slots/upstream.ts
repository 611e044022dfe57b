// An upstream that counts what it works on, as it sees it: on bare sockets, so that a connection's end counts in the instant it is heard of.

import { type AddressInfo, createServer, type Socket } from 'node:net';

/** What becomes of one request, in its query. Times in milliseconds. */
export type Fate =
  | 'answers'
  | 'answers slowly'
  | 'refuses'
  | 'is silent'
  | 'resets unanswered'
  | 'closes unanswered'
  | 'resets mid-answer'
  | 'stalls mid-answer'
  | 'starts a job'
  | 'forgets a job'
  | 'finishes a job at once'
  | 'tunnels';

export interface Counted {
  url: URL;
  /** Work of each key that is going on, as this side sees it. */
  working(keyId: string): number;
  /** The most of it at any instant. */
  most(): number;
  /** How many requests arrived, by fate. */
  arrived: Map<string, number>;
  /** What should not have been, in words. */
  faults: string[];
  close(): Promise<void>;
}

interface Work {
  fate: Fate;
  /** The end of its connection ended it. */
  cut: boolean;
  /** A job whose connection ended in order behind its answer: this side cannot tell whether the answer was taken or its caller had left. */
  doubtful: boolean;
}

interface Options {
  /** Says that the job under a lease is over. */
  endLease(leaseId: string): Promise<unknown>;
  cap: number;
}

const CHUNKED = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n';
const whole = (status: string, headers = '') => `HTTP/1.1 ${status}\r\nContent-Length: 2\r\n${headers}\r\nok`;

export async function openCountingUpstream({ endLease, cap }: Options): Promise<Counted> {
  const going = new Map<string, Set<Work>>();
  const arrived = new Map<string, number>();
  const faults: string[] = [];
  const sockets = new Set<Socket>();
  let most = 0;

  /** Counts one piece of work; `done` ends it, once: `cut` when the end of its connection did. */
  function begin(keyId: string, fate: Fate): { done(cut?: boolean): void; work: Work } {
    const work: Work = { fate, cut: false, doubtful: false };
    const ofKey = going.get(keyId) ?? new Set<Work>();
    going.set(keyId, ofKey.add(work));
    if (ofKey.size > most) judge([...ofKey]);
    return {
      work,
      done(cut = false) {
        if (ofKey.delete(work)) work.cut = cut;
      },
    };
  }

  /** Of several sockets that are ready at once, a new request may be read before the end of an older one that came first: both are heard, then counted. */
  function judge(atOnce: readonly Work[]): void {
    setImmediate(() =>
      setImmediate(() => {
        const still = atOnce.filter(({ cut, doubtful }) => !cut && !doubtful);
        most = Math.max(most, still.length);
        if (still.length > cap) {
          const fates = still.map(({ fate }) => fate).join(', ');
          faults.push(`${still.length} pieces of work for one key, over the cap of ${cap}: ${fates}`);
        }
      }),
    );
  }

  function serve(socket: Socket): void {
    sockets.add(socket);
    let heard = '';
    /** What the end of this connection ends: its current request, or the job that it answered last. */
    let over: (reset: boolean) => void = () => {};
    let tunnelled = false;
    socket.on('error', () => over(true));
    socket.on('end', () => over(false));
    socket.on('close', (failed) => {
      over(failed);
      sockets.delete(socket);
    });
    socket.on('data', (chunk) => {
      if (tunnelled) return;
      heard += chunk.toString('latin1');
      for (let end = heard.indexOf('\r\n\r\n'); end >= 0; end = heard.indexOf('\r\n\r\n')) {
        // What stands in front is the rest of the body before.
        const head = heard.slice(heard.indexOf('POST /v1/'), end);
        heard = heard.slice(end + 4);
        answer(head);
      }
    });

    function answer(head: string): void {
      const url = new URL(head.split(' ', 2)[1] ?? '/', 'http://upstream');
      const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? '';
      const fate = (url.searchParams.get('fate') ?? 'answers') as Fate;
      const after = Number(url.searchParams.get('after') ?? 0);
      arrived.set(fate, (arrived.get(fate) ?? 0) + 1);
      const leaseId = header('x-latchkey-lease-id');
      if (url.pathname === '/v1/jobs' && leaseId === '') faults.push('a job came without a lease');
      const { done, work } = begin(header('x-latchkey-key-id'), fate);
      over = () => done(true);
      const say = (text: string): void => {
        if (socket.writable) socket.write(text, 'latin1');
      };
      /** The work is over with the last byte that is said of it. */
      const finish = (text: string): void => {
        done();
        say(text);
      };
      const later = (ms: number, act: () => void): void => void setTimeout(() => socket.destroyed || act(), ms);
      const acts: Record<Fate, () => void> = {
        answers: () => finish(whole('200 OK')),
        'answers slowly': () => later(after, () => finish(whole('200 OK'))),
        refuses: () =>
          later(after, () => finish(whole(after % 2 === 0 ? '500 Internal Server Error' : '409 Conflict'))),
        'is silent': () => {},
        'resets unanswered': () =>
          later(after, () => {
            done();
            socket.resetAndDestroy();
          }),
        'closes unanswered': () =>
          later(after, () => {
            done();
            socket.end();
          }),
        'resets mid-answer': () => {
          say(CHUNKED);
          acts['resets unanswered']();
        },
        'stalls mid-answer': () => say(CHUNKED),
        'finishes a job at once': () => later(after, () => finish(whole('200 OK', 'X-Latchkey-Lease: released\r\n'))),
        'starts a job': () => later(after, () => runJob(true)),
        'forgets a job': () => later(after, () => runJob(false)),
        tunnels: () => {
          tunnelled = true;
          say('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
          if (after % 2 === 1) acts['closes unanswered']();
        },
      };
      acts[fate]();

      /** A job is taken on with its answer. That a connection is reset behind it says that the answer was never taken. */
      function runJob(reports: boolean): void {
        let ended = false;
        const end = (cut = false): void => {
          if (ended) return;
          ended = true;
          done(cut);
          if (reports) endLease(leaseId).catch(() => {});
        };
        setTimeout(end, after * 3);
        over = (reset) => {
          if (reset) end(true);
          else work.doubtful = true;
        };
        say(whole('202 Accepted'));
      }
    }
  }

  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    working: (keyId) => going.get(keyId)?.size ?? 0,
    most: () => most,
    arrived,
    faults,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
