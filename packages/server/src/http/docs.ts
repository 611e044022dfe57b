// The pages for people: the API reference and the error catalogue. Nothing on them is fetched from elsewhere.

import helmet from '@fastify/helmet';
import { ERRORS } from '@latchkey/core';
import Fastify, { type FastifyInstance } from 'fastify';

const HTML = 'text/html; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

/** Everything that the reference would ask of its maker's servers is off; the policy of the page refuses what is left. */
const REFERENCE = {
  url: './openapi.json',
  telemetry: false,
  withDefaultFonts: false,
  agent: { disabled: true, hideAddApi: true },
  mcp: { disabled: true },
  showDeveloperTools: 'never',
  hideClientButton: true,
  persistAuth: false,
  authentication: { preferredSecurityScheme: 'bearer' },
  externalUrls: { dashboardUrl: '', registryUrl: '', proxyUrl: '', apiBaseUrl: '' },
  documentDownloadType: 'direct',
};

const escapeHtml = (text: string) =>
  text.replace(
    /[&<>"]/g,
    (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] as string,
  );

const page = (title: string, body: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
</head>
<body>
${body}
</body>
</html>
`;

const referencePage = page(
  'Latchkey API reference',
  '<div id="app"></div>\n<script src="./docs/scalar.js"></script>\n<script src="./docs/start.js"></script>',
);

const startScript = `window.Scalar.createApiReference('#app', ${JSON.stringify(REFERENCE)});\n`;

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, title, help, retryable }]) =>
      `<dt id="${code}"><code>${code}</code> (${status}) ${escapeHtml(title)}</dt>\n` +
      `<dd>${escapeHtml(help).replace(/`([^`]+)`/g, '<code>$1</code>')}${retryable ? ' The same call may pass later.' : ''}</dd>`,
  );
  return page(
    'Latchkey errors',
    '<style>body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; } ' +
      'dt { margin-top: 1rem; font-weight: 600; } :target { background: #ffec99; color: #000; }</style>\n' +
      `<h1>Errors</h1>\n<p>What <code>code</code> says in a problem document.</p>\n<dl>\n${rows.join('\n')}\n</dl>`,
  );
}

/** The reference's script lies inside its Fastify plugin; 4 MB, read when somebody first opens the page. */
async function referenceScript(): Promise<string> {
  const { default: plugin } = await import('@scalar/fastify-api-reference');
  const holder = Fastify();
  await holder.register(plugin, { routePrefix: '/docs', configuration: { content: '{"openapi":"3.1.1"}' } });
  const { statusCode, body } = await holder.inject('/docs/js/scalar.js');
  await holder.close();
  if (statusCode !== 200) throw new Error('the reference script is not where it used to be');
  return body;
}

/** Serves the pages in their own scope, so that their headers stay off the API's answers. */
export async function servePages(pages: FastifyInstance): Promise<void> {
  // What the API's answers say by default would win over helmet's.
  pages.addHook('onRequest', (_, reply, done) => {
    reply.removeHeader('content-security-policy');
    reply.removeHeader('x-frame-options');
    done();
  });
  await pages.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'"],
        // The reference writes its styles into the page as it runs.
        'style-src': ["'self'", "'unsafe-inline'"],
        'img-src': ["'self'", 'data:'],
        'connect-src': ["'self'"],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    // Whether the site is https only is for whoever terminates TLS to say.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
  });
  let script: Promise<string> | undefined;
  pages.get('/docs', (_, reply) => reply.type(HTML).send(referencePage));
  pages.get('/docs/start.js', (_, reply) => reply.type(SCRIPT).send(startScript));
  pages.get('/docs/scalar.js', async (_, reply) => {
    script ??= referenceScript().catch((error) => {
      script = undefined;
      throw error;
    });
    return reply.type(SCRIPT).send(await script);
  });
  pages.get('/docs/errors', (_, reply) => reply.type(HTML).send(errorsPage()));
}
