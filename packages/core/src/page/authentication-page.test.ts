// Guarantees of the page: what a profile names stays text in both formats, and the same configuration makes the same page.

import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { marked, type Token } from 'marked';
import { describe, expect, it } from 'vitest';
import { type Profile, profileSchema } from '../profile/schema.js';
import { type Tier, tiersOf } from '../tier/tiers.js';
import { authenticationPage } from './authentication-page.js';
import { code, type PageDocument, paragraph, strong, table } from './document.js';
import { toHtml } from './html.js';
import { toMarkdown } from './markdown.js';

const FOLDER = new URL('../../../../profiles/', import.meta.url);
const NAMES = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const raw = (name: string) => JSON.parse(readFileSync(new URL(`${name}/profile.json`, FOLDER), 'utf8'));
const load = (name: string): Profile => profileSchema.parse(raw(name));
const pageOf = (profile: Profile, tiers: readonly Tier[] = tiersOf(profile.policy)): PageDocument =>
  authenticationPage({ profile, tiers });

/** Every text that a reader of the Markdown sees, and every kind of markup that it is made of. */
function read(markdown: string): { text: string; kinds: Set<string> } {
  const kinds = new Set<string>();
  const texts: string[] = [];
  marked.walkTokens(marked.lexer(markdown), (token: Token) => {
    kinds.add(token.type);
    const leaf = ['text', 'codespan', 'escape', 'code'].includes(token.type) && !('tokens' in token && token.tokens);
    if (leaf) texts.push(String((token as { text: string }).text));
  });
  return { text: texts.join(''), kinds };
}

/** What our pages are made of; links, images, raw HTML and emphasis are not among it. */
const OUR_KINDS = [
  'heading',
  'paragraph',
  'text',
  'escape',
  'codespan',
  'code',
  'list',
  'list_item',
  'table',
  'space',
  'strong',
];

const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><b>bold</b>',
  '*a* _b_ **c** ~~d~~ `e`',
  '[link](https://evil.example) ![x](y)',
  'https://evil.example www.evil.example someone@evil.example',
  '| a | b |',
  '# not a heading',
  '- not a list',
  '1. not a list',
  '&lt;b&gt; &amp; &#60;',
  '```\nfence',
  'line\n\n# two',
  '$x$ \\(y\\) {key.id}',
  ']]> --> </style></pre></code>',
];

