// Letters as files in a folder, for a machine where nobody has a mail server. Their names sort by time.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Mailer } from '@latchkey/core';

/** Whoever reads a letter can do what it lets its receiver do: the folder, which is there already, is its owner's alone. */
export function createOutbox(dir: string, clock: Clock): Mailer {
  let written = 0;
  return {
    sends: true,
    async send({ to, subject, text }) {
      const at = new Date(clock()).toISOString();
      const name = `${at.replace(/[:.]/g, '-')}-${String(++written).padStart(4, '0')}.txt`;
      const letter = `Date: ${at}\nTo: ${to}\nSubject: ${subject}\n\n${text}\n`;
      await writeFile(join(dir, name), letter, { flag: 'wx', mode: 0o600 });
    },
  };
}
