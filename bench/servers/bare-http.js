// Ceiling for verify: node:http that parses the question and answers a fixed JSON. No key, no limit, no log.
import { createServer } from 'node:http';

const answer = JSON.stringify({ valid: true, note: 'x'.repeat(1000) });
const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString());
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
    response.end(answer);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
