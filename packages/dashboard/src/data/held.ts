// What would be lost if the page went away now: a form that is filled in, a secret that is on show.

import { useEffect, useId } from 'react';

const held = new Set<string>();

/** Nothing may lead away by itself as long as this holds. */
export const isHeld = (): boolean => held.size > 0;

export function useHeld(is: boolean): void {
  const id = useId();
  useEffect(() => {
    if (!is) return;
    held.add(id);
    return () => {
      held.delete(id);
    };
  }, [id, is]);
}
