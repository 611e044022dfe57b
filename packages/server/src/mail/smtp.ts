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

/** A letter, and who hears that the last of it was read to be sent. */
interface Watched {
  onAllRead?(): void;
}

/** `smtp://` goes over to TLS when the server offers it, `smtps://` begins with it. */
export function createSmtpMailer(options: { url: string; from: string }): Mailer & { close(): void } {
  const transport = createTransport(transportOf(options.url), { from: options.from });
  transport.use('stream', (mail, done) => {
    const { onAllRead } = mail.data as Watched;
    mail.message.processFunc((input) => input.once('end', () => onAllRead?.()));
    done();
  });
  return {
    sends: true,
    async send({ to, subject, text }) {
      let isAllRead = false;
      const watched: Watched = {
        onAllRead() {
          isAllRead = true;
        },
      };
      try {
        await transport.sendMail({ to: { name: '', address: to }, subject, text, ...watched });
      } catch (cause) {
        // A server takes a letter at its end. From then on only its own no says that it did not.
        const { responseCode } = cause as { responseCode?: number };
        throw Object.assign(cause as Error, { mayHaveArrived: isAllRead && responseCode === undefined });
      }
    },
    close: () => transport.close(),
  };
}
