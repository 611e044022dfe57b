// The letter that reminds of keys to be rotated. Pure; text alone, and no more of a key than its list shows.

import { type Mail, type ReminderStage, rfc3339 } from '@latchkey/core';

export interface KeyToRotate {
  id: string;
  name: string;
  hint: string;
  rotateBy: number;
  stage: ReminderStage;
}

export interface ReminderFacts {
  to: string;
  organization: string;
  /** Whose API the keys are of. */
  provider: string;
  /** Where the dashboard is. */
  publicUrl: string;
  keys: readonly KeyToRotate[];
}

/** Keys named in one letter. */
const MOST_NAMED = 50;

const day = (at: number): string => rfc3339(at).slice(0, 10);

const told = ({ publicUrl }: ReminderFacts, { id, name, hint, rotateBy, stage }: KeyToRotate): string =>
  `- ${name} (…${hint}): ${stage === 'due' ? 'due since' : 'by'} ${day(rotateBy)}\n  ${publicUrl}/dashboard/api-keys/${id}`;

/** The most urgent keys first. */
export function reminderLetter(facts: ReminderFacts): Mail {
  const { to, organization, provider, publicUrl } = facts;
  const keys = [...facts.keys].sort((a, b) => a.rotateBy - b.rotateBy || (a.id < b.id ? -1 : 1));
  const what = keys.length === 1 ? 'An API key' : `${keys.length} API keys`;
  const more = keys.length - MOST_NAMED;
  return {
    to,
    subject: `${what} of ${organization} should be rotated`,
    text: [
      'Hello,',
      `${what.toLowerCase().replace('api', 'API')} of ${organization} for ${provider} ${keys.length === 1 ? 'has' : 'have'} reached the age at which ${organization} replaces keys, or ${keys.length === 1 ? 'does' : 'do'} so within two weeks:`,
      keys
        .slice(0, MOST_NAMED)
        .map((key) => told(facts, key))
        .join('\n'),
      ...(more > 0 ? [`And ${more} more: ${publicUrl}/dashboard/api-keys`] : []),
      'Nothing stops working on that day. When you rotate a key, the old one goes on for as long as you choose, so that the new one can be put in its place first.',
      'The owners of the organization set how old keys may become, and whether these letters come, in its settings.',
    ].join('\n\n'),
  };
}
