// Where the pages of keys stand: behind the sign-in, or in the portal on somebody else's site. They differ in their links alone.

import { Anchor, type AnchorProps } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { createContext, type ReactNode, useContext } from 'react';

const PortalContext = createContext(false);

export const InPortal = ({ children }: { children: ReactNode }) => (
  <PortalContext value={true}>{children}</PortalContext>
);
const useIsPortal = () => useContext(PortalContext);

const searchFor = (keyId: string | undefined) => (before: object) => ({ ...before, key: keyId, tab: undefined });

interface KeyLinkProps extends AnchorProps {
  /** None: to the list. */
  keyId?: string;
  title?: string;
  children: ReactNode;
}

export function KeyLink({ keyId, children, ...anchor }: KeyLinkProps) {
  const isPortal = useIsPortal();
  const target = isPortal
    ? { to: '/portal', search: searchFor(keyId) }
    : keyId === undefined
      ? { to: '/dashboard/api-keys' }
      : { to: '/dashboard/api-keys/$keyId', params: { keyId } };
  return (
    <Anchor {...anchor} renderRoot={(props) => <Link {...props} {...(target as { to: string })} />}>
      {children}
    </Anchor>
  );
}

/** Opens a key, or the list. */
export function useOpenKey(): (keyId: string | undefined) => void {
  const isPortal = useIsPortal();
  const navigate = useNavigate();
  return (keyId) => {
    if (isPortal) void navigate({ to: '/portal', search: searchFor(keyId) } as never);
    else if (keyId === undefined) void navigate({ to: '/dashboard/api-keys' });
    else void navigate({ to: '/dashboard/api-keys/$keyId', params: { keyId } });
  };
}
