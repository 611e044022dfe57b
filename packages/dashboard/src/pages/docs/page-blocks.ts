// The provider's page, from the HTML that the server wrote to plain blocks. Only what such a page consists of is taken; nothing is run.

export type Piece = { kind: 'text' | 'code' | 'strong'; text: string };
export type Pieces = readonly Piece[];

export type Block =
  | { kind: 'heading'; level: 2 | 3; id: string; text: string }
  | { kind: 'paragraph'; lead: boolean; text: Pieces }
  | { kind: 'list'; ordered: boolean; items: readonly Pieces[] }
  | { kind: 'table'; head: readonly Pieces[]; rows: readonly (readonly Pieces[])[] }
  | { kind: 'code'; text: string };

/** Where a block stands: its place on the page, and the heading above it. */
export interface Placed {
  id: string;
  section: string;
  block: Block;
}

export interface ProviderPage {
  title: string;
  blocks: readonly Placed[];
}

function place(blocks: readonly Block[]): Placed[] {
  let section = '';
  return blocks.map((block, at) => {
    if (block.kind === 'heading') section = block.text;
    return { id: `block ${at}`, section, block };
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
      return [{ kind: 'code', text: element.textContent ?? '' }];
    case 'DIV': {
      const head = element.querySelector('thead tr');
      if (head === null) return [];
      return [{ kind: 'table', head: rowOf(head), rows: [...element.querySelectorAll('tbody tr')].map(rowOf) }];
    }
    default:
      return [];
  }
}

/** `html`: the whole document. Its head, with styles that this page's policy refuses, is not even parsed. */
export function readPage(html: string): ProviderPage {
  const main = /<main>([\s\S]*)<\/main>/.exec(html)?.[1] ?? '';
  const { body } = new DOMParser().parseFromString(main, 'text/html');
  return {
    title: body.querySelector('h1')?.textContent ?? '',
    blocks: place([...body.children].flatMap(blockOf)),
  };
}
