// The facts of the five pages: no line is left out, every fact has cases, and one changed value turns them red.

import { authenticationPage, type Profile, profileSchema, tiersOf, toMarkdown } from '@latchkey/core';
import { describe, expect, it } from 'vitest';
import { goldenCallSchema, runCall, surfacesOf } from '../goldens/call.js';
import { CAN } from '../goldens/can.js';
import { type Capability, goldenSchema, profileNames, readProfileFile, type Surface } from '../goldens/golden.js';
import { onGateway, onVerify } from '../goldens/surfaces.js';
import { openWorld } from '../goldens/world.js';
import { type Case, changedAt, type Fact, findPage, readCases, readFacts, saidLines, valueAt } from './facts.js';

const cases = readCases();
const all = profileNames().map((profile) => ({ profile, facts: readFacts(profile) }));
const profileOf = (name: string): unknown => readProfileFile(`${name}/profile.json`);
const caseOf = (profile: string, name: string): Case | undefined => cases.get(`${profile}: ${name}`);

const namesOf = (fact: Fact): readonly string[] => fact.cases ?? [];
const needOf = ({ kind, filed }: Case): Capability | undefined => (kind === 'golden' ? filed.golden : filed.call).needs;

/** The capability that one of the fact's cases still waits for. */
const waitsFor = (profile: string, fact: Fact): Capability | undefined =>
  namesOf(fact)
    .map((name) => caseOf(profile, name))
    .map((each) => each && needOf(each))
    .find((need) => need !== undefined && !CAN.includes(need));

const proven = all.flatMap(({ profile, facts }) =>
  facts.facts
    .filter((fact) => fact.later === undefined && waitsFor(profile, fact) === undefined)
    .map((fact) => [profile, fact.fact, fact] as const),
);
const waiting = all.flatMap(({ profile, facts }) =>
  facts.facts.flatMap((fact) => {
    const what = fact.later ?? waitsFor(profile, fact);
    return what === undefined ? [] : [`${what}: ${profile}, ${fact.fact}`];
  }),
);
console.log(`facts: ${proven.length} proven, ${waiting.length} wait\n  ${waiting.join('\n  ')}`);

describe.each(all)('$profile', ({ profile, facts }) => {
  const ofFacts = facts.facts.flatMap(({ lines }) => lines);
  const ofNone = facts.none.flatMap(({ lines }) => lines);

  it('every line of the page is a fact or said to be none, and no line is both', () => {
    const said = saidLines(facts);
    expect(said.filter((line) => !ofFacts.includes(line) && !ofNone.includes(line))).toStrictEqual([]);
    expect([...ofFacts, ...ofNone].filter((line) => !said.includes(line))).toStrictEqual([]);
    expect(ofNone.filter((line, at) => ofFacts.includes(line) || ofNone.indexOf(line) !== at)).toStrictEqual([]);
  });

  it('every case exists', () => {
    const missing = facts.facts.flatMap((fact) => namesOf(fact)).filter((name) => caseOf(profile, name) === undefined);
    expect(missing).toStrictEqual([]);
  });

  it('every fact is held to in process and from outside, or says why one of them cannot', () => {
    const surfaces = (fact: Fact): string[] =>
      namesOf(fact).flatMap((name) => {
        const found = caseOf(profile, name);
        if (found?.kind === 'golden') return found.filed.golden.surfaces;
        return found && surfacesOf(found.filed.call).includes('in process') ? ['verify', 'gateway'] : ['gateway'];
      });
    const onlyOutside = facts.facts.filter((fact) => fact.cases && !surfaces(fact).includes('verify'));
    const outside = facts.facts.filter((fact) => fact.cases && !surfaces(fact).includes('gateway'));
    expect(outside.map(({ fact }) => fact)).toStrictEqual([]);
    expect(onlyOutside.filter(({ only }) => only === undefined).map(({ fact }) => fact)).toStrictEqual([]);
  });

  // The pages are their providers'; with the folder that holds them named, the hashes and quotes are held against them.
  const folder = process.env.PROVIDER_PAGES;
  if (folder === undefined) return;
  it('the page is the one that the hashes were taken from', () => {
    const page = findPage(folder, facts);
    expect(page).not.toBeNull();
    const sources = [...cases.values()]
      .filter(({ filed }) => filed.profile === profile)
      .flatMap(({ kind, filed }) => (kind === 'golden' ? filed.golden : filed.call).source);
    const misquoted = sources.filter(({ line, says }) => !page?.[line - 1]?.includes(says));
    expect(misquoted).toStrictEqual([]);
  });
});

