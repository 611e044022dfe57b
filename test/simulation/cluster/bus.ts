// Broadcast between the nodes: one bus over each connection they hear on. Messages are late, lost and overtaken; nothing is decided here.

import type { Bus } from '@latchkey/core';
import type { Host } from './host.js';
import type { Network, Service } from './network.js';

export interface Broadcast {
  /** The bus as one host has it. */
  join(host: Host): Bus;
}

export function createBroadcast(network: Network, service: Extract<Service, 'notify' | 'pubsub'>): Broadcast {
  const heard = new Map<Host, Set<(message: string) => void>>();
  return {
    join(host) {
      const listeners = new Set<(message: string) => void>();
      heard.set(host, listeners);
      return {
        send: (message) =>
          network.call(
            host,
            service,
            async () => {
              for (const [each, hears] of heard)
                network.deliver(each, service, () => {
                  for (const listener of hears) listener(message);
                });
            },
            { withinMs: 1_000, lost: () => new Error('The bus cannot be reached.') },
          ),
        subscribe(listener) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        async close() {
          heard.delete(host);
        },
      };
    },
  };
}
