// The calls over every protocol: a request already read off its wire in, an answer to be written out. It listens nowhere.

import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  ConnectError,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { LatchkeyError, type OperationName, type Telemetry } from '@latchkey/core';
import type { Call, Engine } from '../operations/engine.js';
import { connectError, knownError } from './errors.js';
import { emptyBody, mediaTypeOf, readMessage } from './read-message.js';
import { KEY_CALLS, type KeyCall } from './service.js';

/** What is to be done, or why nothing is. */
export type Given = { call: Call; body: Buffer } | { refusal: LatchkeyError };

export interface RpcRequest {
  requestId: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  given: Given;
  signal: AbortSignal;
}

export interface Rpc {
  path: string;
  operation: OperationName;
  reads(contentType: string | undefined): boolean;
  /** Never rejects for what a caller sent: a refusal is an answer too. */
  respond(request: RpcRequest): Promise<UniversalServerResponse>;
}

/** Which protocols one listener speaks. */
export type Protocols = { connect: boolean; grpcWeb: boolean; grpc: boolean };

/** What the protocols themselves read of a request; a refusal is worded without, so that nothing else can be wrong first. */
const PROTOCOL_HEADERS = [
  'connect-timeout-ms',
  'connect-protocol-version',
  'content-encoding',
  'accept-encoding',
  'grpc-timeout',
  'grpc-encoding',
  'grpc-accept-encoding',
];

interface Circumstances {
  requestId: string;
  mediaType: string;
  given: Given;
}

const CIRCUMSTANCES = createContextKey<Circumstances | null>(null);

/** The work's outcome, unless the deadline passes or the caller goes first. What is being done then still comes to its end. */
async function inTime<Value>(signal: AbortSignal, begin: () => Promise<Value>): Promise<Value> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const over = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([begin(), over]).finally(() => signal.removeEventListener('abort', stop));
}

export function createRpcs(engine: Engine, telemetry: Telemetry, protocols: Protocols): Rpc[] {
  async function perform(
    row: KeyCall,
    context: HandlerContext,
  ): Promise<MessageInitShape<KeyCall['method']['output']>> {
    const { requestId, mediaType, given } = context.values.get(CIRCUMSTANCES) as Circumstances;
    try {
      if ('refusal' in given) throw given.refusal;
      const input = row.input(readMessage(row.method.input, mediaType, given.body));
      const call = { ...given.call, ownModelOnly: true };
      return row.output(await inTime(context.signal, () => engine.run(row.operation, input, call)));
    } catch (error) {
      if (error instanceof ConnectError) throw error;
      const known = knownError(error);
      if (known.status >= 500) {
        const cause = known.cause ?? known;
        telemetry.log('error', 'request_failed', { requestId, code: known.code, error: cause });
      }
      throw connectError(known, requestId);
    }
  }

  const router = createConnectRouter(protocols);
  for (const row of KEY_CALLS) router.rpc(row.method, (_, context) => perform(row, context));
  return KEY_CALLS.map(({ operation }, at) => rpcOf(router.handlers[at] as UniversalHandler, operation));
}

/**
 * A protocol's handler with our own reading of the message in front: it is given an empty one, which is always right, and
 * finds in its circumstances what was really sent. So every protocol words the same refusals, each in its own way.
 */
function rpcOf(handler: UniversalHandler, operation: OperationName): Rpc {
  const reads = (contentType: string | undefined): boolean => {
    const mediaType = mediaTypeOf(contentType);
    return handler.supportedContentType(mediaType) && emptyBody(mediaType) !== null;
  };
  return {
    path: handler.requestPath,
    operation,
    reads,
    async respond({ requestId, headers, given, signal }) {
      const mediaType = mediaTypeOf(String(headers['content-type'] ?? ''));
      const header = new Headers({ 'content-type': mediaType });
      for (const name of 'refusal' in given ? [] : PROTOCOL_HEADERS) {
        const value = headers[name];
        if (value !== undefined) header.set(name, String(value));
      }
      const empty = emptyBody(mediaType);
      const response = await handler({
        httpVersion: '2',
        method: 'POST',
        url: `http://localhost${handler.requestPath}`,
        header,
        body: (async function* () {
          if (empty !== null) yield empty;
        })(),
        signal,
        contextValues: createContextValues().set(CIRCUMSTANCES, { requestId, mediaType, given }),
      });
      if (response.status === 415) throw new LatchkeyError('unsupported_media_type');
      return response;
    },
  };
}

/** The calls as a listener takes them that sends an answer in one piece. */
export const inOnePiece = (rpc: Rpc) => ({
  ...rpc,
  async answer(request: RpcRequest): Promise<{ status: number; headers: Headers; body: Uint8Array }> {
    const { status, header = new Headers(), body } = await rpc.respond(request);
    const pieces: Uint8Array[] = [];
    for await (const piece of body ?? []) pieces.push(piece);
    return { status, headers: header, body: Buffer.concat(pieces) };
  },
});
