// Guarantees of the provider's page: samples of one thing stand together, under names that tell them apart.

import { describe, expect, it } from 'vitest';
import { type Block, gather, languagesOf } from './page-blocks';

const sample = (code: string): Block => ({ kind: 'code', samples: [{ language: '', code }] });
const text: Block = { kind: 'paragraph', lead: false, text: [] };

describe('samples', () => {
  it('of one call in several languages become one block', () => {
    const blocks = gather([text, sample('a'), sample('b'), text, sample('c')], ['sh', 'js', 'json']);
    expect(blocks).toEqual([
      text,
      {
        kind: 'code',
        samples: [
          { language: 'sh', code: 'a' },
          { language: 'js', code: 'b' },
        ],
      },
      text,
      { kind: 'code', samples: [{ language: 'json', code: 'c' }] },
    ]);
  });

  it('of two calls in one language stay two', () => {
    expect(gather([sample('a'), sample('b')], ['sh', 'sh'])).toHaveLength(2);
  });

  it('know their languages from the Markdown, also where a fence stands inside', () => {
    expect(languagesOf('# x\n\n```sh\ncurl\n```\n\ntext\n\n````json\n```\nin\n```\n````\n')).toEqual(['sh', 'json']);
  });
});
