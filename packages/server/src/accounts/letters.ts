// What the letters of sign-in say. Plain text, one link each; that of an invitation is written where invitations are made.

import type { Mail } from '@latchkey/core';

interface Letter {
  to: string;
  /** Whose dashboard it is. */
  provider: string;
  link: string;
}

const lines = (...text: string[]): string => text.join('\n');

export const verificationLetter = ({ to, provider, link }: Letter): Mail => ({
  to,
  subject: `Confirm your e-mail address for ${provider}`,
  text: lines(
    `Somebody signed up at ${provider} with this address. If it was you, confirm it within a day:`,
    '',
    link,
    '',
    'You are asked for the password that you chose. If it was not you, do nothing: without the link nobody can use the account.',
  ),
});

export const resetLetter = ({ to, provider, link }: Letter): Mail => ({
  to,
  subject: `Set a new password for ${provider}`,
  text: lines(
    `A new password was asked for your account at ${provider}. Set it within an hour:`,
    '',
    link,
    '',
    'Then all sessions of the account end. If you did not ask for it, do nothing: your password stays as it is.',
  ),
});

export const existingAccountLetter = ({ to, provider, link }: Letter): Mail => ({
  to,
  subject: `You have an account at ${provider}`,
  text: lines(
    `Somebody tried to sign up at ${provider} with this address, which has an account already. Nothing was changed.`,
    '',
    'If it was you, sign in; should you not know the password any more, set a new one:',
    '',
    link,
  ),
});

export const newDeviceLetter = ({ to, provider, link, at, from }: Letter & { at: string; from: string }): Mail => ({
  to,
  subject: `New sign-in to ${provider}`,
  text: lines(
    `Your account at ${provider} was signed in to from a browser that it was not used from before.`,
    '',
    `  when  ${at}`,
    `  from  ${from}`,
    '',
    'If it was you, there is nothing to do. If not, end that session and change your password:',
    '',
    link,
  ),
});
