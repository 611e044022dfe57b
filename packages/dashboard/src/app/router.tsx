// Every path of the dashboard. Each page is a chunk of its own; those behind the sign-in open once it is known who asks.

import { LatchkeyClientError } from '@latchkey/client';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router';
import { readSelf } from '../data/self';
import { Loading } from '../kit/loading';
import { AppFrame } from './app-frame';
import { NotFound, NothingHere, RouteError } from './route-states';
import { safeReturn } from './safe-return';

interface Search {
  organization?: string | undefined;
  project?: string | undefined;
  /** Where to go after signing in. */
  return?: string | undefined;
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NothingHere,
  // What else stands there belongs to the page, which reads it with `useSearch({ strict: false })`.
  validateSearch: (search: Record<string, unknown>): Search => ({
    ...search,
    organization: text(search.organization),
    project: text(search.project),
    return: text(search.return),
  }),
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  component: AppFrame,
  search: { middlewares: [retainSearchParams<Search>(['organization', 'project'])] },
  beforeLoad: async ({ location }) => {
    try {
      await readSelf();
    } catch (error) {
      if (!(error instanceof LatchkeyClientError) || error.status !== 401) throw error;
      throw redirect({ to: '/sign-in', search: { return: safeReturn(location.href) } });
    }
  },
});

type Load = Parameters<typeof lazyRouteComponent>[0];

/**
 * While the server is away, the page that is open stays and a way to try again takes the place of the next one. Where the file
 * alone is gone, after an update, the router loads the document anew.
 */
const fetched =
  (load: Load): Load =>
  async () => {
    try {
      return await load();
    } catch (error) {
      await fetch('/healthz', { cache: 'no-store' }).catch(() => {
        throw new LatchkeyClientError({ code: 'network_error', detail: 'The server could not be reached.' });
      });
      throw error;
    }
  };

const page = <const Path extends string>(path: Path, load: Load, name: string) =>
  createRoute({ getParentRoute: () => signedIn, path, component: lazyRouteComponent(fetched(load), name) });
const open = <const Path extends string>(path: Path, load: Load, name: string) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(fetched(load), name) });

const to = (path: string) => () => {
  throw redirect({ to: path, replace: true });
};
const index = createRoute({ getParentRoute: () => root, path: '/', beforeLoad: to('/dashboard') });
const settings = createRoute({ getParentRoute: () => root, path: '/settings', beforeLoad: to('/settings/account') });

const routes = [
  index,
  settings,
  open('/sign-in', () => import('../pages/sign-in/sign-in-page'), 'SignInPage'),
  open('/sign-up', () => import('../pages/sign-in/sign-up-page'), 'SignUpPage'),
  open('/verify-email', () => import('../pages/sign-in/verify-email-page'), 'VerifyEmailPage'),
  open('/change-email', () => import('../pages/sign-in/change-email-page'), 'ChangeEmailPage'),
  open('/forgot-password', () => import('../pages/sign-in/forgot-password-page'), 'ForgotPasswordPage'),
  open('/reset-password', () => import('../pages/sign-in/reset-password-page'), 'ResetPasswordPage'),
  open('/invitation', () => import('../pages/sign-in/invitation-page'), 'InvitationPage'),
  open('/portal', () => import('../pages/portal/portal-page'), 'PortalPage'),
  signedIn.addChildren([
    page('/dashboard', () => import('../pages/overview/overview-page'), 'OverviewPage'),
    page('/dashboard/api-keys', () => import('../pages/keys/keys-page'), 'KeysPage'),
    page('/dashboard/api-keys/$keyId', () => import('../pages/keys/key-page'), 'KeyPage'),
    page('/dashboard/usage', () => import('../pages/usage/usage-page'), 'UsagePage'),
    page('/dashboard/audit-log', () => import('../pages/audit/audit-log-page'), 'AuditLogPage'),
    page('/dashboard/docs', () => import('../pages/docs/docs-page'), 'DocsPage'),
    page('/dashboard/tiers', () => import('../pages/tiers/tiers-page'), 'TiersPage'),
    page('/dashboard/organizations', () => import('../pages/organizations/organizations-page'), 'OrganizationsPage'),
    page('/settings/api-keys', () => import('../pages/keys/keys-page'), 'KeysPage'),
    page('/settings/organization', () => import('../pages/organization/organization-page'), 'OrganizationPage'),
    page('/settings/members', () => import('../pages/members/members-page'), 'MembersPage'),
    page('/settings/projects', () => import('../pages/projects/projects-page'), 'ProjectsPage'),
    page('/settings/operators', () => import('../pages/operators/operators-page'), 'OperatorsPage'),
    page('/settings/account', () => import('../pages/account/account-page'), 'AccountPage'),
  ]),
] as const;

export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: 'intent',
  defaultPendingComponent: Loading,
  defaultErrorComponent: RouteError,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
  // It goes to the browser's storage: nothing but the path may stand in it.
  getScrollRestorationKey: ({ pathname }) => pathname,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
