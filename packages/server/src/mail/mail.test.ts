// Guarantees of letters: they arrive as they were written, nobody else reads them, and their receivers cannot be added to.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutbox } from './outbox.js';
import { createSmtpMailer, smtpFaults } from './smtp.js';

describe('an outbox', () => {
  it('holds each letter as text, for its owner alone, in the order they were sent', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'latchkey-outbox-'));
    let now = Date.UTC(2026, 0, 2, 3, 4, 5);
    const outbox = createOutbox(dir, () => now);
    for (const name of ['one', 'two', 'three'])
      await outbox.send({ to: `${name}@example.com`, subject: name, text: `A link:\n\nhttp://localhost/#${name}` });
    now += 60_000;
    await outbox.send({ to: 'four@example.com', subject: 'four', text: 'four' });
    const files = readdirSync(dir).sort();
    const read = (file: string) => readFileSync(join(dir, file), 'utf8');
    expect(files.map((file) => /Subject: (\w+)/.exec(read(file))?.[1])).toEqual(['one', 'two', 'three', 'four']);
    expect(read(files[0] as string)).toContain('To: one@example.com\n');
    expect(read(files[0] as string)).toContain('\nhttp://localhost/#one\n');
    for (const file of files) expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
    rmSync(dir, { recursive: true });
  });
});

describe('a mail server', () => {
  const received: { commands: string[]; data: string }[] = [];
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((socket) => {
      const letter = { commands: [] as string[], data: '' };
      let inData = false;
      let rest = '';
      socket.write('220 ready\r\n');
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        rest += chunk.toString();
        for (let at = rest.indexOf('\r\n'); at >= 0; at = rest.indexOf('\r\n')) {
          const line = rest.slice(0, at);
          rest = rest.slice(at + 2);
          if (inData && line === '.') {
            inData = false;
            received.push(letter);
            socket.write('250 taken\r\n');
          } else if (inData) letter.data += `${line}\n`;
          else {
            letter.commands.push(line);
            if (line === 'DATA') inData = true;
            socket.write(line === 'DATA' ? '354 go on\r\n' : line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
          }
        }
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((done) => server.close(done)));

  it('is handed the letter from the sender that was set, to one receiver', async () => {
    const mailer = createSmtpMailer({ url, from: 'Example <no-reply@example.com>' });
    const text = 'Confirm it:\n\nhttp://localhost:4000/verify-email#token';
    await mailer.send({ to: 'ada@example.com', subject: 'Confirm\r\nBcc: eve@evil.example', text });
    const [letter] = received.splice(0);
    expect(letter?.commands).toContain('MAIL FROM:<no-reply@example.com>');
    expect(letter?.commands.filter((line) => line.startsWith('RCPT'))).toEqual(['RCPT TO:<ada@example.com>']);
    expect(letter?.data).toContain('http://localhost:4000/verify-email#token');
    expect(letter?.data).not.toMatch(/^bcc:/im);
    await mailer.send({ to: 'ada@example.com, eve@evil.example', subject: 'x', text }).catch(() => {});
    const receivers = received.splice(0).flatMap(({ commands }) => commands.filter((line) => line.startsWith('RCPT')));
    expect(receivers.some((line) => line.includes('<eve@evil.example>'))).toBe(false);
    mailer.close();
  });

  it('that says no has not taken the letter; one that falls silent after its end may have', async () => {
    /** Goes on as far as `line` of the dialogue, and answers that with `word` (null: hangs up). */
    const answering = async (line: 'connect' | 'MAIL' | 'DATA' | '.', word: string | null) => {
      const one = createServer((socket) => {
        const say = (at: string, otherwise: string) =>
          at !== line ? socket.write(otherwise) : word === null ? socket.destroy() : socket.write(`${word}\r\n`);
        let inData = false;
        let rest = '';
        socket.on('error', () => {});
        say('connect', '220 ready\r\n');
        socket.on('data', (chunk) => {
          rest += chunk.toString();
          for (let at = rest.indexOf('\r\n'); at >= 0; at = rest.indexOf('\r\n')) {
            const said = rest.slice(0, at);
            rest = rest.slice(at + 2);
            if (inData && said !== '.') continue;
            inData = said === 'DATA';
            say(said.split(/[ :]/, 1)[0] ?? '', inData ? '354 go on\r\n' : '250 ok\r\n');
          }
        });
      });
      await new Promise<void>((done) => one.listen(0, '127.0.0.1', done));
      const mailer = createSmtpMailer({
        url: `smtp://127.0.0.1:${(one.address() as AddressInfo).port}`,
        from: 'a@b.example',
      });
      const failed = mailer.send({ to: 'ada@example.com', subject: 'x', text: 'y' }).then(
        () => 'taken',
        ({ mayHaveArrived }) => mayHaveArrived as boolean,
      );
      const came = await failed;
      mailer.close();
      await new Promise((done) => one.close(done));
      return came;
    };
    expect(await answering('.', '250 taken')).toBe('taken');
    for (const refused of [
      answering('connect', null),
      answering('MAIL', '450 later'),
      answering('MAIL', null),
      answering('DATA', '554 no'),
      answering('DATA', null),
      answering('.', '452 full'),
    ])
      expect(await refused).toBe(false);
    expect(await answering('.', null)).toBe(true);
  });

  it('is looked at by the doctor, who never repeats its password', async () => {
    expect(await smtpFaults(url)).toEqual([]);
    const [fault] = await smtpFaults('smtp://user:a-password-of-mine@127.0.0.1:1');
    expect(fault).toMatch(/LATCHKEY_SMTP_URL cannot be used \(E[A-Z]+\)/);
    expect(fault).not.toContain('a-password');
  });
});
