// The network between nodes and what they share: delay, loss, reordering, cut and hung links. What is asked over it is another file's.

import type { Random } from '../../e2e/random.js';
import type { Host } from './host.js';
import type { Time } from './time.js';

/** `notify` and `pubsub` are the connections that a node hears others on, beside those that it asks on. */
export type Service = 'database' | 'redis' | 'notify' | 'pubsub';
export const SERVICES: readonly Service[] = ['database', 'redis', 'notify', 'pubsub'];
/** `refused` fails at once, on `hung` nothing arrives and nothing fails. */
export type LinkState = 'up' | 'refused' | 'hung';

export interface Network {
  /** Sets the link of one host, or of all (`*`), to a service. */
  set(host: string, service: Service, state: LinkState): void;
  state(host: string, service: Service): LinkState;
  /** One way of one message of a client, in milliseconds. */
  delay(): number;
  /**
   * Runs `work` at the service and brings its answer back. Rejects with `lost()` where either way fails, and then nobody
   * knows whether it was done; after `withinMs` where nothing comes back (null: waits for good).
   */
  call<T>(host: Host, service: Service, work: () => Promise<T>, how: CallOptions): Promise<T>;
  /** From here on no call fails by chance. */
  settleDown(): void;
  /** Brings a message to a host that hears on `service`, unless it gets lost. */
  deliver(host: Host, service: Service, work: () => void): void;
}

export interface CallOptions {
  withinMs: number | null;
  lost: () => Error;
  /** true: a request that waits on a hung link arrives when the link is back, however late; as a connection keeps it. */
  late?: boolean;
}

/** How rough the weather is, in permille. */
export interface Weather {
  /** Calls that fail before they are done, and after. */
  before: number;
  after: number;
  /** Broadcast messages that get lost. */
  messages: number;
  /** Messages that take up to `slowMs`. */
  slow: number;
  slowMs: number;
}

/** There and back in less than the limiter waits for. */
const REDIS_SLOW_MS = 15;

export function createNetwork(time: Time, draw: Random, weather: Weather): Network {
  const states = new Map<string, LinkState>();
  /** What waits on a hung link. */
  const held = new Map<string, (() => void)[]>();

  const state: Network['state'] = (host, service) => {
    const own = states.get(`${host} ${service}`) ?? 'up';
    return own === 'up' ? (states.get(`* ${service}`) ?? 'up') : own;
  };
  let rough = true;
  const happens = (permille: number): boolean => rough && permille > 0 && draw.int(1, 1000) <= permille;
  const delay = (service: Service | null = null): number => {
    if (!happens(weather.slow)) return draw.int(2, 12) / 10;
    return draw.int(1, (service === 'redis' ? REDIS_SLOW_MS : weather.slowMs) * 10) / 10;
  };

  /** One way: `arrives` runs when the message is there, `fails` where the link refuses it. */
  function carry(host: string, service: Service, late: boolean, arrives: () => void, fails: () => void): void {
    time.at(time.now() + delay(service), () => {
      const now = state(host, service);
      if (now === 'up') arrives();
      else if (now === 'refused') fails();
      else if (late) {
        const name = `${host} ${service}`;
        held.set(name, [...(held.get(name) ?? []), () => carry(host, service, late, arrives, fails)]);
      }
    });
  }

  return {
    state,
    delay: () => delay(),
    settleDown() {
      rough = false;
    },
    set(host, service, to) {
      states.set(`${host} ${service}`, to);
      for (const [name, waiting] of [...held]) {
        const [owner, about] = name.split(' ') as [string, Service];
        if (about !== service || (host !== '*' && owner !== host) || state(owner, about) === 'hung') continue;
        held.delete(name);
        for (const go of waiting) go();
      }
    },
    call(host, service, work, { withinMs, lost, late = false }) {
      return new Promise((resolve, reject) => {
        let callOff = (): void => {};
        // Whatever comes back to a host that is dead or stands still is its own affair.
        const settle = (finish: () => void): void => {
          callOff();
          host.run(finish);
        };
        const fails = (): void => settle(() => reject(lost()));
        if (withinMs !== null) callOff = time.at(time.now() + withinMs, fails);
        // Redis fails as planned and no other way: the judge has to know when.
        const before = service !== 'redis' && happens(weather.before);
        const after = service !== 'redis' && happens(weather.after);
        const back = (finish: () => void): void =>
          carry(host.name, service, late, () => (after ? fails() : settle(finish)), fails);
        const arrive = (): void => {
          if (before) fails();
          else
            work().then(
              (value) => back(() => resolve(value)),
              (error) => back(() => reject(error)),
            );
        };
        carry(host.name, service, late, arrive, fails);
      });
    },
    deliver(host, service, work) {
      if (happens(weather.messages)) return;
      carry(
        host.name,
        service,
        false,
        () => host.run(work),
        () => {},
      );
    },
  };
}
