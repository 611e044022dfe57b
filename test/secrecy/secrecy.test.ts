// A full life of many keys on a real server, with secrets in every wrong place: none is in its database, WAL, logs, figures, errors or backups.

import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, send } from '../e2e/client.js';
import type { LatchkeyProcess } from '../e2e/server.js';
import { installation, latchkey, type Made } from '../process/command.js';
import { type Secret, searchDirectory } from './encodings.js';
import { keepKey, keepSecret, SECRET_FILES, SECRETS_VARIABLE, secretsIn } from './test-root.js';

const KEYS = 120;
const place = installation('secrecy', { profile: 'swaypi' });
const answers = join(place.dir, 'answers');
let server: LatchkeyProcess;
let projectId: string;
const secrets: string[] = [];
let kept = 0;

/** Keeps an answer, status line, headers and all, to be searched with the rest. */
function keep(answer: Answer | string): void {
  const text =
    typeof answer === 'string' ? answer : `${answer.status}\n${JSON.stringify(answer.headers)}\n${answer.text}`;
  writeFileSync(join(answers, `${kept++}.txt`), text);
}

function know(secret: string): string {
  keepKey(secret);
  secrets.push(secret);
  return secret;
}

/** Everything of this server that could not be there, from the list of the whole run. */
const known = (): Secret[] => secretsIn(process.env[SECRETS_VARIABLE] as string);

/** Sends bytes as they are and resolves with what came back. */
function raw(base: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    setTimeout(() => socket.destroy(), 400);
  });
}

beforeAll(async () => {
  mkdirSync(answers);
  server = await place.serve({
    // A port where nobody listens: forwarding fails, and the failure is logged.
    args: ['--upstream', 'http://127.0.0.1:9', '--log-level', 'debug'],
  });
  const organization = await server.ask<{ id: string }>('POST', '/v1/organizations', { name: 'Customer' });
  const project = await server.ask<{ id: string }>('POST', '/v1/projects', {
    organizationId: organization.id,
    name: 'Project',
  });
  projectId = project.id;
});
afterAll(() => server.dispose());

