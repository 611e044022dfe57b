// What the state of a key lets people do with it. The server judges it; here it is only what is offered. Pure.

import type { Key } from '@latchkey/client';

/** It passes, or can be made to pass again. */
export const isUsable = ({ state }: Pick<Key, 'state'>): boolean =>
  state === 'active' || state === 'grace' || state === 'disabled';

/** The newest generation alone has a next one. */
export const isRotatable = ({ state, graceEndsAt }: Pick<Key, 'state' | 'graceEndsAt'>): boolean =>
  (state === 'active' || state === 'disabled') && graceEndsAt === null;
