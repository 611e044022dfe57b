// An API of creators, each with two fields above the free tier: `/v1/creators/<kilobytes>`, or `/v1/open/<kilobytes>` without those fields.
import { createServer } from 'node:http';

const creator = (at, isOpen) => ({
  id: `cr_${1000 + at}`,
  handle: `pixelpantry${at}`,
  name: 'Pixel Pantry',
  followers: 184_200 + at,
  ...(!isOpen && { contact_email: `pixel${at}@example.com` }),
  audience_geo: { countries: ['DE', 'FR'], ...(!isOpen && { detail: { DE: 0.61, FR: 0.39 } }) },
});

function bodyOf(kilobytes, isOpen) {
  const data = [];
  let size = 0;
  for (let at = 0; size < kilobytes * 1024; at++) {
    data.push(creator(at, isOpen));
    size += JSON.stringify(data[at]).length + 1;
  }
  return Buffer.from(JSON.stringify({ data, end: true }));
}

const bodies = new Map();
const server = createServer((request, response) => {
  request.resume();
  let body = bodies.get(request.url);
  if (body === undefined) {
    const [, , kind, kilobytes] = request.url.split('/');
    body = bodyOf(Number(kilobytes), kind === 'open');
    bodies.set(request.url, body);
  }
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