const manage = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  send(server.controlPlane, {
    method,
    path,
    headers: { authorization: `Bearer ${server.rootKey}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });

describe('no secret is left', () => {
  it('by keys that are created, used, rotated with retries, revoked, deleted and imported', async () => {
    for (let at = 0; at < KEYS; at++) {
      const retry = `${projectId}-retry-${at}-0123456789`;
      const made = (
        await manage('POST', `/v1/projects/${projectId}/keys`, { name: `key ${at}` }, { 'idempotency-key': retry })
      ).json as Made;
      know(made.secret);
      keepSecret(retry);
      if (at % 3 === 0)
        await manage('POST', `/v1/projects/${projectId}/keys`, { name: `key ${at}` }, { 'idempotency-key': retry });
      keep(await send(server.gateway, { path: '/v1/status', headers: { authorization: `Bearer ${made.secret}` } }));
      keep(await manage('POST', '/v1/keys/verify', { secret: made.secret, render: true }));
      if (at % 2 === 0) {
        const next = await manage(
          'POST',
          `/v1/keys/${made.key.id}/rotate`,
          { gracePeriodSeconds: 60 },
          { 'idempotency-key': `${retry}-rotate` },
        );
        know((next.json as Made).secret);
        keep(await manage('POST', '/v1/keys/verify', { secret: (next.json as Made).secret }));
      }
      if (at % 3 === 1) keep(await manage('POST', `/v1/keys/${made.key.id}/revoke`, { reason: 'left' }));
      if (at % 5 === 4) keep(await manage('DELETE', `/v1/keys/${made.key.id}`));
      keep(await manage('POST', '/v1/keys/verify', { secret: made.secret, render: true }));
    }
    const foreign = Array.from({ length: 20 }, (_, at) =>
      know(`foreign_${at}_${Math.random().toString(36).slice(2)}aB3dE5gH7jK9mN1pQ3sT5`),
    );
    keep(
      await manage('POST', `/v1/projects/${projectId}/keys/import`, {
        keys: foreign.map((secret) => ({ name: 'foreign', secret })),
      }),
    );
    for (const secret of foreign) keep(await manage('POST', '/v1/keys/verify', { secret }));
    const more = (await manage('POST', '/v1/root-keys', { name: 'second', permissions: ['keys.read'] })).json as {
      secret: string;
    };
    keepSecret(more.secret);
    secrets.push(more.secret);
    keep(await manage('GET', '/v1/root-keys'));
    keep(await manage('GET', `/v1/projects/${projectId}/keys?limit=100`));
    keep(await manage('GET', '/v1/audit-events?limit=100'));
    keep(await manage('GET', '/v1/usage'));
  });

  it('by requests that carry one where none belongs', async () => {
    const [secret, other] = [secrets[0] as string, secrets[2] as string];
    const bearer = { authorization: `Bearer ${server.rootKey}` };
    const encoded = encodeURIComponent(Buffer.from(secret).toString('base64'));
    const hex = Buffer.from(secret).toString('hex');
    for (const base of [server.controlPlane, server.gateway]) {
      for (const path of [
        `/v1/keys/${secret}`,
        `/v1/keys/${secret}/revoke`,
        `/v1/keys/${hex}`,
        `/v1/keys?api_key=${secret}`,
        `/v1/organizations?${secret}=1`,
        `/v1/audit-events?${encoded}`,
        `/v1/audit-events?actorId=${secret}&cursor=${encoded}`,
        `/${secret}`,
        `/v1/%zz${secret}`,
        `/v1/status?key=${secret}&again=${encoded}`,
        `/v1/projects/${secret}/keys?limit=${secret}`,
      ]) {
        for (const method of ['GET', 'POST', 'DELETE', 'PUT']) {
          keep(await send(base, { method, path, headers: bearer }));
          keep(
            await send(base, {
              method,
              path,
              headers: { authorization: `Bearer ${other}`, referer: `https://a/?k=${secret}` },
            }),
          );
        }
      }
      for (const authorization of [
        `Bearer  ${secret}`,
        `Token ${secret}`,
        `Bearer ${secret}, Bearer ${other}`,
        `Bearer "${secret}"`,
        `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`,
        `bearer${secret}`,
        `Bearer ${secret.slice(0, -1)}`,
        `${secret}`,
        `Bearer ${secret}\t`,
      ]) {
        keep(await send(base, { path: '/v1/organizations', headers: { authorization } }));
        keep(await send(base, { path: '/v1/status', headers: { authorization } }));
      }
      const headers = {
        authorization: [`Bearer ${secret}`, `Bearer ${other}`],
        'x-api-key': secret,
        cookie: `k=${secret}`,
      };
      keep(await send(base, { path: '/v1/status', headers }));
      keep(
        await send(base, {
          path: '/v1/status',
          headers: { 'x-request-id': secret, origin: secret, 'user-agent': secret, ...bearer },
        }),
      );
      for (const line of [
        `${secret} / HTTP/1.1\r\nHost: a\r\n\r\n`,
        `GET /${secret} HTTP/9.9\r\nHost: a\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: ${secret}\r\nHost: ${secret}\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: a\r\n${secret}\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: a\r\nX: ${secret}\0\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: a\r\nX: ${secret}${'x'.repeat(40_000)}\r\n\r\n`,
        `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ${secret}\r\nContent-Length: ${secret}\r\n\r\n`,
      ])
        keep(await raw(base, line));
    }
    for (const body of [
      { name: 'x', secret },
      { name: 'x', [secret]: 1 },
      {
        name: 'x',
        mode: secret,
        tier: secret,
        permissions: [secret],
        expiresAt: secret,
        limits: { perMinute: secret },
      },
      { name: 'x', restrictions: { ips: [secret], referrers: [secret], endpoints: [secret] } },
      `{"name":"${secret}`,
      `${secret}`,
      `{"name":"x","name":"${secret}"}`,
    ]) {
      keep(await manage('POST', `/v1/projects/${projectId}/keys`, body));
      keep(await manage('PATCH', `/v1/keys/key_0`, body));
      keep(await manage('POST', `/v1/keys/verify`, body));
      keep(
        await manage(
          'POST',
          `/v1/projects/${projectId}/keys/import`,
          typeof body === 'string' ? body : { keys: [body] },
        ),
      );
    }
    const request = {
      method: 'GET',
      path: `/v1/status?key=${secret}`,
      referrer: `https://a.example/${secret}`,
      ip: '192.0.2.1',
    };
    keep(await manage('POST', '/v1/keys/verify', { secret: other, request, render: true }));
    keep(
      await manage('POST', '/v1/keys/verify', { secret: other, tags: ['x'], fields: [secret], permissions: [secret] }),
    );
    keep(
      await manage('POST', '/v1/keys/verify', {
        secret: `${secret}x`,
        request: { headers: { authorization: secret } },
      }),
    );
    keep(
      await manage(
        'POST',
        `/v1/projects/${projectId}/keys`,
        { name: 'x' },
        { 'idempotency-key': `${secret} ${other}` },
      ),
    );
    keep(await manage('POST', `/v1/projects/${projectId}/keys`, { name: 'x' }, { 'content-type': secret }));
    const keyed = await manage('POST', `/v1/projects/${projectId}/keys`, { name: 'x' }, { 'idempotency-key': secret });
    know((keyed.json as Made).secret);
  });

  it('by commands that are given one where none belongs', async () => {
    const secret = secrets[0] as string;
    const env = { LATCHKEY_ROOT_KEY: server.rootKey };
    const url = ['--url', server.controlPlane];
    for (const args of [
      [secret],
      ['keys', 'show', secret, ...url],
      ['keys', 'revoke', `${secret}`, ...url],
      ['keys', 'list', `--project=${secret}`, ...url],
      ['keys', 'list', `--${secret}`],
      ['serve', '--port', secret],
      ['serve', '--upstream', `http://user:${secret}@127.0.0.1`],
      ['doctor', secret],
    ]) {
      const { code, out, err } = await latchkey(args, { env });
      expect(code, args[0]).toBe(2);
      keep(`${out}\n${err}`);
    }
    const bad = await latchkey(['keys', 'import', '--project', projectId, ...url], {
      env,
      input: `{"secret":"${secret}"\n`,
    });
    expect(bad).toMatchObject({ code: 1, out: '' });
    keep(bad.err);
    const refused = await latchkey(['keys', 'import', '--project', projectId, ...url, '--json'], {
      env,
      input: `${JSON.stringify({ name: 'again', secret })}\n${JSON.stringify({ name: 'odd', secret: `${secret} ${secret}` })}\n`,
    });
    expect(refused.code).toBe(1);
    keep(refused.out + refused.err);
  });

  it('in the database, its WAL and -shm, the log, the figures, answers, errors or a backup, while serving and after', async () => {
    keep(await manage('GET', '/metrics'));
    keep(await manage('GET', '/openapi.json'));
    expect((await place.local('backup', join(place.dir, 'while-serving.backup'))).code).toBe(0);
    mkdirSync(join(place.dir, 'while-serving'));
    for (const name of ['latchkey.sqlite', 'latchkey.sqlite-wal', 'latchkey.sqlite-shm'])
      copyFileSync(join(place.dataDir, name), join(place.dir, 'while-serving', name));
    expect(statSync(join(place.dir, 'while-serving', 'latchkey.sqlite-wal')).size).toBeGreaterThan(0);
    expect(await server.stop()).toBe(0);
    expect((await place.local('backup', join(place.dir, 'stopped.backup'))).code).toBe(0);

    // What was asked has left traces: the search looks where they are.
    const log = readFileSync(join(place.dataDir, 'latchkey.log'), 'utf8');
    expect(log.split('\n').length).toBeGreaterThan(500);
    expect(existsSync(join(place.dir, 'while-serving.backup'))).toBe(true);
    expect(kept).toBeGreaterThan(400);

    const search = searchDirectory(place.dir, known(), SECRET_FILES);
    expect(search.hits.slice(0, 20)).toEqual([]);
    expect(search.secrets).toBeGreaterThan(KEYS * 3);
  });
});
