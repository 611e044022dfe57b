// Every golden call of every profile, in process and over the control plane.

import { describe, expect, it } from 'vitest';
import { CALL_SURFACES, type CallSurface, readCalls, runCall } from './call.js';
import { readGoldens } from './golden.js';

const calls = readCalls();

describe.each(Object.keys(CALL_SURFACES) as CallSurface[])('%s', (surface) => {
  it.each(calls.map((filed) => [filed.profile, filed.call.name, filed] as const))(
    '%s: %s',
    async (_profile, _name, { profile, call }) => {
      expect(await runCall(profile, call, surface)).toEqual([]);
    },
  );
});

it('every call has a name that no other golden of its profile has', () => {
  const names = [
    ...calls.map(({ profile, call }) => `${profile}: ${call.name}`),
    ...readGoldens().map(({ profile, golden }) => `${profile}: ${golden.name}`),
  ];
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toStrictEqual([]);
});
