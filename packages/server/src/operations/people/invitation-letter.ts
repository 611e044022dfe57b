// The letters that invite people. Plain text, so that nothing in them is fetched and nothing is hidden behind a word.

import type { Mail } from '@latchkey/core';

/** A name somebody chose: one line, however they wrote it. */
const oneLine = (name: string): string => name.replace(/\s+/g, ' ').trim();

/** `organization` null: to the operator's own users. */
export function invitationLetter(facts: {
  to: string;
  organization: string | null;
  provider: string;
  role: string;
  link: string;
  days: number;
}): Mail {
  const { to, role, link, days } = facts;
  const provider = oneLine(facts.provider);
  const place = facts.organization === null ? `the operators of ${provider}` : oneLine(facts.organization);
  const as = facts.organization === null ? '' : ` as ${role}`;
  return {
    to,
    subject: `You are invited to ${place}`,
    text: [
      'Hello,',
      `you are invited to join ${place}${as}, where API keys of ${provider} are looked after.`,
      `Open this link to accept. It works once, for ${days} days, and for this address only:`,
      link,
      'If you did not expect this letter, leave the link alone: nothing happens then.',
    ].join('\n\n'),
  };
}
