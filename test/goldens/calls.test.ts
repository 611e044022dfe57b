// Every golden call of every profile, in process and over the control plane.

import { describe, expect, it } from 'vitest';
import { CALL_SURFACES, type CallSurface, type FiledCall, readCalls, runCall, surfacesOf } from './call.js';
import { CAN } from './can.js';
import { readGoldens } from './golden.js';

const waits = ({ call }: FiledCall): boolean => call.needs !== undefined && !CAN.includes(call.needs);
const all = readCalls();
const calls = all.filter((filed) => !waits(filed));

describe.each(Object.keys(CALL_SURFACES) as CallSurface[])('%s', (surface) => {
  const here = calls.filter(({ call }) => surfacesOf(call).includes(surface));
  it.each(here.map((filed) => [filed.profile, filed.call.name, filed] as const))(
    '%s: %s',
    async (_profile, _name, { profile, call }) => {
      expect(await runCall(profile, call, surface)).toEqual([]);
    },
  );

  // Skipped and not left out, so that every run counts them.
  it.skip.each(all.filter(waits).map(({ profile, call }) => [profile, call.name, call.needs] as const))(
    '%s: %s (needs %s)',
    () => {},
  );
});

it('every call has a name that no other golden of its profile has', () => {
  const names = [
    ...all.map(({ profile, call }) => `${profile}: ${call.name}`),
    ...readGoldens().map(({ profile, golden }) => `${profile}: ${golden.name}`),
  ];
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toStrictEqual([]);
});
