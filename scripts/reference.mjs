// The pages of docs/reference from the tables they speak of. Pure: tables in, Markdown by path out; `docs.mjs` writes it.

import { code, memberRows, noteOf, table, typeText } from './schema-text.mjs';

const HEAD = '<!-- Written by `npm run docs` from the tables in the code. Change those, not this page. -->';
const page = (title, ...parts) => `${HEAD}\n\n# ${title}\n\n${parts.filter((part) => part !== '').join('\n\n')}\n`;
const yes = (value) => (value ? 'yes' : '');
const dashed = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
/** GitHub's anchor of a heading. */
const anchor = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

/** Every page by its path below the repository. */
export function renderReference(tables) {
  return {
    'docs/reference/errors.md': errorsPage(tables),
    'docs/reference/reasons.md': reasonsPage(tables),
    'docs/reference/operations.md': operationsPage(tables),
    'docs/reference/roles.md': rolesPage(tables),
    'docs/reference/config.md': configPage(tables),
    'docs/reference/metrics.md': metricsPage(tables),
    'docs/reference/cli.md': cliPage(tables),
    'docs/reference/profile.md': profilePage(tables),
  };
}

function errorsPage({ errors, operations, errorsOf, commonErrors, bodyErrors }) {
  const mayAnswer = (name) => {
    if (commonErrors.includes(name)) return 'Any operation may answer it.';
    if (bodyErrors.includes(name)) return 'Any operation with a body may answer it.';
    const rows = Object.entries(operations).filter(([, row]) => errorsOf(row).includes(name));
    const links = rows.map(([operation]) => `[${operation}](operations.md#${anchor(operation)})`);
    return links.length === 0 ? '' : `Answered by ${links.join(', ')}.`;
  };
  const sections = Object.entries(errors).map(([name, { status, title, help, retryable }]) =>
    [
      `## ${name}`,
      `**${status}** ${title}. ${help}${retryable ? ' The same call may pass later.' : ''}`,
      mayAnswer(name),
    ]
      .filter((part) => part !== '')
      .join('\n\n'),
  );
  return page(
    'Errors',
    'What `code` says in an error. Codes are only ever added. The control plane answers problem documents (RFC 9457) and ' +
      'serves this list at `/docs/errors`, where the `type` of each document leads. The gateway says the same codes in the ' +
      "profile's dialect; refusals of a presented key are [reasons](reasons.md), not errors. Codes about configuration " +
      'stop a start or a command, and stand on standard error.',
    table(
      ['code', 'status', 'title'],
      Object.entries(errors).map(([name, { status, title }]) => [`[${code(name)}](#${anchor(name)})`, status, title]),
    ),
    ...sections,
  );
}

function reasonsPage({ reasons, profiles }) {
  const rows = reasons.map((reason) => [
    code(reason),
    ...profiles.map(({ wire }) => {
      const { status, code: name } = wire.reasons[reason];
      return name === undefined ? status : `${status} ${code(name)}`;
    }),
  ]);
  const shapes = profiles.map(({ name, wire }) => [
    code(name),
    'scheme' in wire.credential ? code(`Authorization: ${wire.credential.scheme} …`) : code('X-Api-Key: …'),
    code(JSON.stringify(wire.errorBody.template)),
    wire.limitHeaders === null ? 'none' : Object.values(wire.limitHeaders).map(code).join(', '),
  ]);
  return page(
    'Reasons',
    'Why a request is refused. The list is closed: the engine knows no other, and every profile says each of them in its own ' +
      'words. A cell is the status and the code; a profile without codes lets the status say it all.',
    table(['reason', ...profiles.map(({ name }) => code(name))], rows),
    'How they arrive:',
    table(['profile', 'key in', 'error body', 'limit headers'], shapes),
    'Every 429 and 503 carries `Retry-After`, every 401 `WWW-Authenticate`; `quota_exceeded` and `insufficient_credits` add ' +
      '`x-should-retry: false`. What this release does not do yet, and so does not refuse, stands in the [README](../../README.md#what-is-not-there-yet).',
  );
}

/** Which keys a row takes, as the overview says it. */
const KEYS = {
  operator: 'root key',
  manager: 'root key or customer key',
  person: 'no key',
  anybody: 'no credential',
};

/** What a call needs: a permission of a key, a standing of a person. */
function needs({ audience, permission }, standings) {
  if (audience === 'anybody') return 'needs no credential.';
  const people = `on the dashboard [${standings.join(', ')}](roles.md)`;
  if (audience === 'person') return `needs somebody who is signed in, or a portal token: ${people}.`;
  return `needs ${code(permission)}${audience === 'operator' ? ', on a root key' : ''}; ${people}.`;
}

