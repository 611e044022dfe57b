// All German words, one file for each area of pages.

import { account } from './de/account';
import { audit } from './de/audit';
import { common } from './de/common';
import { docs } from './de/docs';
import { errors } from './de/errors';
import { keys } from './de/keys';
import { members } from './de/members';
import { operators } from './de/operators';
import { organization } from './de/organization';
import { organizations } from './de/organizations';
import { overview } from './de/overview';
import { portal } from './de/portal';
import { projects } from './de/projects';
import { signIn } from './de/sign-in';
import { tiers } from './de/tiers';
import { usage } from './de/usage';
import type { en } from './en';
import type { Words } from './words';

export const de: Words<typeof en> = {
  common,
  errors,
  signIn,
  account,
  keys,
  overview,
  portal,
  usage,
  tiers,
  audit,
  docs,
  organization,
  members,
  projects,
  organizations,
  operators,
};
