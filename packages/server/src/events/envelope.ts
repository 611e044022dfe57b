// Messages between nodes as text, sealed with a MAC: whoever can write to a bus can still not make a node believe anything. No I/O.

import type { Change } from '@latchkey/core';
import { z } from 'zod';

/** What fits into a message; PostgreSQL takes less than 8,000 bytes. */
const MOST_BYTES = 7_000;

/** `changes` left out: too long for a message, to be read in the log. */
export interface ChangesMessage {
  node: string;
  position: number;
  changes?: readonly Change[];
}

export interface AppliedMessage {
  node: string;
  /** The node has heard everything up to here. */
  applied: number;
  /** And these beyond. */
  ahead: readonly number[];
}

export interface MessageSeal {
  mac(message: string): string;
  /** In constant time. */
  equal(a: string, b: string): boolean;
}

const position = z.number().int().nonnegative();
const node = z.string().min(1).max(64);
const change = z.strictObject({
  subject: z.enum(['key', 'project', 'organization', 'root_key', 'tier', 'imported_keys', 'all']),
  id: z.string(),
  kind: z.enum(['created', 'changed', 'ended']),
});
const schema = z.union([
  z.strictObject({ node, position, changes: z.array(change).optional() }),
  z.strictObject({ node, applied: position, ahead: z.array(position) }),
]);

export interface Envelope {
  close(message: ChangesMessage | AppliedMessage): string;
  /** null: not from a node of this installation, or of no shape that is known. */
  open(text: string): ChangesMessage | AppliedMessage | null;
}

export function createEnvelope({ mac, equal }: MessageSeal): Envelope {
  const sealed = (message: ChangesMessage | AppliedMessage): string => {
    const text = JSON.stringify(message);
    return `${mac(text)}.${text}`;
  };
  return {
    close(message) {
      const text = sealed(message);
      if (Buffer.byteLength(text) <= MOST_BYTES) return text;
      return sealed(
        'position' in message ? { node: message.node, position: message.position } : { ...message, ahead: [] },
      );
    },
    open(text) {
      const end = text.indexOf('.');
      const body = text.slice(end + 1);
      if (end < 0 || !equal(text.slice(0, end), mac(body))) return null;
      try {
        return schema.parse(JSON.parse(body)) as ChangesMessage | AppliedMessage;
      } catch {
        return null;
      }
    },
  };
}
