// What a link's switch promises to the tests that rest on it, on bare sockets and on what PostgreSQL's and Redis's clients send.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Link, openLink } from './link.js';

let echo: Server;
let arrived: Socket[];
let link: Link;
const open: Socket[] = [];

beforeEach(async () => {
  arrived = [];
  echo = createServer((socket) => {
    arrived.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  link = await openLink({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
});

afterEach(async () => {
  for (const socket of [...open.splice(0), ...arrived]) socket.destroy();
  await link.close();
  echo.close();
});

async function dial(): Promise<Socket> {
  const socket = connect(link.port, '127.0.0.1').setNoDelay();
  open.push(socket);
  await Promise.race([once(socket, 'connect'), once(socket, 'error').then(([error]) => Promise.reject(error))]);
  return socket;
}

/** Long enough to say that nothing comes. */
const SILENCE_MS = 150;

/** What comes back within that time, or how the connection ended. */
async function said(socket: Socket, text: string, ms = 20_000): Promise<string> {
  let heard = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    heard += piece;
  });
  const ended = Promise.race([
    once(socket, 'error').then(([error]) => (error as NodeJS.ErrnoException).code ?? 'error'),
    once(socket, 'close').then(() => 'closed'),
  ]).catch((error: NodeJS.ErrnoException) => error.code ?? 'error');
  socket.write(text);
  const began = performance.now();
  for (;;) {
    if (heard.length >= text.length) return heard;
    const state = await Promise.race([ended, sleep(5, '')]);
    if (state !== '') return state;
    if (performance.now() - began > ms) return heard || 'silence';
  }
}

it('passes bytes and ends both ways, a megabyte unchanged', async () => {
  const socket = await dial();
  const text = 'x'.repeat(1_000_000);
  expect(await said(socket, text)).toBe(text);
  socket.end();
  await once(socket, 'close');
  await expect.poll(() => link.connections()).toBe(0);
});

it('refuses new connections and resets the open ones, and passes again on the same port', async () => {
  const socket = await dial();
  expect(await said(socket, 'one')).toBe('one');
  const reset = once(socket, 'error');
  await link.set('refuse');
  expect((await reset)[0].code).toBe('ECONNRESET');
  await expect(dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await link.set('pass');
  expect(await said(await dial(), 'two')).toBe('two');
});

it('hangs: accepts, moves nothing, not even an end, and what waited arrives later', async () => {
  const before = await dial();
  expect(await said(before, 'one')).toBe('one');
  await link.set('hang');
  expect(await said(before, 'two', SILENCE_MS)).toBe('silence');
  const during = await dial();
  expect(await said(during, 'three', SILENCE_MS)).toBe('silence');
  const left = once(arrived[0] as Socket, 'close');
  before.destroy();
  expect(await Promise.race([left.then(() => 'heard of'), sleep(100, 'unheard of')])).toBe('unheard of');
  const late = once(during, 'data');
  await link.set('pass');
  await left;
  expect(await late).toEqual(['three']);
  expect(await said(during, 'four')).toBe('four');
});

it('resets whoever is there and whoever comes', async () => {
  const before = await dial();
  await said(before, 'one');
  const reset = once(before, 'error');
  await link.set('reset');
  expect((await reset)[0].code).toBe('ECONNRESET');
  const outcome = await dial().then(
    (socket) => said(socket, 'two'),
    (error: NodeJS.ErrnoException) => error.code,
  );
  expect(outcome).toMatch(/ECONNRESET|EPIPE|closed/);
});

it('is slow by its latency in both directions, and by its width', async () => {
  const socket = await dial();
  await link.set({ latencyMs: 40 });
  let began = performance.now();
  expect(await said(socket, 'one')).toBe('one');
  expect(performance.now() - began).toBeGreaterThan(78);
  await link.set({ latencyMs: 0, bytesPerSecond: 100_000 });
  began = performance.now();
  const wide = await dial();
  expect(await said(wide, 'x'.repeat(20_000))).toHaveLength(20_000);
  expect(performance.now() - began).toBeGreaterThan(190);
});

/** A simple query as PostgreSQL's protocol has it, and one that is parsed first. */
const simple = (sql: string): string => `Q\0\0\0${String.fromCharCode(sql.length + 5)}${sql}\0`;
const parsed = (sql: string): string => `P\0\0\0${String.fromCharCode(sql.length + 8)}\0${sql}\0\0\0`;

it.each([
  ['listens', simple('LISTEN latchkey_changes'), 'bus'],
  ['listens', parsed('listen latchkey_changes'), 'bus'],
  ['subscribes', '*2\r\n$9\r\nsubscribe\r\n$8\r\nlatchkey\r\n', 'bus'],
  ['notifies', simple("select pg_notify('latchkey', 'listen to this')"), 'all'],
  ['publishes', '*3\r\n$7\r\npublish\r\n$8\r\nlatchkey\r\n$4\r\ntext\r\n', 'all'],
])('tells whether a connection is one that %s, and cuts those alone', async (_, text, which) => {
  await link.set('hang', 'bus');
  const isCut = which === 'bus';
  expect(await said(await dial(), text, isCut ? SILENCE_MS : undefined)).toBe(isCut ? 'silence' : text);
  const connections = async () => [await link.connections('bus'), await link.connections()];
  await expect.poll(connections).toEqual([isCut ? 1 : 0, 1]);
  await link.set('pass');
  expect(await said(await dial(), 'one')).toBe('one');
});
