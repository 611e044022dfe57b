// The .proto files against the code that was generated from them: every message, member, number, type and call, both directions.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type DescField, type DescFile, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { file_grpc_health_v1_health } from './generated/grpc/health/v1/health_pb.js';
import { file_latchkey_v1_api_key_service } from './generated/latchkey/v1/api_key_service_pb.js';

/** A statement of a .proto file as one line, behind the blocks it stands in: `message Key: string id = 1`. */
function statements(text: string): string[] {
  const bare = text.replace(/\/\/.*$/gm, '').replace(/\s+/g, ' ');
  const blocks: string[] = [];
  const found: string[] = [];
  let read = '';
  for (const sign of bare) {
    if (sign === '{') {
      blocks.push(read.trim());
      found.push(blocks.join(' / '));
    } else if (sign === ';' && read.trim() !== '') found.push([...blocks, read.trim()].join(' / '));
    else if (sign === '}') {
      expect(read.trim(), 'what stands before a }').toBe('');
      blocks.pop();
    } else if (sign !== ';') {
      read += sign;
      continue;
    }
    read = '';
  }
  expect(blocks, 'blocks left open').toEqual([]);
  return found;
}

/** A type as it is written from inside a package: its own without the package's name. */
const written = (typeName: string, pkg: string): string =>
  typeName.startsWith(`${pkg}.`) ? (typeName.split('.').at(-1) as string) : typeName;

function fieldLine(field: DescField, pkg: string): string {
  const typed = field.message ?? field.enum;
  const type = typed ? written(typed.typeName, pkg) : ScalarType[field.scalar as ScalarType].toLowerCase();
  const label = field.fieldKind === 'list' ? 'repeated ' : field.proto.proto3Optional ? 'optional ' : '';
  return `${label}${type} ${field.name} = ${field.number}`;
}

function messageLines(message: DescMessage, pkg: string): string[] {
  const block = `message ${message.name}`;
  const inner = [
    ...message.nestedMessages.flatMap((nested) => messageLines(nested, pkg)),
    ...message.nestedEnums.flatMap((nested) => [
      `enum ${nested.name}`,
      ...nested.values.map(({ name, number }) => `enum ${nested.name} / ${name} = ${number}`),
    ]),
    ...message.fields.map((field) => fieldLine(field, pkg)),
  ];
  return [block, ...inner.map((line) => `${block} / ${line}`)];
}

/** The same statements, of what the generated code describes. */
function described({ proto, dependencies, messages, enums, services }: DescFile): string[] {
  const pkg = proto.package;
  return [
    `syntax = "${proto.syntax}"`,
    `package ${pkg}`,
    ...dependencies.map(({ name }) => `import "${name}.proto"`),
    ...messages.flatMap((message) => messageLines(message, pkg)),
    ...enums.flatMap(({ name, values }) => [
      `enum ${name}`,
      ...values.map((value) => `enum ${name} / ${value.name} = ${value.number}`),
    ]),
    ...services.flatMap(({ name, methods }) => [
      `service ${name}`,
      ...methods.flatMap((method) => {
        const line = `service ${name} / rpc ${method.name}(${method.input.name}) returns (${method.output.name})`;
        const level = method.idempotency ?? MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN;
        return level === MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN
          ? [line]
          : [line, `${line} / option idempotency_level = ${MethodOptions_IdempotencyLevel[level]}`];
      }),
    ]),
  ];
}

describe.each([
  ['latchkey/v1/api_key_service.proto', file_latchkey_v1_api_key_service],
  ['grpc/health/v1/health.proto', file_grpc_health_v1_health],
] as const)('%s', (path, file) => {
  const text = readFileSync(fileURLToPath(new URL(`../../proto/${path}`, import.meta.url)), 'utf8');

  it('says what the generated code does: if not, run `npm run proto`', () => {
    expect(statements(text).sort()).toEqual(described(file).sort());
  });

  it('allows no call as GET: a secret must not stand in a URL', () => {
    const levels = file.services.flatMap(({ methods }) => methods.map(({ idempotency }) => idempotency));
    expect(levels).not.toContain(MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS);
  });

  it('a changed number, type or name shows', () => {
    const change = (from: RegExp, to: string) => statements(text.replace(from, to)).sort();
    expect(change(/= 1;/, '= 99;')).not.toEqual(described(file).sort());
    expect(change(/string (\w+) = 1;/, 'bytes $1 = 1;')).not.toEqual(described(file).sort());
    expect(change(/rpc (\w)/, 'rpc Un$1')).not.toEqual(described(file).sort());
  });
});
