// The public face of @latchkey/core: the pure rules, records and ports that everything else is built on.

export * from './access/path.js';
export * from './access/permissions.js';
export * from './access/restrictions.js';
export * from './contract/judge.js';
export * from './contract/namespaces.js';
export * from './contract/operation.js';
export * from './contract/operations.js';
export * from './errors/catalogue.js';
export * from './errors/latchkey-error.js';
export * from './key/format.js';
export * from './key/state.js';
export * from './key/view.js';
export * from './limit/limits.js';
export * from './limit/window.js';
export * from './ports.js';
export * from './profile/json-schema.js';
export * from './profile/render.js';
export * from './profile/routes.js';
export * from './profile/schema.js';
export * from './profile/template.js';
export * from './profile/vocabulary.js';
export * from './tier/gate.js';
export * from './tier/tiers.js';
export * from './verify/credential.js';
export * from './verify/decide.js';
export * from './verify/reasons.js';
