// Types of client-operations.mjs for the tests, which hand it the tables from the sources.

export interface ClientTables {
  operations: object;
  namespaces: object;
  toJSONSchema: (schema: never, options: { io: 'input' }) => object;
}

export function renderClientOperations(tables: ClientTables): string;
