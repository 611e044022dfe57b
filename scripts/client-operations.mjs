// The text of packages/client/src/generated/operations.ts, from the operation table: what goes where, and the types of every
// input and output. It reads and writes nothing; `npm run docs` does.

const HEAD = `// Generated from the operation table by \`npm run docs\`: do not edit. Routes, inputs, outputs and methods of every operation.
`;

/**
 * @param {{ operations: object, namespaces: object, toJSONSchema: Function }} tables The rows, how they are called in code, and zod's
 *   own way to JSON Schema.
 */
export function renderClientOperations({ operations, namespaces, toJSONSchema }) {
  const named = new Map();
  const schemaOf = (schema) => {
    const { $defs = {}, ...json } = toJSONSchema(schema, { io: 'input' });
    for (const [id, definition] of Object.entries($defs)) {
      const [name, text] = [nameOf(id), type(definition)];
      if ((named.get(name) ?? text) !== text)
        throw new Error(`Two objects are called ${name}. Fix: give one another id.`);
      named.set(name, text);
    }
    return json;
  };
  const inputs = {};
  const outputs = {};
  for (const [name, row] of Object.entries(operations)) {
    const parts = [row.params, row.query, ...(row.body === null ? [] : [row.body])].map(schemaOf);
    inputs[name] = {
      type: 'object',
      properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
      required: parts.flatMap(({ required = [] }) => required),
      additionalProperties: false,
    };
    outputs[name] = row.output === null ? undefined : schemaOf(row.output);
  }
  const routes = Object.entries(operations).map(([name, row]) => {
    const route = {
      method: row.method,
      path: row.path,
      query: Object.keys(row.query.shape),
      body: row.body !== null,
      answers: row.output !== null,
      idempotent: row.idempotent,
    };
    return `  ${name}: ${JSON.stringify(route)},\n`;
  });
  return [
    HEAD,
    "import type { ManagementCallOptions } from '../management-call.js';\n",
    ...[...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => `export type ${name} = ${text};\n`),
    `/** What each operation takes: members of path, query and body in one object. */\nexport interface OperationInputs {\n${members(
      Object.entries(inputs).map(([name, schema]) => [name, type(schema, 1)]),
    )}}\n`,
    `/** What each operation answers. */\nexport interface OperationOutputs {\n${members(
      Object.entries(outputs).map(([name, schema]) => [name, schema === undefined ? 'undefined' : type(schema, 1)]),
    )}}\n`,
    `/** Every operation as a method. */\nexport interface ManagementMethods {\n${Object.entries(namespaces)
      .map(
        ([space, methods]) =>
          `  ${space}: {\n${Object.entries(methods)
            .map(([method, name]) => methodText(method, name, operations[name], inputs[name]))
            .join('')}  };\n`,
      )
      .join('')}}\n`,
    `export type OperationName = keyof OperationInputs;\n`,
    `/** Where each operation goes; what is neither in the path nor in \`query\` is the body. */\nexport const ROUTES = {\n${routes.join('')}} as const;\n`,
    `/** Which operation each method calls. */\nexport const METHODS = ${JSON.stringify(namespaces, null, 2)} as const satisfies Record<string, Record<string, OperationName>>;\n`,
  ].join('\n');
}

function methodText(method, name, { summary, description }, input) {
  const optional = input.required.length === 0 ? '?' : '';
  const said = comment([summary, description].filter(Boolean).join('. '), 2);
  return `${said}    ${method}(input${optional}: OperationInputs['${name}'], options?: ManagementCallOptions): Promise<OperationOutputs['${name}']>;\n`;
}

/** A schema without a name that holds itself: there is one, zod's of any JSON. */
const nameOf = (id) => (/^__schema\d+$/.test(id) ? 'Json' : id);
const members = (entries) => entries.map(([name, text]) => `  ${name}: ${text};\n`).join('');
const pad = (depth) => '  '.repeat(depth);
const comment = (text, depth) => (text ? `${pad(depth)}/** ${text.replaceAll('*/', '*\\/')} */\n` : '');

/** JSON Schema as TypeScript. Only what the rows use; anything else is an error, not a guess. */
function type(schema, depth = 0) {
  if (schema.$ref !== undefined) return nameOf(schema.$ref.replace('#/$defs/', ''));
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map((value) => JSON.stringify(value)));
  // Where a row names a type for callers, the forms that are read besides it (`"5"` for 5 in a query) are not offered.
  if (schema.type === undefined && schema.anyOf !== undefined) {
    return union(schema.anyOf.map((branch) => type(branch, depth)));
  }
  if (Array.isArray(schema.type)) return union(schema.type.map((name) => type({ ...schema, type: name }, depth)));
  switch (schema.type) {
    case undefined:
      return 'unknown';
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return `Array<${type(schema.items ?? {}, depth)}>`;
    case 'object':
      return objectType(schema, depth);
    default:
      throw new Error(
        `No TypeScript is known for the JSON Schema type ${schema.type}. Fix: add it to scripts/client-operations.mjs.`,
      );
  }
}

const union = (types) => [...new Set(types)].join(' | ');
function objectType({ properties, required = [], additionalProperties }, depth) {
  if (properties === undefined) {
    // Not `Record`: that may not hold itself.
    return `{ [name: string]: ${typeof additionalProperties === 'object' ? type(additionalProperties, depth) : 'unknown'} }`;
  }
  if (Object.keys(properties).length === 0) return 'Record<string, never>';
  const lines = Object.entries(properties).map(([name, schema]) => {
    const optional = required.includes(name) ? ['', ''] : ['?', ' | undefined'];
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    return `${comment(schema.description, depth + 1)}${pad(depth + 1)}${key}${optional[0]}: ${type(schema, depth + 1)}${optional[1]};\n`;
  });
  return `{\n${lines.join('')}${pad(depth)}}`;
}
