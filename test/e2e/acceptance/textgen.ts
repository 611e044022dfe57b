// textgen: four permissions and one envelope.

import type { Question } from '../client.js';
import { send } from '../client.js';
import { passed, refusal } from '../oracle.js';
import { checkCredentials } from './credentials.js';
import type { Run } from './run.js';

/** The page: read reads and generates, write creates and updates, webhook manages webhooks, admin may everything. */
const PERMISSIONS = ['read', 'write', 'admin', 'webhook'] as const;
type Permission = (typeof PERMISSIONS)[number];

export async function textgen(run: Run): Promise<void> {
  const { random, ledger, profile, server } = run;
  const prompt = `Hello, ${random.word(8)}! ${random.name()}`;
  const model = random.oneOf(['gpt-4', random.word(12)]);
  const generate: Question = { method: 'POST', path: '/v1/generate', body: { prompt, model } };
  await checkCredentials(run, generate, 200);

  const id = `res_${random.word(random.int(1, 40))}`;
  const resource = { name: random.name(), content: random.word(random.int(0, 60)) };
  const hook = { url: `https://example.com/${random.word(8)}` };
  const text = ((await send(server.upstream, generate)).json as { data: { text: string } }).data.text;
  const whole = (await send(server.upstream, { path: `/v1/resources/${id}` })).json;
  const at = { $matches: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' };
  const kept = { success: true, data: { id: { $matches: '^res_' }, ...resource, updated_at: at } };
  const usage = { $any: true };
  const requests: { needs: Permission; question: Question; status: number; body: unknown }[] = [
    {
      needs: 'read',
      question: generate,
      status: 200,
      body: { success: true, data: { id: { $matches: '^gen_' }, model, text, usage, created_at: at } },
    },
    { needs: 'read', question: { path: `/v1/resources/${id}` }, status: 200, body: whole },
    { needs: 'write', question: { method: 'POST', path: '/v1/resources', body: resource }, status: 201, body: kept },
    {
      needs: 'write',
      question: { method: 'PUT', path: `/v1/resources/${id}x`, body: resource },
      status: 200,
      body: kept,
    },
    {
      needs: 'webhook',
      question: { method: 'POST', path: '/v1/webhooks', body: hook },
      status: 201,
      body: {
        success: true,
        data: { id: { $matches: '^wh_' }, ...hook, events: ['generation.finished'], created_at: at },
      },
    },
    { needs: 'webhook', question: { path: '/v1/webhooks' }, status: 200, body: undefined },
  ];
  const mixed = [random.oneOf(PERMISSIONS), random.oneOf(PERMISSIONS)];
  for (const permissions of [...PERMISSIONS.map((permission) => [permission]), [...new Set(mixed)], undefined]) {
    const { secret } = await run.newKey(permissions ? { permissions } : {}, await run.newProject());
    for (const { needs, question, status, body } of requests) {
      const may = permissions === undefined || permissions.includes('admin') || permissions.includes(needs);
      const what = `${permissions ?? 'no list'}: ${question.method ?? 'GET'} ${question.path.replace(id, ':id')}`;
      ledger.judge(
        may ? 'permissions' : '403',
        what,
        may ? passed(status, body) : refusal(profile, 'permission'),
        await run.ask(secret, question),
      );
    }
  }

  const reader = await run.newKey({ permissions: ['read'] });
  const events = random.int(2, 9);
  const stream = await run.ask(reader.secret, {
    ...generate,
    body: { prompt, model, stream: true, events, delay_ms: 1 },
  });
  const data = stream.text.split('\n\n').filter(Boolean);
  ledger.judge('stream', `${events} events and the end`, passed(200), stream, [
    ...(data.length === events + 1 && data.at(-1) === 'data: [DONE]'
      ? []
      : [`${data.length} events, the last ${data.at(-1)}`]),
    ...(stream.headers['content-type'] === 'text/event-stream'
      ? []
      : [`content-type ${stream.headers['content-type']}`]),
  ]);
}