describe('every shipped profile', () => {
  it.each(NAMES)('%s: makes the same page twice, in both formats', (name) => {
    expect(toMarkdown(pageOf(load(name)))).toBe(toMarkdown(pageOf(load(name))));
    expect(toHtml(pageOf(load(name)))).toBe(toHtml(pageOf(load(name))));
  });

  it.each(NAMES)('%s: a page of plain Markdown, and HTML that asks for nothing', (name) => {
    const { kinds } = read(toMarkdown(pageOf(load(name))));
    expect([...kinds].filter((kind) => !OUR_KINDS.includes(kind))).toStrictEqual([]);
    const html = toHtml(pageOf(load(name)));
    expect(html).not.toMatch(/<(script|img|iframe|form|object|embed|base|a href="(?!#))/i);
    expect(html).not.toMatch(/<[^>]+ (on\w+|src|style)=/i);
    expect(html.match(/<link [^>]+>/g)).toStrictEqual(['<link rel="icon" href="data:,">']);
    expect(html).not.toMatch(/url\(|@import/);
  });

  it.each(NAMES)('%s: links within the page lead somewhere, and each anchor is there once', (name) => {
    const html = toHtml(pageOf(load(name)));
    const anchors = [...html.matchAll(/ id="([^"]+)"/g)].map(([, anchor]) => anchor);
    expect(new Set(anchors).size).toBe(anchors.length);
    for (const [, link] of html.matchAll(/href="#([^"]+)"/g)) expect(anchors).toContain(link);
  });
});

describe('hostile names', () => {
  /** Every text of a profile that its author words freely. */
  const named = (text: string): { profile: Profile; tiers: Tier[] } => {
    const base = raw('swaypi');
    const profile = profileSchema.parse({
      ...base,
      title: text,
      wire: {
        ...base.wire,
        errorBody: { contentType: text, template: { [text]: '{message}', more: text } },
        reasons: Object.fromEntries(
          Object.entries(base.wire.reasons).map(([reason, answer]) => [
            reason,
            { ...(answer as object), code: text, message: text },
          ]),
        ),
      },
      policy: {
        ...base.policy,
        permissions: [{ name: 'read', description: text }],
        tiers: base.policy.tiers.map((tier: object) => ({ ...tier, title: text })),
      },
      guide: { steps: [text], work: text, keys: [{ name: text, purpose: text, permissions: null }] },
      samples: [{ title: text, method: 'POST', path: `/${text}`, headers: { [text]: text }, body: { [text]: text } }],
      routes: base.routes.map((route: { tier?: string }) => (route.tier ? { ...route, title: text } : route)),
    });
    return { profile, tiers: tiersOf(profile.policy) };
  };

  it.each(HOSTILE)('%j stays text in Markdown', (text) => {
    const { profile, tiers } = named(text);
    const { kinds, text: seen } = read(toMarkdown(pageOf(profile, tiers)));
    expect([...kinds].filter((kind) => !OUR_KINDS.includes(kind))).toStrictEqual([]);
    const flat = (words: string): string => words.replace(/\s+/g, '').replaceAll('{key.id}', 'key_1234567890');
    expect(flat(seen)).toContain(flat(text));
  });

  it.each(HOSTILE)('%j stays text in HTML', (text) => {
    const { profile, tiers } = named(text);
    const html = toHtml(pageOf(profile, tiers));
    const tags = [...html.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, tag]) => tag as string);
    const ours =
      'html head meta link title style body div nav ul ol li a main h1 h2 h3 p code strong pre table thead tbody tr th td'.split(
        ' ',
      );
    expect([...new Set(tags)].filter((tag) => !ours.includes(tag))).toStrictEqual([]);
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    expect(html).toContain(
      text.replace(/[&<>"']/g, (mark) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' }[mark]};`),
    );
  });

  it('of any kind are read back from the Markdown as they were', () => {
    const words = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }).filter((text) => text.trim() !== '');
    fc.assert(
      fc.property(words, words, words, (plain, bold, machine) => {
        const { kinds, text } = read(
          toMarkdown({
            title: 'x',
            lead: 'x',
            blocks: [
              paragraph(plain),
              paragraph('a', strong(`b${bold.trim()}b`)),
              ...table([plain], [[code(machine)], [plain]]),
            ],
          }),
        );
        expect([...kinds].filter((kind) => !OUR_KINDS.includes(kind))).toStrictEqual([]);
        const flat = (each: string): string => each.replace(/\s+/g, '');
        for (const each of [plain, bold, machine]) expect(flat(text)).toContain(flat(each));
      }),
      { numRuns: 500, examples: [['a', 'b', 'c\\|d']] },
    );
  });
});

describe('what a configuration does not have', () => {
  const headings = (profile: Profile): string[] =>
    pageOf(profile).blocks.flatMap((block) => (block.kind === 'heading' && block.level === 2 ? [block.text] : []));

  it('has no section', () => {
    expect(headings(load('aifaceswap'))).not.toContain('Tiers');
    expect(headings(load('swaypi'))).not.toContain('Safe retries');
    expect(headings(load('swaypi'))).not.toContain('Permissions');
    expect(headings(load('textgen'))).not.toContain('Test and live keys');
    expect(headings(load('accounts'))).not.toContain('Key models');
  });

  it('is no error that a caller could meet', () => {
    const page = toMarkdown(pageOf(load('textgen')));
    expect(page).not.toContain('TIER_REQUIRED');
    expect(page).not.toContain('IDEMPOTENCY_CONFLICT');
    expect(toMarkdown(pageOf(load('suward')))).toContain('`idempotency_conflict`');
  });

  it('a tier that is gone opens nothing, and a limit that is gone is told as none', () => {
    const swaypi = load('swaypi');
    const tiers = tiersOf(swaypi.policy)
      .filter(({ name }) => name !== 'studio')
      .map((tier) => ({ ...tier, limits: { perMinute: null, perDay: null, concurrent: null } }));
    const page = toMarkdown(pageOf(swaypi, tiers));
    expect(page).toContain('| Platform | no limit | no limit | 500 | yes | yes | no |');
    expect(page).not.toMatch(/-1 requests/);
  });
});
