// JSON Schema as words and table rows for the reference pages. Pure: text out, nothing read.

/** Outside of code, `<word>` would be taken for HTML. */
const plain = (text) =>
  text
    .split(/(`[^`]*`)/)
    .map((part, at) => (at % 2 ? part : part.replaceAll('<', '&lt;')))
    .join('');
const cellText = (cell) => plain(String(cell)).replaceAll('|', '\\|').replaceAll('\n', ' ');

/** A Markdown table. */
export const table = (names, rows) =>
  [names, names.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cellText).join(' | ')} |`).join('\n');

export const code = (text) => `\`${text}\``;
const REF = /^#\/(components\/schemas|\$defs)\//;
const FORMATS = {
  'date-time': 'RFC 3339 time',
  ipv4: 'IPv4 address',
  ipv6: 'IPv6 address',
  cidrv4: 'IPv4 range',
  cidrv6: 'IPv6 range',
  uri: 'URL',
};
const BIGGEST = Number.MAX_SAFE_INTEGER;

const unique = (texts) => [...new Set(texts)];

/** What a value may be, in a few words. `link` turns the name of a shared object into text. */
export function typeText(schema, link = code) {
  if (schema.$ref) return link(schema.$ref.replace(REF, ''));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return unique(choices.map((choice) => typeText(choice, link))).join(' or ');
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum) return schema.enum.map((value) => code(JSON.stringify(value))).join(', ');
  if (Array.isArray(schema.type))
    return unique(schema.type.map((type) => typeText({ ...schema, type }, link))).join(' or ');
  switch (schema.type) {
    case 'array':
      return `list${bounds(schema.minItems, schema.maxItems)} of ${typeText(schema.items ?? {}, link)}`;
    case 'string':
      return FORMATS[schema.format] ?? `text${bounds(schema.minLength, schema.maxLength)}`;
    case 'integer':
    case 'number':
      return `${schema.type === 'integer' ? 'whole number' : 'number'}${bounds(schema.minimum, schema.maximum)}`;
    case 'object':
      return schema.properties || !isOpen(schema)
        ? 'object'
        : `object of ${typeText(schema.additionalProperties, link)}`;
    case 'boolean':
    case 'null':
      return schema.type;
    default:
      return 'any JSON';
  }
}

const isOpen = ({ additionalProperties }) =>
  typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0;

function bounds(least, most) {
  const low = least === undefined || least === -BIGGEST ? undefined : least;
  const high = most === undefined || most === BIGGEST ? undefined : most;
  if (low === undefined && high === undefined) return '';
  if (high === undefined) return ` (${low} or more)`;
  return low === undefined ? ` (up to ${high})` : ` (${low} to ${high})`;
}

/** The objects among a schema's choices whose members are worth rows of their own, and the path that leads to them. */
function inner(schema, path) {
  if (schema.type === 'array' && schema.items) return inner(schema.items, `${path}[]`);
  const objects = [schema, ...(schema.anyOf ?? [])].filter(({ properties }) => properties !== undefined);
  return { objects, path };
}

/**
 * Members of an object schema as rows `{path, type, required, note}`, nested ones by dotted path. `follow(path)` false: the
 * members below are not listed.
 */
export function memberRows(schema, { link = code, follow = () => true } = {}) {
  const rows = new Map();
  const add = (path, type, required, note) => {
    const have = rows.get(path);
    rows.set(path, {
      path,
      type: have && have.type !== type ? `${have.type} or ${type}` : type,
      required: required && (have?.required ?? true),
      note: have?.note || note,
    });
  };
  const list = (objects, prefix) => {
    for (const object of objects) {
      for (const [name, member] of Object.entries(object.properties)) {
        const path = `${prefix}${name}`;
        const everywhere = objects.every((other) => (other.required ?? []).includes(name));
        add(path, typeText(member, link), everywhere && member.default === undefined, noteOf(member));
        const below = inner(member, path);
        if (below.objects.length > 0 && follow(path)) list(below.objects, `${below.path}.`);
      }
    }
  };
  list(inner(schema, '').objects, '');
  return [...rows.values()];
}

/** What a schema says about its meaning, and its default. */
export function noteOf(schema) {
  const described = schema.description ?? (schema.anyOf ?? []).map(({ description }) => description).find(Boolean);
  const fallback = schema.default === undefined ? [] : [`Default: ${code(JSON.stringify(schema.default))}`];
  return [...(described ? [described] : []), ...fallback].join('. ');
}
