// What follows once somebody is signed in: nothing known of before stays, an invitation is accepted, and they go on to where they wanted.

import { LatchkeyClientError } from '@latchkey/client';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { safeReturn } from '../../app/safe-return';
import { sessionApi } from '../../data/api';
import { forgetToken, fragmentToken } from '../../data/fragment';
import { forgetSelf, readSelf } from '../../data/self';

/** The operator's overview; members go on from there to their keys. */
export const START = '/dashboard';

/** An invitation that somebody signed up with may be accepted already; then there is nothing left to do. */
async function acceptPending(): Promise<string | null> {
  const token = fragmentToken();
  if (token === null) return null;
  try {
    const { organizationId } = await sessionApi.invitations.accept({ token });
    return organizationId;
  } catch (error) {
    if (!(error instanceof LatchkeyClientError) || error.code !== 'invitation_over') throw error;
    return null;
  } finally {
    forgetToken();
  }
}

/** @throws LatchkeyClientError when the invitation was for somebody else */
export function useAfterSignIn(): (options?: { withInvitation?: boolean; to?: string }) => Promise<void> {
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  return async ({ withInvitation = false, to = START } = {}) => {
    forgetSelf();
    await readSelf();
    const organization = withInvitation ? await acceptPending() : null;
    if (withInvitation) forgetSelf();
    const href = safeReturn(search.return) ?? (organization === null ? to : `${START}?organization=${organization}`);
    await navigate({ href, replace: true });
  };
}
