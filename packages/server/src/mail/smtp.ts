// Letters over SMTP. What a letter says is decided elsewhere; nothing of it is logged.

import type { Mailer } from '@latchkey/core';
import { createTransport } from 'nodemailer';

/** A server that does not answer is given up, so that nobody waits for a letter. */
const PATIENCE_MS = 10_000;

const transportOf = (url: string) => ({
  url,
  connectionTimeout: PATIENCE_MS,
  greetingTimeout: PATIENCE_MS,
  socketTimeout: PATIENCE_MS,
  // A letter names no file and no address to be fetched.
  disableFileAccess: true,
  disableUrlAccess: true,
});

/** What keeps the server from taking letters; the address, which has a password, is not repeated. */
export async function smtpFaults(url: string): Promise<string[]> {
  const transport = createTransport(transportOf(url));
  try {
    await transport.verify();
    return [];
  } catch (error) {
    const { code, responseCode } = error as { code?: string; responseCode?: number };
    const said = [code, responseCode].filter((part) => part !== undefined).join(' ') || 'no reason';
    return [`the mail server of LATCHKEY_SMTP_URL cannot be used (${said})`];
  } finally {
    transport.close();
  }
}

/** `smtp://` goes over to TLS when the server offers it, `smtps://` begins with it. */
export function createSmtpMailer(options: { url: string; from: string }): Mailer & { close(): void } {
  const transport = createTransport(transportOf(options.url), { from: options.from });
  return {
    sends: true,
    async send({ to, subject, text }) {
      await transport.sendMail({ to: { name: '', address: to }, subject, text });
    },
    close: () => transport.close(),
  };
}
