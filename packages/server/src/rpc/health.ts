// The health service of gRPC: whether this server can work now. Asks nobody who they are, and tells nothing else.

import { Code, ConnectError, createConnectRouter } from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import type { Engine } from '../operations/engine.js';
import { Health, HealthCheckResponse_ServingStatus as Status } from './generated/grpc/health/v1/health_pb.js';
import { APIKeyService } from './generated/latchkey/v1/api_key_service_pb.js';

const READY_WITHIN_MS = 1000;
const KNOWN = ['', APIKeyService.typeName, Health.typeName];

/** `isServing` is false from the moment of a stop. */
export function createHealth(engine: Engine, isServing: () => boolean): UniversalHandler {
  async function isReady(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), READY_WITHIN_MS);
    });
    const ready = engine.ready().then(
      () => true,
      () => false,
    );
    return Promise.race([ready, late]).finally(() => clearTimeout(timer));
  }
  const router = createConnectRouter({ connect: false, grpcWeb: false, grpc: true, readMaxBytes: 4096 });
  router.rpc(Health.method.check, async ({ service }) => {
    if (!KNOWN.includes(service)) throw new ConnectError('There is no such service.', Code.NotFound);
    return { status: isServing() && (await isReady()) ? Status.SERVING : Status.NOT_SERVING };
  });
  return router.handlers[0] as UniversalHandler;
}
