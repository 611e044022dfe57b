// The library behind the caches, with room for a few entries each: a node starts at once, and entries fall out as where keys are many.

type Library = typeof import('lru-cache');

const MOST = 16;

/** For `vi.mock('lru-cache', …)`: the shipped caches on their own library, only small. */
export function withRoomForFew(real: Library): Library {
  class Small extends real.LRUCache<object, object> {
    constructor(options: { max?: number; maxSize: number }) {
      super(options.max === undefined ? options : { ...options, max: Math.min(options.max, MOST) });
    }
  }
  return { ...real, LRUCache: Small as unknown as Library['LRUCache'] };
}
