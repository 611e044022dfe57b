// Bad input for every operation of an OpenAPI document, as data: what is sent, and whether it has to be refused. It sends nothing.

// biome-ignore lint/suspicious/noExplicitAny: a JSON schema is looked at as plain JSON.
export type Schema = any;

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

export interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; schema: Schema; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { examples?: object }> }>;
}

export interface Case {
  /** What is wrong, for the report. */
  name: string;
  operation: Operation;
  method: string;
  /** With query, percent-encoded. */
  path: string;
  /** Names and values by turns, so that a name may stand twice. */
  headers: string[];
  body: Buffer | null;
  /** true: only a 4xx will do. false: a 2xx may be, if what comes back is what was sent. */
  refused: boolean;
  /** The JSON that was sent, when it is a good body but for one member. */
  sent: unknown;
}

export interface CaseOptions {
  /** Values of path parameters and of members with these names, so that a lookup finds something. */
  ids: Readonly<Record<string, string>>;
  headers: readonly string[];
}

/** Texts that break parsers, databases, terminals, regular expressions, and people's assumptions. */
export const NAUGHTY_STRINGS: readonly string[] = [
  '',
  ' ',
  '\t',
  '\0',
  'a\0b',
  'a\nb',
  'a\r\nSet-Cookie: x=1',
  '\u001b[31mred',
  '\u0085',
  '\u2028',
  '\u2029',
  '\ufeff',
  '\u200b',
  '\u202egnp.exe',
  '\ud800',
  '\udc00\ud800',
  'a\uffffb',
  '\u{10ffff}',
  '🔑👩‍👩‍👧‍👦🏳️‍🌈',
  'Ω≈ç√∫˜µ≤≥÷',
  'İiIı',
  'ﬀ ß ſ',
  'e\u0301 é',
  'Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮',
  '田中さんにあげて下さい',
  'الكل في المجمو عة',
  '部落格'.repeat(50),
  'undefined',
  'null',
  'NaN',
  'true',
  '[object Object]',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  '0',
  '-0',
  '1e309',
  '9007199254740993',
  '0x7f',
  '١٢٣',
  '../../../../etc/passwd',
  '..%2f..%2fetc',
  '/dev/null',
  'C:\\con\\con',
  "' OR '1'='1",
  '"; DROP TABLE keys; --',
  '%s%n%p',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: sent as it stands.
  '${7*7}',
  '{{7*7}}',
  '$(id)',
  '`id`',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '*',
  '**',
  '*.*',
  'a.*',
  '::1',
  '127.0.0.1/0',
  '999.1.1.1',
  'https://evil.example/%00@good.example',
  'javascript:alert(1)',
  '2024-02-30T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '99999-12-31T23:59:59Z',
  'a'.repeat(256),
  'a'.repeat(100_000),
  `${'a'.repeat(50_000)}!`,
  'é'.repeat(5000),
  'sk_live_00000000000000000000000000000000',
];

