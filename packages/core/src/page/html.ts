// A page as one HTML file: styles inside, no script, nothing fetched from elsewhere, light and dark. Every text stays text.

import { anchorsOf, type Block, type Inline, type PageDocument, type Text } from './document.js';

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5d6670; --line: #dfe3e8; --wash: #f5f7f9; --mark: #0b63ce; --page: #fff; --shade: rgb(0 0 0 / .18); }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #9aa5b1; --line: #2f363d; --wash: #1a1f24; --mark: #79b4ff; --page: #101418; --shade: rgb(255 255 255 / .25); }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.frame { display: grid; grid-template-columns: 14rem minmax(0, 52rem); gap: 3rem; max-width: 72rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
nav { position: sticky; top: 2rem; align-self: start; max-height: calc(100vh - 4rem); overflow-y: auto; font-size: .875rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li { margin: .3rem 0; }
nav a { color: var(--soft); text-decoration: none; }
nav a:hover { color: var(--mark); text-decoration: underline; }
a:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
h1 { margin: 0; font-size: 2rem; line-height: 1.2; }
h2 { margin: 2.75rem 0 .5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); font-size: 1.35rem; line-height: 1.3; }
h3 { margin: 1.75rem 0 .25rem; font-size: 1.05rem; }
h1, h2, h3, p, li { overflow-wrap: anywhere; }
p, ul, ol { margin: .75rem 0; }
li { margin: .25rem 0; }
.lead { color: var(--soft); font-size: 1.1rem; }
code { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
p code, li code, td code, th code { padding: .1em .3em; border-radius: 4px; background: var(--wash); border: 1px solid var(--line); }
pre { margin: 1rem 0; padding: .9rem 1rem; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--wash); }
.wide { margin: 1rem 0; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background:
  linear-gradient(to right, var(--page) 40%, transparent) left / 3rem 100% no-repeat local,
  linear-gradient(to left, var(--page) 40%, transparent) right / 3rem 100% no-repeat local,
  linear-gradient(to right, var(--shade), transparent) left / .75rem 100% no-repeat scroll,
  linear-gradient(to left, var(--shade), transparent) right / .75rem 100% no-repeat scroll; }
table { width: 100%; border-collapse: collapse; font-size: .925rem; }
th, td { padding: .5rem .75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; border-bottom-width: 2px; }
td { min-width: 4.5rem; }
td code, th code { white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
@media (max-width: 56rem) {
  .frame { display: block; padding-top: 1.5rem; }
  nav { position: static; max-height: none; margin: 1.5rem 0; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: 8px; }
  nav ul { columns: 2; }
}
@media print { nav { display: none; } .frame { display: block; } pre { white-space: pre-wrap; } }
`.trim();

export function toHtml(document: PageDocument): string {
  const anchors = anchorsOf(document);
  const headings = document.blocks.filter((block) => block.kind === 'heading');
  const links = headings.flatMap(({ level, text }, at) =>
    level === 2 ? [`<li><a href="#${anchors[at]}">${escaped(text)}</a></li>`] : [],
  );
  let next = 0;
  const body = document.blocks.map((block) =>
    written(block, block.kind === 'heading' ? (anchors[next++] as string) : ''),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escaped(document.title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<div class="frame">
<nav aria-label="On this page">
<ul>
${links.join('\n')}
</ul>
</nav>
<main>
<h1>${escaped(document.title)}</h1>
<p class="lead">${inlines(document.lead)}</p>
${body.join('\n')}
</main>
</div>
</body>
</html>
`;
}

function written(block: Block, anchor: string): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level} id="${anchor}">${escaped(block.text)}</h${block.level}>`;
    case 'paragraph':
      return `<p>${inlines(block.text)}</p>`;
    case 'list': {
      const name = block.ordered ? 'ol' : 'ul';
      return `<${name}>\n${block.items.map((item) => `<li>${inlines(item)}</li>`).join('\n')}\n</${name}>`;
    }
    case 'table': {
      const row = (cells: readonly Text[], cell: 'td' | 'th'): string =>
        `<tr>${cells.map((text) => `<${cell}${cell === 'th' ? ' scope="col"' : ''}>${inlines(text)}</${cell}>`).join('')}</tr>`;
      // Focusable, so that a table wider than the screen scrolls by keyboard too.
      return `<div class="wide" tabindex="0" role="region" aria-label="Table">\n<table>\n<thead>${row(block.head, 'th')}</thead>\n<tbody>\n${block.rows.map((cells) => row(cells, 'td')).join('\n')}\n</tbody>\n</table>\n</div>`;
    }
    case 'code':
      return `<pre tabindex="0"><code>${escaped(block.text)}</code></pre>`;
  }
}

const inlines = (text: Text): string =>
  [text]
    .flat()
    .map((part: Inline) => {
      if (typeof part === 'string') return escaped(part);
      return 'code' in part ? `<code>${escaped(part.code)}</code>` : `<strong>${escaped(part.strong)}</strong>`;
    })
    .join('');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
