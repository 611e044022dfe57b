// Ceiling for the gateway: node:http and undici, piped. No key, no limit, no log.
import { createServer } from 'node:http';
import { Pool } from 'undici';

const pool = new Pool(process.argv[2]);
const server = createServer((request, response) => {
  pool.request({ path: request.url, method: request.method, headers: { accept: '*/*' } }).then(
    (upstream) => {
      response.writeHead(upstream.statusCode, upstream.headers);
      upstream.body.pipe(response);
    },
    () => response.writeHead(502).end(),
  );
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