describe('one changed value turns the case red', () => {
  it.each(proven)('%s: %s', async (profile, _fact, fact) => {
    const { at, to, case: named } = fact.mutation as NonNullable<Fact['mutation']>;
    const found = caseOf(profile, named ?? (namesOf(fact)[0] as string)) as Case;
    const whole = profileSchema.parse(profileOf(profile));
    const narrowed = fact.only === undefined ? found : onGatewayOnly(found);
    expect(await faultsOf(whole, whole, narrowed), 'as it is').toStrictEqual([]);
    const pointer = at.slice(at.indexOf(':') + 1);
    const faults = at.startsWith('profile:')
      ? await faultsOf(profileSchema.parse(changedAt(profileOf(profile), pointer, to)), whole, narrowed)
      : await faultsOf(whole, whole, changedCase(narrowed, pointer, to));
    expect(faults, `with ${at} changed`).not.toStrictEqual([]);
  });
});

/** What cannot be seen in process cannot turn red there either. */
const onGatewayOnly = (found: Case): Case =>
  found.kind === 'call'
    ? found
    : { kind: 'golden', filed: { ...found.filed, golden: { ...found.filed.golden, surfaces: ['gateway'] } } };

function changedCase(found: Case, pointer: string, to: unknown): Case {
  if (found.kind === 'golden') {
    const golden = goldenSchema.parse(changedAt(found.filed.golden, pointer, to));
    return { kind: 'golden', filed: { ...found.filed, golden } };
  }
  return {
    kind: 'call',
    filed: { ...found.filed, call: goldenCallSchema.parse(changedAt(found.filed.call, pointer, to)) },
  };
}

const RUN = { verify: onVerify, gateway: onGateway } satisfies Record<Surface, unknown>;

/** What is wrong with the case on the surface where it finds least; callers go by the profile as it is published. */
async function faultsOf(spoken: Profile, published: Profile, { kind, filed }: Case): Promise<string[]> {
  const surfaces =
    kind === 'call'
      ? surfacesOf(filed.call).map((surface) => () => runCall(spoken, filed.call, surface))
      : filed.golden.surfaces.map((surface) => async () => {
          const world = await openWorld(spoken, filed.golden, published);
          return RUN[surface](filed.golden, world).finally(() => world.close());
        });
  const found: string[][] = [];
  for (const run of surfaces) found.push(await run());
  return found.sort((a, b) => a.length - b.length)[0] as string[];
}

describe('the built page tells', () => {
  const told = all.flatMap(({ profile, facts }) =>
    [...facts.facts.filter((fact) => waitsFor(profile, fact) === undefined), ...facts.none].flatMap(({ page = [] }) =>
      page.map((text) => [profile, text] as const),
    ),
  );
  const pages = new Map(
    profileNames().map((name) => {
      const profile = profileSchema.parse(profileOf(name));
      return [name, unescaped(toMarkdown(authenticationPage({ profile, tiers: tiersOf(profile.policy) })))];
    }),
  );

  it.each(told)('%s: %s', (profile, text) => {
    expect(pages.get(profile)).toContain(withValues(text, profileOf(profile)));
  });

  it.each(all)('every fact: $profile', ({ facts }) => {
    // OAuth is told when there is a page of it to follow; what is only watched by the operator is not the caller's.
    const untold = facts.facts.filter(({ page }) => page === undefined);
    expect(untold.filter(({ later }) => later === undefined).map(({ fact }) => fact)).toStrictEqual([]);
  });
});

/** Markdown as it reads: without the strokes that keep characters from being markup. */
const unescaped = (markdown: string): string => markdown.replace(/\\([\\`*_[\]<>&|~$@:.#+=)-])/g, '$1');

/** `{/pointer}` as people read it, 10,000; `{#/pointer}` as machines do. */
const withValues = (text: string, profile: unknown): string =>
  text.replace(/\{(#?)(\/[^}]+)\}/g, (_, plain: string, pointer: string) => {
    const value = valueAt(profile, pointer);
    return typeof value === 'number' && plain === '' ? value.toLocaleString('en-US') : String(value);
  });
