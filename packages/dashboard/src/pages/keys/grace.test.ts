// What is said about the old generation of a key is what its times say.

import { describe, expect, it } from 'vitest';
import { countdown, durationText, gracePresets, useOfOld } from './grace';

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 12, minutes)).toISOString();
const NOW = Date.parse(at(60));
const next = { createdAt: at(0) };

describe('the old generation', () => {
  it('counts as in use only by use since the rotation, in the last quarter of an hour', () => {
    expect(useOfOld({ lastUsedAt: null }, next, NOW)).toBe('unused_since_rotation');
    expect(useOfOld({ lastUsedAt: at(-1) }, next, NOW)).toBe('unused_since_rotation');
    expect(useOfOld({ lastUsedAt: at(10) }, next, NOW)).toBe('quiet');
    expect(useOfOld({ lastUsedAt: at(59) }, next, NOW)).toBe('in_use');
  });

  it('counts down to the second, and ends at nothing', () => {
    expect(countdown(at(61), NOW)).toBe('00:01:00');
    expect(countdown(at(60 + 2 * 1440 + 61), NOW)).toBe('2 d 01:01:00');
    expect(countdown(at(60), NOW)).toBe('');
  });
});

describe('grace periods', () => {
  it("have the provider's own among them, once", () => {
    expect(gracePresets(86_400)).toEqual([0, 3600, 86_400, 604_800, 2_592_000]);
    expect(gracePresets(7200)).toEqual([0, 3600, 7200, 86_400, 604_800, 2_592_000]);
    expect(gracePresets(null)).toHaveLength(5);
  });

  it('are said in the largest unit that fits', () => {
    expect(durationText(7200, 'en')).toBe('2 hours');
    expect(durationText(86_400, 'de')).toBe('1 Tag');
    expect(durationText(90, 'en')).toBe('90 seconds');
  });
});
