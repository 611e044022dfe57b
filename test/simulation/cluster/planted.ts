// Faults to plant in a simulated cluster, each around a shipped module at its port. What finds them is elsewhere.

import type { Change, ChangeFeed } from '@latchkey/core';
import type { Host } from './host.js';
import type { Parts } from './parts.js';
import type { Kind } from './plan.js';

export interface Fault {
  /** The weather in which it shows. Default: what the seed draws. */
  kind?: Kind;
  /** Where looking begins: near a seed that shows it, so that it is found soon. Default 1. */
  from?: number;
  parts: () => Partial<Parts>;
  /** What the judge says of it. */
  shows: RegExp;
}

const DAY_MS = 86_400_000;

/** The feed as one that hears what `hears` lets through. */
const deafFeed = (feed: ChangeFeed, hears: (change: Change) => boolean): ChangeFeed => ({
  ...feed,
  subscribe: (listener) => feed.subscribe((change) => (hears(change) ? listener(change) : undefined)),
});

/** A change that comes while its key is being read is not remembered: what was read before it stays. */
function lostFence(): Partial<Parts> {
  const filling = new Map<Host, string[]>();
  return {
    store: (store, host, direct) => ({
      ...store,
      keys: {
        ...store.keys,
        async findForVerify(values) {
          const id = (await direct.keys.findForVerify(values))?.key.id ?? '';
          filling.set(host, [...(filling.get(host) ?? []), id]);
          try {
            return await store.keys.findForVerify(values);
          } finally {
            const now = filling.get(host) ?? [];
            now.splice(now.indexOf(id), 1);
          }
        },
      },
    }),
    feed: (real, host) => async (needs) =>
      deafFeed(await real(needs), ({ id }) => !(filling.get(host) ?? []).includes(id)),
  };
}

/** The log is never read on: a node whose bus is cut hears nothing more. */
const blindPoll = (): Partial<Parts> => ({
  feed: (real) => (needs) =>
    real({
      ...needs,
      log: {
        ...needs.log,
        after: async (position) => ({ ...(await needs.log.after(position, 1)), latest: position, rows: [] }),
      },
    }),
});

/** Whatever cannot be confirmed is trusted for good. */
const endlessTrust = (): Partial<Parts> => ({
  feed: (real) => async (needs) => ({ ...(await real(needs)), trusts: () => true }),
});

/** The call answers before the other nodes were told. */
const earlyAnswer = (): Partial<Parts> => ({
  feed: (real, host) => async (needs) => {
    const feed = await real(needs);
    return {
      ...feed,
      publish: async (changes, position) => {
        host.scheduler.after(400, () => void feed.publish(changes, position));
        return { nodes: needs.members.live().length, of: needs.members.live().length, ms: 0 };
      },
    };
  },
});

/** The answer goes out before the debit is durable. */
const lostDebit = (): Partial<Parts> => ({
  store: (store, host) => ({
    ...store,
    async spendCredits(order) {
      const account = await store.credits.get(order.familyId);
      if (account === null || account.balance < order.credits) return store.spendCredits(order);
      host.scheduler.after(30, () => void store.spendCredits(order).catch(() => {}));
      return { result: 'spent', balance: account.balance - order.credits, repeated: false, written: [] };
    },
  }),
});

/** A retry is charged as if it were another request. */
const chargedTwice = (): Partial<Parts> => ({
  store: (store) => ({
    ...store,
    async spendCredits(order) {
      try {
        return await store.spendCredits(order);
      } catch {
        return store.spendCredits({ ...order, requestId: `${order.requestId} again` });
      }
    },
  }),
});

/** Refills come due by a clock that runs a day ahead now and then. */
const doubleRefill = (): Partial<Parts> => {
  let turn = 0;
  return {
    store: (store) => ({
      ...store,
      spendCredits: (order) => store.spendCredits({ ...order, at: order.at + (++turn % 3) * DAY_MS }),
    }),
  };
};

/** What only names a change is taken for the change itself. */
const hollowMessage = (): Partial<Parts> => ({
  feed: (real) => (needs) =>
    real({
      ...needs,
      seal: { mac: () => 'mac', equal: () => true },
      buses: needs.buses.map((bus) => ({
        ...bus,
        send: (text: string) => bus.send(text.replace(/("position":\d+)}$/, '$1,"changes":[]}')),
      })),
    }),
});

/** Windows go by the clock of whoever asks. */
const callersClock = (): Partial<Parts> => ({ countersClock: (_, host) => host.clock });

/** While Redis is away each node goes by the members that it saw when it started. */
const staleShare = (): Partial<Parts> => ({
  limiter: (real) => (options) => {
    const then = options.members.live().slice(0, 1);
    const { nodeId, look } = options.members;
    return real({ ...options, members: { nodeId, look, live: () => [...new Set([nodeId, ...then])].slice(0, 1) } });
  },
});

/** A take that comes to nothing in the end stays taken. */
const lostUndo = (): Partial<Parts> => ({
  limiter: (real) => (options) => {
    const limiter = real(options);
    return { ...limiter, take: async (claims) => ({ ...(await limiter.take(claims)), undo: null }) };
  },
});

/** Nobody is ever found dead. */
const deadHands = (): Partial<Parts> => ({
  limiter: (real) => (options) =>
    real({
      ...options,
      link: { ...options.link, leases: async (_, nodes) => nodes.map(() => ({ word: '0 life 1', ms: 15_000 })) },
    }),
});

/** After a loss everybody is taken to have told. */
const hastyReturn = (): Partial<Parts> => ({
  limiter: (real) => (options) => {
    const { link } = options;
    let life = '';
    return real({
      ...options,
      link: {
        ...link,
        async renew(...given) {
          const answer = await link.renew(...given);
          life = answer.life;
          return answer;
        },
        leases: async (_, nodes) => nodes.map(() => ({ word: `Infinity ${life}`, ms: 1 })),
      },
    });
  },
});

export const FAULTS: Record<string, Fault> = {
  'a fence that is lost': { kind: 'calm', from: 30, parts: lostFence, shows: /after the answer to|passes again/ },
  'a poll that reads nothing': { kind: 'shaken', from: 3, parts: blindPoll, shows: /after the answer to|passes again/ },
  'trust without an end': {
    kind: 'shaken',
    from: 84,
    parts: endlessTrust,
    shows: /after the database last answered|longer than/,
  },
  'an answer before the others were told': { kind: 'calm', parts: earlyAnswer, shows: /after the answer to/ },
  'a debit that is lost': { kind: 'shaken', parts: lostDebit, shows: /debits|balance/ },
  'a retry that is charged again': {
    kind: 'shaken',
    from: 2,
    parts: chargedTwice,
    shows: /charged and never asked for/,
  },
  'a message that only names a change': {
    kind: 'shaken',
    from: 270,
    parts: hollowMessage,
    shows: /after the answer to|passes again|instead of/,
  },
  'windows by the caller’s clock': { kind: 'calm', parts: callersClock, shows: /resets at|too many/ },
  'a share by an old count of members': { kind: 'redis_lost', from: 15, parts: staleShare, shows: /too many/ },
  'a loss that is not made good': { from: 468_859_090, parts: hastyReturn, shows: /too many/ },
  'an undo that is lost': { kind: 'calm', parts: lostUndo, shows: /refused for per|refused for slots/ },
  'slots of the dead that never return': { kind: 'shaken', from: 24, parts: deadHands, shows: /refused for slots/ },
  'a refill that comes twice': { kind: 'calm', parts: doubleRefill, shows: /refilled/ },
};
