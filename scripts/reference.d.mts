// Types of reference.mjs for the tests, which hand it the tables from the sources.

export interface ReferenceTables {
  errors: object;
  operations: object;
  roleTable: object;
  standings: readonly string[];
  errorsOf: (row: never) => readonly string[];
  commonErrors: readonly string[];
  bodyErrors: readonly string[];
  reasons: readonly string[];
  profiles: readonly object[];
  openapi: object;
  settings: object;
  serveFlags: readonly string[];
  metrics: object;
  program: object;
  profileSchema: object;
  templateValues: object;
}

/** Every page by its path below the repository. */
export function renderReference(tables: ReferenceTables): Record<string, string>;
