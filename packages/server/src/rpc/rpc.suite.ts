// The RPCs as clients meet them: a control plane and a gRPC listener on one engine, and a client for each protocol. Holds no test.

import { type Client, Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import type { KeyModel } from '@latchkey/core';
import { expect } from 'vitest';
import { ROOT_KEY, type Served, serve } from '../http/serve.suite.js';
import { APIKeyService, type Problem, ProblemSchema } from './generated/latchkey/v1/api_key_service_pb.js';
import { createGrpcServer, type GrpcServer } from './grpc-server.js';

export const PROTOCOLS = ['Connect JSON', 'Connect binary', 'gRPC-Web', 'gRPC'] as const;
export type Protocol = (typeof PROTOCOLS)[number];
export type KeyClient = Client<typeof APIKeyService>;

export interface RpcWorld extends Served {
  grpc: GrpcServer;
  grpcUrl: string;
  organizationId: string;
  /** A client of one protocol; with the root key unless another credential, or none (null), is named. */
  client(protocol: Protocol, credential?: string | null, headers?: Record<string, string>): KeyClient;
  transport(protocol: Protocol, interceptors?: Interceptor[]): Transport;
  project(keyModel?: KeyModel): Promise<string>;
  /** Connect over plain HTTP, as curl would: the body as it is given. */
  post(method: string, body: BodyInit, headers?: Record<string, string>): Promise<Response>;
}

export async function rpcWorld(options: Parameters<typeof serve>[0] = {}): Promise<RpcWorld> {
  const served = await serve(options);
  const grpc = createGrpcServer({
    engine: served.engine,
    telemetry: served.telemetry,
    trustedProxies: options.trustedProxies ?? [],
  });
  const grpcUrl = await grpc.listen({ host: '127.0.0.1', port: 0 });
  const { id: organizationId } = await served.latchkey.organizations.create({ name: 'Acme' });
  const transport: RpcWorld['transport'] = (protocol, interceptors = []) => {
    const web = { baseUrl: served.url, httpVersion: '1.1' as const, interceptors };
    switch (protocol) {
      case 'Connect JSON':
        return createConnectTransport({ ...web, useBinaryFormat: false });
      case 'Connect binary':
        return createConnectTransport({ ...web, useBinaryFormat: true });
      case 'gRPC-Web':
        return createGrpcWebTransport(web);
      case 'gRPC':
        return createGrpcTransport({ baseUrl: grpcUrl, interceptors });
    }
  };
  return {
    ...served,
    grpc,
    grpcUrl,
    organizationId,
    transport,
    client(protocol, credential = ROOT_KEY, headers = {}) {
      const all = { ...(credential !== null && { authorization: `Bearer ${credential}` }), ...headers };
      const withHeaders: Interceptor = (next) => (request) => {
        for (const [name, value] of Object.entries(all)) request.header.set(name, value);
        return next(request);
      };
      return createClient(APIKeyService, transport(protocol, [withHeaders]));
    },
    async project(keyModel = 'v2') {
      const { id } = await served.latchkey.projects.create({ organizationId, name: `A ${keyModel} project`, keyModel });
      return id;
    },
    post: (method, body, headers = {}) =>
      fetch(`${served.url}/latchkey.v1.APIKeyService/${method}`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json', ...headers },
      }),
    async close() {
      await grpc.close({ graceMs: 500 });
      await served.close();
    },
  };
}

export interface Refused {
  code: string;
  message: string;
  problem: Problem;
  error: ConnectError;
}

/** What a call is refused with; fails when it is not, or when the refusal lacks its detail. */
export async function refused(call: Promise<unknown>): Promise<Refused> {
  const error = await call.then(
    () => new Error('was not refused'),
    (cause: unknown) => cause,
  );
  expect(error, String(error)).toBeInstanceOf(ConnectError);
  const refusal = error as ConnectError;
  const [problem] = refusal.findDetails(ProblemSchema);
  expect(problem, `${refusal.message} has no detail`).toBeDefined();
  return {
    code: Code[refusal.code] as string,
    message: refusal.rawMessage,
    problem: problem as Problem,
    error: refusal,
  };
}
