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

/** To the address that an account is to have. */
export const confirmChangeLetter = ({ to, provider, link }: Letter): Mail => ({
  to,
  subject: `Confirm your new e-mail address for ${provider}`,
  text: lines(
    `Somebody asked to use this address for their account at ${provider}. If it was you, confirm it within an hour, signed in to that account:`,
    '',
    link,
    '',
    'If it was not you, do nothing: without the link and the account nothing changes.',
  ),
});

/** To an address that was asked for, and that another account has. */
export const addressInUseLetter = ({ to, provider }: Omit<Letter, 'link'>): Mail => ({
  to,
  subject: `You have an account at ${provider}`,
  text: lines(
    `Somebody asked to use this address for another account at ${provider}. It has an account already, so nothing was changed.`,
    '',
    'If it was you, sign in with this address, or delete that account first. If it was not you, there is nothing to do.',
  ),
});

/** Enough of an address for whoever knows it. */
const masked = (email: string): string => email.replace(/^(.)[^@]*/, '$1…');

/** To the address that an account has, while there is something left to be stopped. */
export const changeAskedLetter = ({ to, provider, link, next }: Letter & { next: string }): Mail => ({
  to,
  subject: `Another e-mail address was asked for your account at ${provider}`,
  text: lines(
    `Somebody who is signed in to your account at ${provider} asked for it to have the address ${masked(next)}. Nothing has changed yet: the link in a letter to that address has to be opened first.`,
    '',
    'If it was you, there is nothing to do here. If it was not, change your password now: the link works no more then, and all other sessions end.',
    '',
    link,
  ),
});

/** To the address that an account had. */
export const addressChangedLetter = (facts: Omit<Letter, 'link'> & { next: string; userId: string }): Mail => ({
  to: facts.to,
  subject: `The e-mail address of your account at ${facts.provider} was changed`,
  text: lines(
    `Your account at ${facts.provider} has the address ${masked(facts.next)} now. You sign in with that one, its letters go there, and all other sessions were ended.`,
    '',
    `If it was not you, tell the people who run ${facts.provider} at once, and name the account: ${facts.userId}. This address opens it no more.`,
  ),
});

export const accountDeletedLetter = ({ to, provider }: Omit<Letter, 'link'>): Mail => ({
  to,
  subject: `Your account at ${provider} was deleted`,
  text: lines(
    `The account that had this address at ${provider} was deleted by somebody who was signed in to it, with everything that signed it in. API keys stay with their organizations.`,
    '',
    `If it was not you, tell the people who run ${provider} at once.`,
  ),
});
