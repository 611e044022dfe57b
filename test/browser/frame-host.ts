// A provider's own site on another origin, with the key portal in a frame.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FrameHost {
  readonly origin: string;
  /** What the page at `origin` has in its frame from now on. */
  show(src: string): void;
  close(): Promise<void>;
}

export async function openFrameHost(): Promise<FrameHost> {
  let src = 'about:blank';
  const server: Server = createServer((_, response) => {
    const page = `<!doctype html><html lang="en"><title>A provider's site</title><body><main><h1>Our site</h1>
<iframe title="Keys" src="${src}" width="1200" height="800" allow="clipboard-write"></iframe></main></body></html>`;
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
  });
  // By another name than the control plane, so that not even cookies are shared.
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    show(next) {
      src = next;
    },
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}
