// What a page for readers consists of, before it is Markdown or HTML. Types and the few words to build them; no text of its own.

/** A run of text. Plain strings are text and nothing else: whatever they hold, renderers show it as it is. */
export type Inline = string | { code: string } | { strong: string };
export type Text = Inline | readonly Inline[];

export type Block =
  | { kind: 'heading'; level: 2 | 3; text: string }
  | { kind: 'paragraph'; text: Text }
  | { kind: 'list'; ordered: boolean; items: readonly Text[] }
  | { kind: 'table'; head: readonly Text[]; rows: readonly (readonly Text[])[] }
  /** `language`: what a highlighter may know it by, e.g. `sh`. */
  | { kind: 'code'; language: string; text: string };

export interface PageDocument {
  title: string;
  /** One sentence under the title. */
  lead: Text;
  blocks: readonly Block[];
}

export const code = (text: string | number): Inline => ({ code: String(text) });
export const strong = (text: string): Inline => ({ strong: text });

export const heading = (text: string, level: 2 | 3 = 2): Block => ({ kind: 'heading', level, text });
export const paragraph = (...text: Inline[]): Block => ({ kind: 'paragraph', text });
export const list = (...items: Text[]): Block => ({ kind: 'list', ordered: false, items });
export const steps = (...items: Text[]): Block => ({ kind: 'list', ordered: true, items });
export const codeBlock = (language: string, text: string): Block => ({ kind: 'code', language, text });

/** A table without the columns that no row has anything in; nothing at all when there is no row. */
export function table(head: readonly Text[], rows: readonly (readonly Text[])[]): Block[] {
  if (rows.length === 0) return [];
  const filled = head.map((_, at) => rows.some((row) => row[at] !== undefined && row[at] !== ''));
  const kept = (cells: readonly Text[]): Text[] => cells.filter((_, at) => filled[at]);
  return [{ kind: 'table', head: kept(head), rows: rows.map(kept) }];
}

/** Text with inline parts in it: `` say`Send ${code('X')}.` ``. */
export const say = (words: TemplateStringsArray, ...parts: (Text | number)[]): Inline[] =>
  words.flatMap((word, at) => {
    const part = parts[at];
    const next = part === undefined ? [] : typeof part === 'number' ? [figure(part)] : [part].flat();
    return word === '' ? next : [word, ...next];
  });

/** `say` as a paragraph. */
export const tell = (words: TemplateStringsArray, ...parts: (Text | number)[]): Block =>
  paragraph(...say(words, ...parts));

/** A list in a sentence: `a`, `a and b`, `a, b and c`. */
export const joined = (parts: readonly Inline[], last = 'and'): Inline[] =>
  parts.flatMap((part, at) => {
    if (at === 0) return [part];
    return [at === parts.length - 1 ? ` ${last} ` : ', ', part];
  });

/** A whole number as people read it: 10,000. The same in every locale. */
export const figure = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

/** Anchors of a page's headings, in their order; a repeated one gets a number. */
export function anchorsOf(document: PageDocument): string[] {
  const seen = new Map<string, number>();
  return document.blocks.flatMap((block) => {
    if (block.kind !== 'heading') return [];
    const plain = block.text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '');
    const base = plain === '' ? 'section' : plain;
    const count = seen.get(base) ?? 0;
    seen.set(base, count + 1);
    return [count === 0 ? base : `${base}-${count}`];
  });
}
