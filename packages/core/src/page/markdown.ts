// A page as Markdown (CommonMark with GitHub's tables). Every text stays text: nothing in a name or message becomes markup.

import type { Block, Inline, PageDocument, Text } from './document.js';

export function toMarkdown({ title, lead, blocks }: PageDocument): string {
  return `${[`# ${line(title)}`, line(lead), ...blocks.map(written)].join('\n\n')}\n`;
}

function written(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${line(block.text)}`;
    case 'paragraph':
      return line(block.text);
    case 'list':
      return block.items.map((item, at) => `${block.ordered ? `${at + 1}.` : '-'} ${line(item)}`).join('\n');
    case 'table': {
      const row = (cells: readonly Text[]): string => `| ${cells.map(cell).join(' | ')} |`;
      return [row(block.head), `|${'---|'.repeat(block.head.length)}`, ...block.rows.map(row)].join('\n');
    }
    case 'code': {
      const fence = fenceFor(block.text, 3);
      return `${fence}${block.language}\n${block.text}\n${fence}`;
    }
  }
}

const parts = (text: Text): readonly Inline[] => (Array.isArray(text) ? (text as readonly Inline[]) : [text as Inline]);

/** Text on one line of its own, where a first character could start a block. */
const line = (text: Text): string =>
  parts(text)
    .map(inline)
    .join('')
    .trim()
    .replace(/^([#+=-])/, '\\$1')
    .replace(/^(\d+)([.)])/, '$1\\$2');

/** A table's cell: a bar would end it, in code too. */
const cell = (text: Text): string => parts(text).map(inCell).join('').trim();

function inCell(part: Inline): string {
  if (typeof part === 'string' || 'strong' in part) return inline(part);
  // In code a backslash before a bar can be written in no way that all readers take alike.
  if (part.code.includes('\\|')) return escaped(part.code);
  return inline(part).replaceAll('|', '\\|');
}

function inline(part: Inline): string {
  if (typeof part === 'string') return escaped(part);
  if ('strong' in part) return `**${escaped(part.strong)}**`;
  const text = part.code.replace(/\s+/g, ' ');
  if (text.trim() === '') return '';
  const fence = fenceFor(text, 1);
  const pad = /^[`\s]|[`\s]$/.test(text) ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}

/** Inline markup, HTML, entities, and what GitHub links or sets as a formula by itself. */
const escaped = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]<>&|~$@]/g, '\\$&')
    .replace(/:(?=\/\/)/g, '\\:')
    .replace(/\b(www)\./gi, '$1\\.');

function fenceFor(text: string, least: number): string {
  const runs = text.match(/`+/g) ?? [];
  return '`'.repeat(Math.max(least, ...runs.map(({ length }) => length + 1)));
}
