// The provider's page, from the HTML that the server wrote to plain blocks. Only what such a page consists of is taken; nothing is run.

type Piece = { kind: 'text' | 'code' | 'strong'; text: string };
export type Pieces = readonly Piece[];

export interface Sample {
  language: string;
  code: string;
}

export type Block =
  | { kind: 'heading'; level: 2 | 3; id: string; text: string }
  | { kind: 'paragraph'; lead: boolean; text: Pieces }
  | { kind: 'list'; ordered: boolean; items: readonly Pieces[] }
  | { kind: 'table'; head: readonly Pieces[]; rows: readonly (readonly Pieces[])[] }
  /** One sample, or the same in several languages. */
  | { kind: 'code'; samples: readonly Sample[] };

/** A block with its place on the page, and the heading above it with a number where that would not tell it from others. */
interface Placed {
  id: string;
  name: string;
  block: Block;
}

export interface ProviderPage {
  title: string;
  blocks: readonly Placed[];
}

function place(blocks: readonly Block[]): Placed[] {
  let section = '';
  const samples = new Map<string, number>();
  return blocks.map((block, at) => {
    if (block.kind === 'heading') section = block.text;
    const number = (samples.get(section) ?? 0) + (block.kind === 'code' ? 1 : 0);
    samples.set(section, number);
    return { id: `block ${at}`, name: number > 1 ? `${section} (${number})` : section, block };
  });
}

const piecesOf = (element: Element): Pieces =>
  [...element.childNodes].flatMap(({ nodeName, textContent }): Piece[] => {
    const text = textContent ?? '';
    if (text === '') return [];
    if (nodeName === 'CODE') return [{ kind: 'code', text }];
    return [{ kind: nodeName === 'STRONG' ? 'strong' : 'text', text }];
  });

const rowOf = (row: Element): Pieces[] => [...row.children].map(piecesOf);

function blockOf(element: Element): Block[] {
  switch (element.tagName) {
    case 'H2':
    case 'H3':
      return [
        {
          kind: 'heading',
          level: element.tagName === 'H2' ? 2 : 3,
          id: element.id,
          text: element.textContent ?? '',
        },
      ];
    case 'P':
      return [{ kind: 'paragraph', lead: element.classList.contains('lead'), text: piecesOf(element) }];
    case 'UL':
    case 'OL':
      return [{ kind: 'list', ordered: element.tagName === 'OL', items: [...element.children].map(piecesOf) }];
    case 'PRE':
      return [{ kind: 'code', samples: [{ language: '', code: element.textContent ?? '' }] }];
    case 'DIV': {
      const head = element.querySelector('thead tr');
      if (head === null) return [];
      return [{ kind: 'table', head: rowOf(head), rows: [...element.querySelectorAll('tbody tr')].map(rowOf) }];
    }
    default:
      return [];
  }
}

const FENCE = /^(`{3,})(\w*)\n[\s\S]*?\n\1$/gm;

/** Samples one below the other, each in a language of its own, are the same thing said several times: one block of them. */
export function gather(blocks: readonly Block[], languages: readonly string[]): Block[] {
  const gathered: Block[] = [];
  let next = 0;
  for (const block of blocks) {
    if (block.kind !== 'code') {
      gathered.push(block);
      continue;
    }
    const samples = block.samples.map(({ code }) => ({ language: languages[next++] ?? '', code }));
    const before = gathered.at(-1);
    const isAnother =
      before?.kind === 'code' &&
      samples.every(({ language }) => before.samples.every((one) => one.language !== language));
    if (isAnother) gathered[gathered.length - 1] = { kind: 'code', samples: [...before.samples, ...samples] };
    else gathered.push({ kind: 'code', samples });
  }
  return gathered;
}

export const languagesOf = (markdown: string): string[] =>
  [...markdown.matchAll(FENCE)].map(([, , language]) => language ?? '');

/** `html`: the whole document. Its head, with styles that this page's policy refuses, is not even parsed. */
export function readPage({ html, markdown }: { html: string; markdown: string }): ProviderPage {
  const main = /<main>([\s\S]*)<\/main>/.exec(html)?.[1] ?? '';
  const { body } = new DOMParser().parseFromString(main, 'text/html');
  return {
    title: body.querySelector('h1')?.textContent ?? '',
    blocks: place(gather([...body.children].flatMap(blockOf), languagesOf(markdown))),
  };
}