/** JSON texts put in the place of one member. */
export const VALUES: readonly string[] = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e2',
  '0.1e-400',
  '2147483648',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '1e309',
  '-1e309',
  '123456789012345678901234567890',
  '"5"',
  '"NaN"',
  '[]',
  '[null]',
  '[[]]',
  '["a","a"]',
  '[1,"a",{}]',
  '{}',
  '{"a":null}',
  '{"length":1,"0":"a"}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"toString":null,"valueOf":1,"then":1}',
  '{"":""}',
  '{"\\u0000":"\\ud800"}',
  `[${'0,'.repeat(2000)}0]`,
  `${'['.repeat(40)}${']'.repeat(40)}`,
  `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
  ...NAUGHTY_STRINGS.map((text) => JSON.stringify(text)),
];

/** Bodies that are no JSON, or JSON that two readers would read differently: all to be refused. */
export const BROKEN_JSON: readonly (string | Uint8Array)[] = [
  ' ',
  '\n\t',
  '\0',
  '{',
  '}',
  '{}}',
  '{}{}',
  '{} x',
  '{}#',
  '{}/**/',
  '{}//',
  '/*{}*/',
  '[',
  ']',
  '[1',
  '[1,',
  '[1,]',
  '[,1]',
  '[,]',
  '[1 2]',
  '[1,,2]',
  '[1}',
  '[1]]',
  '[a]',
  '["a" : 1]',
  '{a:1}',
  "{'a':1}",
  '{"a"}',
  '{"a":}',
  '{:1}',
  '{"a" 1}',
  '{"a":1,}',
  '{"a":1,,"b":2}',
  '{,"a":1}',
  '{"a"::1}',
  '{"a":1 "b":2}',
  '{1:1}',
  '{null:1}',
  '{"a":"b"',
  '{"a":"b}',
  '{"a":"b\\"}',
  '{"a":"\\x00"}',
  '{"a":"\\u00"}',
  '{"a":"\\u{61}"}',
  '{"a":"\\',
  '{"a":"tab\there"}',
  '{"a":"line\nhere"}',
  '{"a":"\u0000"}',
  '"',
  '"a',
  "'a'",
  '\\u007b\\u007d',
  'nul',
  'nulL',
  'True',
  'tru',
  'undefined',
  'NaN',
  '-NaN',
  'Infinity',
  '{"a":Infinity}',
  '{"a":NaN}',
  '{"a":+1}',
  '{"a":01}',
  '{"a":-01}',
  '{"a":1.}',
  '{"a":.1}',
  '{"a":1e}',
  '{"a":1e+}',
  '{"a":1eE2}',
  '{"a":--1}',
  '{"a":- 1}',
  '{"a":0x1}',
  '{"a":1_000}',
  '{"a":1n}',
  '{"a":１}',
  '{"a":\u00a01}',
  '\u2028{}',
  '\ufeff{}',
  '<xml/>',
  'a=1&b=2',
  '{"a":1,"a":2}',
  '{"a":1,"\\u0061":2}',
  '{"b":{"a":1,"a":1}}',
  '{"__proto__":{}}',
  '{"__proto__":null,"__proto__":1}',
  Uint8Array.of(0xff),
  Uint8Array.of(0x7b, 0xc0, 0x80, 0x7d),
  Uint8Array.of(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00),
  Uint8Array.of(0x00, 0x7b, 0x00, 0x7d),
  Uint8Array.of(0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d),
  Uint8Array.of(0x7b, 0x22, 0xf4, 0x90, 0x80, 0x80, 0x22, 0x3a, 0x31, 0x7d),
  Uint8Array.of(0x7b, 0x22, 0xc3, 0x22, 0x3a, 0x31, 0x7d),
  Uint8Array.of(0x1f, 0x8b, 0x08, 0x00),
  '['.repeat(100_000),
  '{"a":'.repeat(100_000),
  `${'['.repeat(5000)}${']'.repeat(5000)}`,
  `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
];

const NOT_OBJECTS = ['[]', '[{}]', '""', '"text"', '0', '-1', 'true', 'null'];
const FOREIGN_MEMBERS = [
  'surprise',
  'id',
  'toString',
  'constructor',
  'hasOwnProperty',
  '',
  ' name',
  'Name',
  '\0',
  '__proto__',
];
const MEDIA_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=a',
  'application/xml',
  'text/json',
  ',',
  '',
];

const RAW = '@@raw@@';
const SIZE = 2_000_000;

export function resolve(document: Document, schema: Schema): Schema {
  let found = schema;
  for (let hops = 0; found?.$ref !== undefined && hops < 10; hops++) {
    found = document.components?.schemas?.[found.$ref.split('/').pop()];
  }
  return found ?? {};
}

const branches = (document: Document, schema: Schema): Schema[] => {
  const own = resolve(document, schema);
  const inner = own.anyOf ?? own.oneOf ?? own.allOf;
  return inner === undefined ? [own] : inner.flatMap((branch: Schema) => branches(document, branch));
};

const SAMPLES = [
  'name',
  '/v1/things',
  'things.read',
  'https://app.example.com',
  'GET',
  '192.0.2.1',
  '5',
  '2999-01-01T00:00:00Z',
];

