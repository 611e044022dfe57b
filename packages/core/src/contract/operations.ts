// The operation table: every call of the management API, one row each, in the order of the reference pages.

import { creditRows } from './rows/credits.js';
import { explainRows } from './rows/explain.js';
import { insightRows } from './rows/insight.js';
import { keyRows } from './rows/keys.js';
import { leaseRows } from './rows/leases.js';
import { organizationRows } from './rows/organizations.js';
import { peopleRows } from './rows/people.js';
import { profileRows } from './rows/profile.js';
import { projectRows } from './rows/projects.js';
import { reportRows } from './rows/reports.js';
import { rootKeyRows } from './rows/root-keys.js';
import { tierRows } from './rows/tiers.js';
import { verificationRows } from './rows/verification.js';

export const operations = {
  ...organizationRows,
  ...projectRows,
  ...keyRows,
  ...verificationRows,
  ...leaseRows,
  ...tierRows,
  ...profileRows,
  ...explainRows,
  ...creditRows,
  ...rootKeyRows,
  ...reportRows,
  ...peopleRows,
  ...insightRows,
} as const;

export type Operations = typeof operations;
export type OperationName = keyof Operations;

/** Management permissions that a customer key may carry, from the rows that customer keys may call. */
export const MANAGEMENT_PERMISSIONS: readonly string[] = [
  'keys.*',
  ...new Set(
    Object.values(operations)
      .filter((operation) => operation.audience === 'manager')
      .map((operation) => operation.permission),
  ),
];
