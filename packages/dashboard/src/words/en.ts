// All English words, one file for each area of pages.

import { account } from './en/account';
import { audit } from './en/audit';
import { common } from './en/common';
import { docs } from './en/docs';
import { errors } from './en/errors';
import { keys } from './en/keys';
import { members } from './en/members';
import { operators } from './en/operators';
import { organization } from './en/organization';
import { organizations } from './en/organizations';
import { overview } from './en/overview';
import { portal } from './en/portal';
import { projects } from './en/projects';
import { signIn } from './en/sign-in';
import { tiers } from './en/tiers';
import { usage } from './en/usage';

export const en = {
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
