// What no single member of a profile can be judged by: whether what it names elsewhere is there. Shapes are the schema's.

import { ALL } from '../access/permissions.js';
import { MANAGEMENT_PERMISSIONS, type OperationName, operations } from '../contract/operations.js';
import type { JsonValue } from '../ports.js';
import { REASON_STATUSES, REASONS } from '../verify/reasons.js';
import type { Profile } from './schema.js';
import { type TemplatePlace, unknownValues } from './vocabulary.js';

export interface ProfileFault {
  path: (string | number)[];
  message: string;
}

/** Every place of a profile that names a tier, permission, operation or template value that does not exist. */
export const faultsOf = (profile: Profile): ProfileFault[] => [
  ...prefixFaults(profile),
  ...tierFaults(profile),
  ...permissionFaults(profile),
  ...routeFaults(profile),
  ...reasonFaults(profile),
];

function prefixFaults({ policy: { prefixes } }: Profile): ProfileFault[] {
  if (prefixes.live !== prefixes.test) return [];
  return [
    { path: ['policy', 'prefixes'], message: 'has one prefix for live and test keys; nothing would tell them apart' },
  ];
}

function tierFaults({ policy, routes }: Profile): ProfileFault[] {
  const tiers = policy.tiers.map((tier) => tier.name);
  const named = [
    { tier: policy.defaultTier, path: ['policy', 'defaultTier'] },
    ...policy.gatedFields.map(({ tier }, at) => ({ tier, path: ['policy', 'gatedFields', at, 'tier'] })),
    ...routes.map(({ tier }, at) => ({ tier, path: ['routes', at, 'tier'] })),
  ];
  return named
    .filter(({ tier }) => tier !== null && !tiers.includes(tier))
    .map(({ tier, path }) => ({ path, message: `names the tier "${tier}", which policy.tiers does not have` }));
}

function permissionFaults({ policy, routes, guide }: Profile): ProfileFault[] {
  const defined = [ALL, ...policy.permissions.map(({ name }) => name), ...MANAGEMENT_PERMISSIONS];
  const named = [
    ...policy.permissions.map(({ implies }, at) => ({
      names: implies,
      path: ['policy', 'permissions', at, 'implies'],
    })),
    ...routes.map(({ permission }, at) => ({
      names: permission ? [permission] : [],
      path: ['routes', at, 'permission'],
    })),
    ...guide.keys.map(({ permissions }, at) => ({
      names: permissions ?? [],
      path: ['guide', 'keys', at, 'permissions'],
    })),
  ];
  return named.flatMap(({ names, path }) =>
    names
      .filter((name) => !defined.includes(name))
      .map((name) => ({ path, message: `names the permission "${name}", which policy.permissions does not have` })),
  );
}

const isOperationOfKeys = (name: string): boolean =>
  Object.hasOwn(operations, name) && operations[name as OperationName].audience === 'manager';

function routeFaults({ routes, policy }: Profile): ProfileFault[] {
  return routes.flatMap((row, at) => {
    const { path, auth, permission, operation, answer, shared, gates } = row;
    const faults: ProfileFault[] = [
      ...valueFaults(operation?.input, 'input', ['routes', at, 'operation', 'input'], path),
      ...valueFaults(answer?.body, 'answer', ['routes', at, 'answer', 'body'], path),
    ];
    const fault = (member: string, message: string) => faults.push({ path: ['routes', at, member], message });
    if (operation && !answer) fault('answer', 'a row with an operation needs an answer');
    if (operation && !isOperationOfKeys(operation.name)) {
      fault('operation', `names the operation "${operation.name}", which no key may run`);
    }
    if (auth === 'none' && (permission || operation || answer)) {
      fault('auth', 'a public row has no permission, operation or answer');
    }
    if (shared && gates && auth === 'key' && policy.gatedFields.length > 0) {
      fault('shared', 'a shared cache would hand one tier what another one sees: needs gates: false');
    }
    if (row.idempotent && (auth === 'none' || answer)) {
      fault('idempotent', 'only what a key asks of the upstream can be replayed');
    }
    if (row.upstreamIdempotent && !row.idempotent) {
      fault('upstreamIdempotent', 'says how a lost outcome is treated, and needs idempotent: true');
    }
    return faults;
  });
}

function reasonFaults({ wire }: Profile): ProfileFault[] {
  const faults = valueFaults(wire.errorBody.template, 'envelope', ['wire', 'errorBody', 'template']);
  for (const reason of REASONS) {
    const path = ['wire', 'reasons', reason];
    const { status, message, details } = wire.reasons[reason];
    faults.push(
      ...valueFaults(message, 'denial', [...path, 'message']),
      ...valueFaults(details, 'denial', [...path, 'details']),
    );
    if (!REASON_STATUSES[reason].includes(status)) {
      const right = REASON_STATUSES[reason].join(' or ');
      faults.push({ path: [...path, 'status'], message: `is ${status}; ${reason} is answered with ${right}` });
    }
  }
  return faults;
}

function valueFaults(
  template: JsonValue | undefined,
  place: TemplatePlace,
  path: (string | number)[],
  route?: string,
): ProfileFault[] {
  return unknownValues(template ?? null, place, route).map((value) => ({
    path,
    message: `names {${value}}, which there is not`,
  }));
}
