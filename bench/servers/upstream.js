// The API behind every measured proxy: a fixed JSON answer of about 200 bytes.
import { createServer } from 'node:http';

const body = JSON.stringify({
  id: 'cr_1001',
  handle: 'pixelpantry',
  name: 'Pixel Pantry',
  followers: 184200,
  note: 'x'.repeat(110),
});
const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () =>
  console.log(JSON.stringify({ port: server.address().port })),
);