/** A value that a schema takes: the least of it. */
export function sample(document: Document, schema: Schema, ids: CaseOptions['ids'], name = ''): unknown {
  if (Object.hasOwn(ids, name)) return ids[name];
  const own = branches(document, schema).find((branch) => branch.type !== 'null') ?? {};
  if (own.const !== undefined) return own.const;
  if (own.enum !== undefined) return own.enum[0];
  switch (own.type) {
    case 'object':
      return Object.fromEntries(
        (own.required ?? []).map((member: string) => [member, sample(document, own.properties[member], ids, member)]),
      );
    case 'array':
      return Array.from({ length: own.minItems ?? 0 }, () => sample(document, own.items, ids));
    case 'integer':
    case 'number':
      return Math.max(own.minimum ?? 1, 1);
    case 'boolean':
      return true;
    case 'string':
      if (own.format === 'date-time') return '2999-01-01T00:00:00Z';
      return SAMPLES.find((text) => own.pattern === undefined || new RegExp(own.pattern).test(text)) ?? 'name';
    default:
      return 'name';
  }
}

/** Ways to the members of a schema, at most four deep; a number stands for an item of an array. */
export function placesOf(document: Document, schema: Schema, depth = 0): (string | number)[][] {
  if (depth > 4) return [];
  return branches(document, schema).flatMap((own) => {
    if (own.items !== undefined) {
      return [[0], ...placesOf(document, own.items, depth + 1).map((place) => [0, ...place])];
    }
    return Object.entries<Schema>(own.properties ?? {}).flatMap(([name, member]) => [
      [name],
      ...placesOf(document, member, depth + 1).map((place) => [name, ...place]),
    ]);
  });
}

function schemaAt(document: Document, schema: Schema, step: string | number): Schema {
  for (const own of branches(document, schema)) {
    const found = typeof step === 'number' ? own.items : own.properties?.[step];
    if (found !== undefined) return found;
  }
  return {};
}

/** The least good body, with one place filled by a mark that a JSON text is put in for. */
function bodyWith(
  document: Document,
  schema: Schema,
  place: readonly (string | number)[],
  ids: CaseOptions['ids'],
): unknown {
  const [step, ...rest] = place;
  if (step === undefined) return RAW;
  const around = sample(document, schema, ids);
  const inner = bodyWith(document, schemaAt(document, schema, step), rest, ids);
  if (typeof step === 'number') return [inner];
  return { ...(typeof around === 'object' ? around : {}), [step]: inner };
}

