// Roles of people in organizations, and what else a person can be on the dashboard. What each may call is the table in contract/role-table.ts.

/** Roles of a member inside one organization. */
export const ROLES = ['owner', 'admin', 'developer', 'viewer', 'billing'] as const;
export type Role = (typeof ROLES)[number];

/**
 * Who may call an operation from the dashboard: a user of the installation's operator, a member by role, the holder of a
 * portal token, or any signed-in user, whatever organization they belong to.
 */
export const STANDINGS = ['operator', ...ROLES, 'portal', 'portal_read_only', 'signed_in'] as const;
export type Standing = (typeof STANDINGS)[number];
