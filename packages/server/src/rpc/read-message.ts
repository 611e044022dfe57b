// The bytes of a body as the message of a call, read strictly. What is wrong is named by its place and never quoted.

import {
  type DescField,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  type MessageShape,
} from '@bufbuild/protobuf';
import { LatchkeyError } from '@latchkey/core';
import { readJson } from '../operations/json-body.js';

interface Format {
  json: boolean;
  /** The message stands behind a flag and its length, as streams frame theirs. */
  framed: boolean;
}

/** The media types of Connect, gRPC-Web and gRPC. JSON comes over Connect alone. */
const FORMATS: Readonly<Record<string, Format>> = {
  'application/json': { json: true, framed: false },
  'application/proto': { json: false, framed: false },
  'application/grpc-web': { json: false, framed: true },
  'application/grpc-web+proto': { json: false, framed: true },
  'application/grpc': { json: false, framed: true },
  'application/grpc+proto': { json: false, framed: true },
};

const HEAD_BYTES = 5;

/** The media type of a Content-Type in lower case, without parameters. */
export const mediaTypeOf = (contentType: string | undefined): string =>
  (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

const formatOf = (mediaType: string): Format | undefined =>
  Object.hasOwn(FORMATS, mediaType) ? FORMATS[mediaType] : undefined;

/** The body that holds a message with nothing in it; null where no message is read. */
export function emptyBody(mediaType: string): Uint8Array | null {
  const format = formatOf(mediaType);
  if (format === undefined) return null;
  if (format.json) return Buffer.from('{}');
  return new Uint8Array(format.framed ? HEAD_BYTES : 0);
}

const wrong = (path: string, message: string, fix: string): LatchkeyError =>
  new LatchkeyError('invalid_request', `${path || 'The message'}: ${message}`, { errors: [{ path, message, fix }] });

/** @throws LatchkeyError `invalid_request`, `invalid_json`, `unsupported_media_type` */
export function readMessage<Desc extends DescMessage>(
  schema: Desc,
  mediaType: string,
  body: Buffer,
): MessageShape<Desc> {
  const format = formatOf(mediaType);
  if (format === undefined) throw new LatchkeyError('unsupported_media_type');
  if (format.json) return readJsonMessage(schema, body);
  try {
    return fromBinary(schema, format.framed ? unframed(body) : body);
  } catch (cause) {
    if (cause instanceof LatchkeyError) throw cause;
    throw wrong('', `is not a well-formed ${schema.name}`, 'Encode it from the .proto file.');
  }
}

/** The one message of a unary call. */
function unframed(body: Buffer): Buffer {
  const whole = body.length >= HEAD_BYTES && body.readUInt32BE(1) === body.length - HEAD_BYTES;
  if (whole && body[0] === 0) return body.subarray(HEAD_BYTES);
  throw whole
    ? wrong('', 'is compressed or is no message', 'Send one message, uncompressed.')
    : wrong('', 'is not one whole frame', 'Send one message behind its flag and length.');
}

function readJsonMessage<Desc extends DescMessage>(schema: Desc, body: Buffer): MessageShape<Desc> {
  const value = (readJson(body) ?? {}) as JsonValue;
  const message = decoded(schema, value);
  if (message === null) throw misplaced(schema, value, '');
  return message;
}

function decoded<Desc extends DescMessage>(schema: Desc, value: JsonValue): MessageShape<Desc> | null {
  try {
    return fromJson(schema, value, { ignoreUnknownFields: false });
  } catch {
    // The decoder's own words quote the value, which may be a secret.
    return null;
  }
}

/** Members longer than any of ours might be secrets that were put in the wrong place. */
const OWN_LENGTH = 40;

/** The first member that does not fit by itself, looked for as deep as our own messages go. */
function misplaced(schema: DescMessage, value: JsonValue, at: string): LatchkeyError {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return wrong(at, 'must be an object', 'Send a JSON object.');
  }
  for (const [name, member] of Object.entries(value)) {
    const field = schema.fields.find((known) => known.jsonName === name || known.name === name);
    if (field === undefined) {
      const shown = /^[\w$.-]+$/.test(name) && name.length <= OWN_LENGTH ? name : '(a name not repeated here)';
      return wrong(at, 'has members that are not known here', `Remove ${shown}.`);
    }
    if (decoded(schema, { [name]: member }) !== null) continue;
    const path = at === '' ? field.jsonName : `${at}.${field.jsonName}`;
    return field.fieldKind === 'message' && !field.message.typeName.startsWith('google.')
      ? misplaced(field.message, member, path)
      : wrong(path, 'is not what stands here', `Send ${expected(field)}.`);
  }
  return wrong(at, 'names one member twice', 'Send each member once, under one of its names.');
}

/** What a field takes, in words. */
function expected(field: DescField): string {
  switch (field.fieldKind) {
    case 'list':
      return 'a list of texts';
    case 'enum':
      return `one of ${field.enum.values.map(({ name }) => name).join(', ')}`;
    case 'message':
      return field.message.name === 'Timestamp' ? 'a time such as 2030-01-01T00:00:00Z' : 'a JSON object';
    default:
      return SCALARS[field.scalar ?? 0] ?? 'a value of the kind that the .proto file names';
  }
}

/** By protobuf's numbers of scalar types. */
const SCALARS: Readonly<Record<number, string>> = { 5: 'a whole number', 8: 'true or false', 9: 'a text' };