function rolesPage({ operations, roleTable, standings }) {
  const rows = Object.entries(operations).map(([name]) => [
    `[${name}](operations.md#${anchor(name)})`,
    ...standings.map((standing) => yes(roleTable[name].includes(standing))),
  ]);
  return page(
    'Roles',
    'Which operation may be called from the dashboard, and by whom. `operator` is a user of whoever runs the installation, and sees all of it. `owner`, `admin`, ' +
      '`developer`, `viewer` and `billing` are roles of a member in one organization, and count there alone. `portal` and `portal_read_only` are holders of a portal token, for ' +
      'one organization or one of its projects. `signed_in` is any user, whatever they belong to.',
    'What belongs to an organization where somebody has no standing is answered exactly as what is not there. Only the operator sets tiers, credits, ' +
      "key models, limits above the tier's, and metadata of organizations and projects: anybody else is answered `operator_only`. Nobody gives or touches a role above " +
      'their own, in the order owner, admin, developer, then viewer and billing; an organization keeps at least one owner, and an installation at least one operator.',
    'Root keys and customer keys have [permissions](operations.md) instead.',
    table(['operation', ...standings.map(code)], rows),
  );
}

function operationsPage({ operations, errorsOf, commonErrors, bodyErrors, openapi, roleTable }) {
  const shared = Object.keys(openapi.components.schemas).filter((name) => name !== 'Problem');
  const link = (name) => `[${name}](#${anchor(name)})`;
  const overview = Object.entries(operations).map(([name, row]) => [
    `[${name}](#${anchor(name)})`,
    code(`${row.method} ${row.path}`),
    code(row.permission),
    KEYS[row.audience],
  ]);
  const sections = Object.entries(operations).map(([name, row]) => {
    const described = openapi.paths[row.path.replace(/:(\w+)/g, '{$1}')][row.method.toLowerCase()];
    const own = errorsOf(row).filter((error) => !commonErrors.includes(error) && !bodyErrors.includes(error));
    return [
      `## ${name}`,
      `${code(`${row.method} ${row.path}`)} ${needs(row, roleTable[name])}`,
      `${row.summary}.${row.description ? ` ${row.description}` : ''}`,
      inputText(described, link),
      outputText(row.status, described, link),
      own.length === 0
        ? ''
        : `Errors: ${own.map((error) => `[${code(error)}](errors.md#${anchor(error)})`).join(', ')}.`,
    ]
      .filter((part) => part !== '')
      .join('\n\n');
  });
  const objects = shared.map((name) => `### ${name}\n\n${members(openapi.components.schemas[name], link, false)}`);
  return page(
    'Operations',
    'The management API of the control plane. Send `Authorization: Bearer` with a root key; where the table says so, a ' +
      'customer key works too, within its own project and rights. People call with the session of the dashboard or a portal token, as their [role](roles.md) allows. Bodies are JSON; a member that is not listed is refused. `/openapi.json` says the same to machines.',
    table(['operation', 'call', 'permission', 'with'], overview),
    `Any operation may answer ${commonErrors.map(code).join(', ')}; with a body also ${bodyErrors.map(code).join(', ')}. ` +
      'What they mean stands in [errors](errors.md).',
    ...sections,
    '## Objects',
    ...objects,
  );
}

function inputText({ parameters = [], requestBody }, link) {
  const fromParameters = parameters.map(({ in: place, name, schema, required, description }) => [
    code(name),
    place,
    typeText(schema, link),
    yes(required),
    noteOf({ description, ...schema }),
  ]);
  const schema = requestBody?.content['application/json'].schema;
  const fromBody = schema
    ? memberRows(schema, { link }).map((row) => [code(row.path), 'body', row.type, yes(row.required), row.note])
    : [];
  const rows = [...fromParameters, ...fromBody];
  return rows.length === 0 ? 'No input.' : table(['input', 'in', 'type', 'required', ''], rows);
}

function outputText(status, { responses }, link) {
  const schema = responses[status].content?.['application/json'].schema;
  if (schema === undefined) return `Answers ${status} without a body.`;
  if (schema.$ref) return `Answers ${status}: ${typeText(schema, link)}.`;
  return `Answers ${status}:\n\n${members(schema, link, true)}`;
}

function members(schema, link, output) {
  const rows = memberRows(schema, { link }).map((row) => [
    code(row.path),
    row.type,
    row.required ? '' : 'may be absent',
    row.note,
  ]);
  return table([output ? 'output' : 'member', 'type', '', ''], rows);
}

function configPage({ settings, serveFlags }) {
  const rows = Object.entries(settings).map(([name, { env, secret, description, schema }]) => {
    const judged = schema.safeParse(undefined);
    const value = judged.success ? judged.data : undefined;
    const flag = `--${dashed(name)}`;
    return [
      code(env),
      serveFlags.includes(flag) ? code(flag) : '',
      secret ? '' : code(name),
      value === undefined || (Array.isArray(value) && value.length === 0) ? '' : code(value),
      secret ? `${description} ${code(`${env}_FILE`)} reads it from a file.` : description,
    ];
  });
  return page(
    'Settings',
    'The first source that has a value counts: flag, environment, config file, default. Flags are those of `latchkey serve` ' +
      'and `latchkey dev`. The config file is `latchkey.config.json` or `latchkey.config.mjs` in the working directory, or the one ' +
      'that `--config` names; `latchkey init` writes one with its JSON Schema. Secrets have no flag and no place in the config ' +
      'file. A setting that cannot work stops the start with `configuration_invalid` and the fix. `latchkey serve` needs `LATCHKEY_PEPPER` and `LATCHKEY_MASTER_KEY`; a variable and its `_FILE` together are refused.',
    table(['environment', 'flag', 'config key', 'default', 'meaning'], rows),
    '`latchkey dev` keeps its data in `./data/<profile>` when no directory is named, and makes pepper and master key there ' +
      '(`pepper` and `master-key`, mode 0600) when none is set. Commands that work on a data directory find them there.',
    'Commands that ask a running server read `LATCHKEY_ROOT_KEY` or `LATCHKEY_ROOT_KEY_FILE`, and take `--url` ' +
      '(default `LATCHKEY_PUBLIC_URL`, else `http://127.0.0.1:4000`).',
  );
}

function metricsPage({ metrics }) {
  const rows = Object.entries(metrics).map(([name, { kind, labels, help }]) => [
    code(name),
    kind,
    labels.map(code).join(', '),
    help,
  ]);
  const buckets = Object.entries(metrics)
    .filter(([, row]) => row.buckets !== undefined)
    .map(([name, row]) => [code(name), row.buckets.join(' ')]);
  return page(
    'Metrics',
    'What `GET /metrics` on the control plane shows, in the text format of Prometheus, beside the figures of the Node process ' +
      '(`process_…`, `nodejs_…`). It asks for no key: do not let it out to the internet. No label holds an id, an address or a secret; a metric keeps ' +
      'at most 500 series, what comes beyond is counted as `other`.',
    table(['metric', 'kind', 'labels', ''], rows),
    'Upper bounds of the histograms, in seconds:',
    table(['metric', 'buckets'], buckets),
  );
}

function cliPage({ program }) {
  return page(
    'Command line',
    `${program.description()} In a clone: \`npx latchkey …\`.`,
    'Every command takes `--json` and then prints one JSON document. Exit codes: 0 done, 1 refused or failed, 2 misused. ' +
      'Commands with `--url` ask a running server, with the root key of `LATCHKEY_ROOT_KEY` or `LATCHKEY_ROOT_KEY_FILE`; commands ' +
      'with `--data-dir` work on the files themselves.',
    table(
      ['command', ''],
      leaves(program).map(({ name, command }) => [`[${code(name)}](#${anchor(name)})`, command.description()]),
    ),
    ...leaves(program).map(({ name, command }) => commandText(name, command)),
  );
}

/** Commands that do something, each with all its words. */
function leaves(command, before = '') {
  const name = `${before}${command.name()}`;
  return command.commands.length === 0
    ? [{ name, command }]
    : command.commands.flatMap((child) => leaves(child, `${name} `));
}

function commandText(name, command) {
  const words = command.registeredArguments.map((argument) => {
    const word = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${word}>` : `[${word}]`;
  });
  const options = command.options.map((option) => [
    code(option.flags),
    [option.description, ...(option.mandatory ? ['required'] : [])].join('; '),
    option.defaultValue === undefined ? '' : code(option.defaultValue),
  ]);
  const usage = [name, ...words, ...(options.length > 0 ? ['[options]'] : [])].join(' ');
  const say = command.description();
  return [
    `## ${name}`,
    `${say.charAt(0).toUpperCase()}${say.slice(1)}.`,
    `\`\`\`\n${usage}\n\`\`\``,
    ...(options.length > 0 ? [table(['option', '', 'default'], options)] : []),
  ].join('\n\n');
}

function profilePage({ profileSchema, templateValues }) {
  const link = (name) =>
    name === 'ProfileAnswer' || name === 'ProfileLimits' ? `[${name}](#${anchor(name)})` : 'any JSON';
  const { $schema: _, ...shape } = profileSchema.properties;
  const rowsOf = (schema, follow) =>
    memberRows(schema, { link, follow }).map((row) => [code(row.path), row.type, yes(row.required), row.note]);
  const section = (name, schema) => {
    const rows = rowsOf(schema.items ?? schema, (path) => path !== 'reasons');
    return rows.length === 0 ? '' : `## ${name}\n\n${table(['member', 'type', 'required', ''], rows)}`;
  };
  const values = Object.entries(templateValues.envelope).map(([name, says]) => [code(`{${name}}`), says]);
  return page(
    'Profile',
    'What a `profile.json` may hold, from its JSON Schema (`profiles/profile.schema.json`). How to write one, which template ' +
      'value may stand where, and the goldens are in [profiles/README.md](../../profiles/README.md). `latchkey profile check FILE` judges one; it also finds what no ' +
      'schema can: a tier, permission, operation or template value that does not exist.',
    table(
      ['member', 'type', 'required', ''],
      rowsOf({ ...profileSchema, properties: shape }, () => false),
    ),
    ...Object.entries(shape).map(([name, schema]) => section(code(name), schema)),
    section('ProfileAnswer', profileSchema.$defs.ProfileAnswer),
    section('ProfileLimits', profileSchema.$defs.ProfileLimits),
    `## Template values\n\n${table(['value', ''], values)}`,
  );
}
