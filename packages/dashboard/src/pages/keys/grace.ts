// Grace periods to choose from, and how much time is left of one. Pure.

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Seconds; 0 ends the old generation at once. */
const GRACE_PRESETS = [0, HOUR, DAY, 7 * DAY, 30 * DAY] as const;
/** What the server takes. */
export const LONGEST_GRACE = 31_536_000;

/** Presets with the provider's own default among them, in order. */
export function gracePresets(usual: number | null): number[] {
  return [...new Set([...GRACE_PRESETS, ...(usual === null ? [] : [usual])])].sort((a, b) => a - b);
}

/** The largest unit that says it in whole numbers. */
function durationParts(seconds: number): { unit: 'second' | 'minute' | 'hour' | 'day'; count: number } {
  if (seconds % DAY === 0 && seconds > 0) return { unit: 'day', count: seconds / DAY };
  if (seconds % HOUR === 0 && seconds > 0) return { unit: 'hour', count: seconds / HOUR };
  if (seconds % 60 === 0 && seconds > 0) return { unit: 'minute', count: seconds / 60 };
  return { unit: 'second', count: seconds };
}

export function durationText(seconds: number, language: string): string {
  const { unit, count } = durationParts(seconds);
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}

/** `2 d 03:04:05`, as a clock that runs down. Empty when it is over. */
export function countdown(endsAt: string, now: number): string {
  const left = Math.floor((Date.parse(endsAt) - now) / 1000);
  if (left <= 0) return '';
  const two = (value: number) => String(value).padStart(2, '0');
  const days = Math.floor(left / DAY);
  const clock = `${two(Math.floor((left % DAY) / HOUR))}:${two(Math.floor((left % HOUR) / 60))}:${two(left % 60)}`;
  return days > 0 ? `${days} d ${clock}` : clock;
}

/** For how long an old generation has to be unused before it counts as quiet. */
const QUIET_AFTER_MS = 15 * 60_000;

/** Whether the old generation is still used: since the new one was made, and lately. */
export function useOfOld(
  old: { lastUsedAt: string | null },
  next: { createdAt: string },
  now: number,
): 'in_use' | 'quiet' | 'unused_since_rotation' {
  const last = old.lastUsedAt === null ? null : Date.parse(old.lastUsedAt);
  if (last === null || last < Date.parse(next.createdAt)) return 'unused_since_rotation';
  return now - last < QUIET_AFTER_MS ? 'in_use' : 'quiet';
}
