// Leaves gated fields out of a JSON text, and every other byte as it is. It knows no tier: what to leave out comes in.

export interface Gated {
  text: string;
  /** The hidden fields that were there, in the order they were given. */
  omitted: string[];
}

/**
 * Leaves out the members at dotted paths. A path counts from any object of the text, arrays on its way are walked, a member
 * that stands twice goes twice, and names are compared as they read without escapes. What stays is cut from the text and
 * not written anew, so numbers keep every digit. Depth costs memory and no stack.
 * @throws SyntaxError when the text is no JSON.
 */
export function gateFields(text: string, hidden: readonly string[]): Gated {
  // The scan below relies on it: it looks for structure and judges nothing.
  JSON.parse(text);
  const lengths = new Set(hidden.flatMap((path) => path.split('.').map((name) => name.length)));
  const { cuts, found } = scan(text, trieOf(hidden), lengths);
  const omitted = hidden.filter((_, index) => found.has(index));
  return cuts.length === 0 ? { text, omitted } : { text: without(text, cuts), omitted };
}

/** A place on hidden paths: what the last names of a chain can still become (Aho-Corasick over names). */
interface Place {
  next: Map<string, Place>;
  /** The longest other place that the same names also lead to. */
  fallback: Place | null;
  /** Indexes of the paths that end here. */
  ends: readonly number[];
}

const place = (): Place => ({ next: new Map(), fallback: null, ends: [] });

function trieOf(hidden: readonly string[]): Place {
  const root = place();
  for (const [index, path] of hidden.entries()) {
    let at = root;
    for (const name of path.split('.')) {
      const next = at.next.get(name) ?? place();
      at.next.set(name, next);
      at = next;
    }
    at.ends = [...at.ends, index];
  }
  const level = [...root.next.values()];
  for (const at of level) at.fallback = root;
  for (const at of level) {
    for (const [name, next] of at.next) {
      next.fallback = step(at.fallback, name, root);
      next.ends = [...next.ends, ...next.fallback.ends];
      level.push(next);
    }
  }
  return root;
}

function step(from: Place | null, name: string, root: Place): Place {
  for (let at = from; at !== null; at = at.fallback) {
    const next = at.next.get(name);
    if (next !== undefined) return next;
  }
  return root;
}

interface Open {
  isObject: boolean;
  /** Where the names up to this value lead. */
  place: Place;
  /** Where the member or entry that is being read leads. */
  value: Place;
  expectsName: boolean;
  /** true inside a member that is left out. */
  gone: boolean;
  /** true while the member that is being read is left out, and nothing around it is. */
  cutting: boolean;
  nameStart: number;
  /** The comma in front of the member. */
  comma: number;
  /** true once a member stays. */
  keeps: boolean;
  /** Start of a cut that runs to the next name, since nothing before it stays; -1: none. */
  leading: number;
}

type Cut = readonly [start: number, end: number];

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

function scan(text: string, root: Place, lengths: ReadonlySet<number>): { cuts: Cut[]; found: Set<number> } {
  const cuts: Cut[] = [];
  const found = new Set<number>();
  const outer: Open[] = [];
  let open: Open | null = null;
  /** Behind the last character that is neither space nor comma. */
  let last = 0;
  /** The next backslash that was looked for; -1: there is none any more. */
  let backslash = text.indexOf('\\');

  const endMember = (object: Open): void => {
    if (!object.cutting) object.keeps ||= object.nameStart >= 0;
    else if (object.keeps) cuts.push([object.comma, last]);
    else object.leading = object.nameStart;
    object.cutting = false;
  };

  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        continue;
      case QUOTE: {
        const start = at;
        at = text.indexOf('"', start + 1);
        if (backslash >= 0 && backslash < start) backslash = text.indexOf('\\', start);
        const escaped: boolean = backslash >= 0 && backslash < at;
        if (escaped) {
          for (at = backslash; text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
        }
        if (!open?.expectsName) break;
        if (open.leading >= 0) cuts.push([open.leading, start]);
        open.value = root;
        // Most names cannot be one of the hidden for their length alone.
        if (escaped || lengths.has(at - start - 1)) {
          const name: string = escaped ? JSON.parse(text.slice(start, at + 1)) : text.slice(start + 1, at);
          open.value = step(open.place, name, root);
        }
        for (const index of open.value.ends) found.add(index);
        open.cutting = !open.gone && open.value.ends.length > 0;
        open.nameStart = start;
        open.leading = -1;
        open.expectsName = false;
        break;
      }
      case OPEN_OBJECT:
      case OPEN_LIST: {
        const isObject = text.charCodeAt(at) === OPEN_OBJECT;
        const here: Place = open === null ? root : open.value;
        const gone: boolean = open !== null && (open.gone || open.cutting);
        if (open !== null) outer.push(open);
        open = {
          isObject,
          place: here,
          value: here,
          expectsName: isObject,
          gone,
          cutting: false,
          nameStart: -1,
          comma: -1,
          keeps: false,
          leading: -1,
        };
        break;
      }
      case COMMA:
        if (open?.isObject) {
          endMember(open);
          open.comma = at;
          open.expectsName = true;
        }
        continue;
      case CLOSE_OBJECT:
        if (open !== null) {
          endMember(open);
          if (open.leading >= 0) cuts.push([open.leading, last]);
        }
        open = outer.pop() ?? null;
        break;
      case CLOSE_LIST:
        open = outer.pop() ?? null;
        break;
    }
    last = at + 1;
  }
  return { cuts, found };
}

/** `cuts` are in order and apart. */
function without(text: string, cuts: readonly Cut[]): string {
  let kept = '';
  let from = 0;
  for (const [start, end] of cuts) {
    kept += text.slice(from, start);
    from = end;
  }
  return kept + text.slice(from);
}
