// What would be lost if the page went away now: a form that is filled in, a secret that is on show.

import { useEffect, useId } from 'react';

const held = new Set<string>();

/** Nothing may lead away by itself as long as this holds. */
export const isHeld = (): boolean => held.size > 0;

let isGivenUp = false;

/** Somebody else is signed in by now: what is held is not theirs to keep, nor to be asked about. */
export function giveUpHeld(): void {
  isGivenUp = true;
}

/** Whether whoever closes the document is asked first. */
export const isWorthAsking = (): boolean => !isGivenUp;

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