const pointer = (place: readonly (string | number)[]) => place.join('.');
const shorten = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}… (${text.length})` : text);
/** Half pairs have no encoding in a URL. */
const encode = (text: string) => encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'));

/** Every case for every operation, the ones that end things last. */
export function* casesOf(document: Document, options: CaseOptions): Generator<Case> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const order = ({ method, operation }: (typeof operations)[number]) =>
    /delete/i.test(method)
      ? 3
      : /revoke|suspend|disable/i.test(operation.operationId)
        ? 2
        : /rotate/i.test(operation.operationId)
          ? 1
          : 0;
  operations.sort((a, b) => order(a) - order(b));
  for (const { path, method, operation } of operations)
    yield* casesOfOperation(document, path, method, operation, options);
}

function* casesOfOperation(
  document: Document,
  template: string,
  method: string,
  operation: Operation,
  { ids, headers: common }: CaseOptions,
): Generator<Case> {
  const schema = operation.requestBody?.content['application/json']?.schema;
  const parameters = operation.parameters ?? [];
  const fill = (given: Record<string, string> = {}) =>
    template.replace(/\{(\w+)\}/g, (_, name: string) => given[name] ?? encode(ids[name] ?? 'none'));
  const good = schema === undefined ? null : JSON.stringify(sample(document, schema, ids));
  const json = ['Content-Type', 'application/json'];

  const make = (
    name: string,
    refused: boolean,
    parts: Partial<Pick<Case, 'path' | 'headers' | 'body' | 'sent'>> = {},
  ): Case => ({
    name: `${operation.operationId}: ${name}`,
    operation,
    method,
    path: parts.path ?? fill(),
    headers: parts.headers ?? [...common, ...(good === null ? [] : json)],
    body: parts.body === undefined ? (good === null ? null : Buffer.from(good)) : parts.body,
    refused,
    sent: parts.sent,
  });

  if (schema !== undefined && good !== null) {
    const whole = (name: string, text: string | Uint8Array) => make(name, true, { body: Buffer.from(text as string) });
    for (const text of BROKEN_JSON) {
      yield whole(
        `the body ${shorten(typeof text === 'string' ? JSON.stringify(text) : Buffer.from(text).toString('hex'))}`,
        text,
      );
    }
    for (const text of NOT_OBJECTS) yield whole(`the body ${text}`, text);
    yield whole('a body of 2 MB', JSON.stringify({ name: 'x'.repeat(SIZE) }));
    yield whole('2 MB of white space', `${' '.repeat(SIZE)}{}`);
    for (const name of FOREIGN_MEMBERS) {
      // As text: a member named __proto__ would not be set on an object.
      const text = good === '{}' ? `{${JSON.stringify(name)}:1}` : `${good.slice(0, -1)},${JSON.stringify(name)}:1}`;
      if (!Object.hasOwn(resolve(document, schema).properties ?? {}, name))
        yield whole(`a member ${JSON.stringify(name)}`, text);
    }
    for (const type of MEDIA_TYPES) {
      yield make(`the content type ${JSON.stringify(type)}`, true, { headers: [...common, 'Content-Type', type] });
    }
    yield make('two content types', false, { headers: [...common, ...json, 'content-type', 'text/plain'] });
    for (const place of placesOf(document, schema)) {
      const frame = JSON.stringify(bodyWith(document, schema, place, ids));
      for (const value of VALUES) {
        const text = frame.replace(JSON.stringify(RAW), () => value);
        yield make(`${pointer(place)} = ${shorten(value)}`, false, { body: Buffer.from(text), sent: JSON.parse(text) });
      }
      for (const value of ['NaN', '1.', "'a'", 'undefined', '"\u0001"']) {
        const text = frame.replace(JSON.stringify(RAW), () => value);
        yield make(`${pointer(place)} = ${JSON.stringify(value)}`, true, { body: Buffer.from(text) });
      }
    }
  }

  for (const { name } of parameters.filter((parameter) => parameter.in === 'path')) {
    for (const text of NAUGHTY_STRINGS) {
      if (text.length > 6000 || text === '') continue;
      const known = ids[name] === undefined;
      yield make(`${name} = ${shorten(JSON.stringify(text))}`, !known, { path: fill({ [name]: encode(text) }) });
    }
  }

  const query = (text: string) => ({ path: `${fill()}?${text}` });
  for (const { name } of parameters.filter((parameter) => parameter.in === 'query')) {
    for (const text of NAUGHTY_STRINGS) {
      if (text.length > 6000) continue;
      yield make(`?${name}=${shorten(JSON.stringify(text))}`, false, query(`${encode(name)}=${encode(text)}`));
    }
    for (const text of ['-1', '0', '101', '1.5', '1e1', '%00', '%ff', '%', '5%205']) {
      yield make(`?${name}=${text}`, false, query(`${encode(name)}=${text}`));
    }
    yield make(`?${name} twice`, true, query(`${encode(name)}=1&${encode(name)}=1`));
    yield make(`?${name}[]`, true, query(`${encode(name)}[]=1`));
    yield make(`?${name}[a]`, true, query(`${encode(name)}[a]=1`));
  }
  for (const text of [
    'surprise=1',
    '__proto__=1',
    '__proto__[a]=1',
    'constructor[prototype][a]=1',
    'toString=1',
    '=1',
    '%ff=1',
    'a=%zz',
  ]) {
    yield make(`?${text}`, true, query(text));
  }

  for (const { name } of parameters.filter((parameter) => parameter.in === 'header')) {
    for (const text of NAUGHTY_STRINGS) {
      // What a header cannot carry is not sent as one.
      if (text.length > 6000 || /[^\t\u0020-\u00ff]|\u007f/.test(text)) continue;
      yield make(`${name}: ${shorten(JSON.stringify(text))}`, false, { headers: [...common, ...json, name, text] });
    }
    yield make(`${name} twice`, true, {
      headers: [...common, ...json, name, 'a'.repeat(32), name.toLowerCase(), 'a'.repeat(32)],
    });
  }
  if (common.length > 0) {
    yield make('the credential twice', true, { headers: [...common, ...common, ...json] });
    yield make('no credential', true, { headers: json });
  }
}
