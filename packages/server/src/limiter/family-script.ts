// The Lua script that keeps the counters of key families in Redis, and the wire form of its calls and answers. Its definition is stepFamily in core.

import { createHash } from 'node:crypto';
import type { BudgetName, FamilyAnswer, FamilyAsk, FamilyCall, Limits } from '@latchkey/core';

/**
 * One hash per family. Field `t`: minute, use, day, use, known day, slots of nodes, leases, the end of the first lease;
 * `n:<node>`: sequence, minute, use, day, use, slots; `l:<lease>`: its end. A hash that nobody calls for three days is gone.
 * ARGV: the node, then for each key the number of its arguments and these.
 */
export const FAMILY_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local this_minute = math.floor(now / 60000)
local this_day = math.floor(now / 86400000)
local node = ARGV[1]
local own_field = 'n:' .. node
local at = 1
local floor, max, min, format, match = math.floor, math.max, math.min, string.format, string.match

local function text() at = at + 1; return ARGV[at] end
local function number() at = at + 1; return tonumber(ARGV[at]) end

local function share_of(packed)
  local sequence, minute, minute_used, day, day_used, slots = match(packed, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  return tonumber(sequence), tonumber(minute), tonumber(minute_used), tonumber(day), tonumber(day_used), tonumber(slots)
end

local function step(key)
  local stop = number()
  stop = at + stop
  local sequence, adopt = number(), number()
  local minute_told, minute_own, day_told, day_own, slots_own = number(), number(), number(), number(), number()
  local needs_day, floor_day, floor_used = number(), number(), number()

  local minute, minute_used, day, day_used, known_day, node_slots, leases, next_end = 0, 0, 0, 0, -1, 0, 0, 0
  local stored = redis.call('HMGET', key, 't', own_field)
  local fresh = not stored[1]
  if not fresh then
    local a, b, c, d, e, f, g, h = match(stored[1], '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
    minute, minute_used, day, day_used = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
    known_day, node_slots, leases, next_end = tonumber(e), tonumber(f), tonumber(g), tonumber(h)
  end
  local old_day = day
  local last = stored[2]
  local last_sequence, last_minute, last_minute_used, last_day, last_day_used, last_slots = -1, -1, 0, -1, 0, 0
  if last then
    last_sequence, last_minute, last_minute_used, last_day, last_day_used, last_slots = share_of(last)
  end

  -- Windows open, and never again.
  local rolled = this_day > day
  if this_minute > minute then minute = this_minute; minute_used = 0 end
  if rolled then
    if known_day >= 0 and known_day == day then known_day = this_day end
    day = this_day
    day_used = 0
  end
  -- A node without slots is forgotten with its day.
  if rolled and last and last_slots == 0 then last = false; last_minute = -1; last_day = -1 end
  if last and sequence <= last_sequence then at = stop; return { 2 } end
  if needs_day == 1 and known_day ~= day and floor_day < 0 then at = stop; return { 1, day } end

  if rolled and not fresh then
    local all = redis.call('HGETALL', key)
    for i = 1, #all, 2 do
      if string.sub(all[i], 1, 2) == 'n:' then
        local _, _, _, _, _, slots = share_of(all[i + 1])
        if slots == 0 then redis.call('HDEL', key, all[i]) end
      end
    end
  end
  if leases > 0 and now >= next_end then
    leases = 0
    next_end = 0
    local all = redis.call('HGETALL', key)
    for i = 1, #all, 2 do
      if string.sub(all[i], 1, 2) == 'l:' then
        local ends = tonumber(all[i + 1])
        if ends <= now then
          redis.call('HDEL', key, all[i])
        else
          leases = leases + 1
          next_end = next_end == 0 and ends or min(next_end, ends)
        end
      end
    end
  end

  local before_minute = last_minute == minute and last_minute_used or 0
  local before_day = last_day == day and last_day_used or 0
  minute_own = minute_told == minute and minute_own or 0
  day_own = day_told == day and day_own or 0
  if adopt == 1 then
    minute_own = minute_own + before_minute
    day_own = day_own + before_day
    slots_own = slots_own + last_slots
  end
  minute_used = max(0, minute_used + minute_own - before_minute)
  day_used = max(0, day_used + day_own - before_day)
  node_slots = node_slots + slots_own - last_slots
  if floor_day >= 0 then
    if floor_day == day then day_used = max(day_used, floor_used) end
    known_day = day
  end

  local function keep(id, ms)
    local ends = now + ms
    local old = redis.call('HGET', key, 'l:' .. id)
    if not old then leases = leases + 1 end
    redis.call('HSET', key, 'l:' .. id, format('%.0f', ends))
    next_end = next_end == 0 and ends or min(next_end, ends)
  end
  for _ = 1, number() do
    local id = text()
    keep(id, number())
  end
  for _ = 1, number() do
    if redis.call('HDEL', key, 'l:' .. text()) == 1 then leases = leases - 1 end
  end
  for _ = 1, number() do
    local id = text()
    local packed = id ~= node and redis.call('HGET', key, 'n:' .. id)
    if packed then
      local a, b, c, d, e, slots = share_of(packed)
      if slots > 0 then
        node_slots = node_slots - slots
        redis.call('HSET', key, 'n:' .. id, format('%.0f %.0f %.0f %.0f %.0f 0', a, b, c, d, e))
      end
    end
  end

  local units, part, ahead_minute, ahead_day, ahead_metered = number(), number(), number(), number(), number()
  local answer = { 0, minute, day, 0, 0, 0, last and 1 or 0, 0 }
  local full = false
  local asks = number()
  answer[9] = asks
  for _ = 1, asks do
    local count, cost, slot, look, lease, lease_ms = number(), number(), number(), number(), text(), number()
    local per_minute, per_day, metered, concurrent = number(), number(), number(), number()
    local slots = node_slots + leases
    local n = #answer
    local granted = count
    if slot > 0 and concurrent >= 0 then
      local room = max(0, concurrent - slots)
      if slot == 2 or room == 0 then granted = min(granted, room) end
    end
    if cost > 0 then
      if per_minute >= 0 then granted = min(granted, max(0, floor((per_minute - minute_used) / cost))) end
      if per_day >= 0 and metered == 1 then granted = min(granted, max(0, floor((per_day - day_used) / cost))) end
    end
    answer[n + 1], answer[n + 3], answer[n + 4], answer[n + 5] = granted, minute_used, day_used, slots
    if look == 0 then
      local spent = granted * cost
      minute_used = minute_used + spent
      day_used = day_used + spent
      minute_own = minute_own + spent
      day_own = day_own + spent
      if slot == 2 and granted > 0 then
        if lease == '' then
          node_slots = node_slots + granted
          slots_own = slots_own + granted
        else
          keep(lease, lease_ms)
        end
        slots = node_slots + leases
      end
    end
    local refused = 0
    if granted < count then
      if slot > 0 and concurrent >= 0 and slots + 1 > concurrent then refused = 3; full = true
      elseif cost > 0 and per_day >= 0 and metered == 1 and day_used + cost > per_day then refused = 2
      elseif cost > 0 and per_minute >= 0 and minute_used + cost > per_minute then refused = 1 end
    end
    answer[n + 2] = refused
  end

  if units > 0 then
    if ahead_minute >= 0 then units = min(units, floor((ahead_minute - minute_used) / part)) end
    if ahead_day >= 0 then
      if ahead_metered == 1 then units = min(units, floor((ahead_day - day_used) / part))
      elseif day_used <= ahead_day then units = min(units, ahead_day - day_used) end
    end
    units = max(0, units)
    minute_used = minute_used + units
    day_used = day_used + units
    minute_own = minute_own + units
    day_own = day_own + units
  end
  answer[4], answer[5], answer[6], answer[8] = minute_own, day_own, slots_own, units

  redis.call('HSET', key,
    't', format('%.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f', minute, minute_used, day, day_used, known_day, node_slots, leases, next_end),
    own_field, format('%.0f %.0f %.0f %.0f %.0f %.0f', sequence, minute, minute_own, day, day_own, slots_own))
  if old_day ~= day then redis.call('PEXPIRE', key, 259200000) end
  if full then
    local all = redis.call('HGETALL', key)
    for i = 1, #all, 2 do
      if string.sub(all[i], 1, 2) == 'n:' and all[i] ~= own_field then
        local _, _, _, _, _, slots = share_of(all[i + 1])
        if slots > 0 then answer[#answer + 1] = string.sub(all[i], 3) end
      end
    end
  end
  return answer
end

local answers = { now }
for i = 1, #KEYS do answers[i + 1] = step(KEYS[i]) end
return answers
`;

/** For tests: the same script on the time given as its last argument, in milliseconds. */
export const atGivenTime = (script: string): string =>
  script.replace("redis.call('TIME')", '{ math.floor(ARGV[#ARGV] / 1000), ARGV[#ARGV] % 1000 * 1000 }');

export const sha1Of = (script: string): string => createHash('sha1').update(script).digest('hex');

/** Of the same family the same hash tag, so that all of it lies on one node of a Redis Cluster. */
export const familyKey = (familyId: string): string => `latchkey:{${familyId}}`;

type Argument = string | number;

const NONE = -1;
const limitArguments = ({ perMinute, perDay, concurrent }: Limits): [number, number, number, number] => [
  perMinute ?? NONE,
  perDay?.limit ?? NONE,
  perDay?.metered === true ? 1 : 0,
  concurrent ?? NONE,
];
const SLOTS = { none: 0, judge: 1, hold: 2 } as const;

const pushAsk = (to: Argument[], { limits, cost, count, slot, lease, look }: FamilyAsk): void => {
  to.push(count, cost, SLOTS[slot], look ? 1 : 0, lease?.id ?? '', lease?.ms ?? 0, ...limitArguments(limits));
};

/** Appends the arguments of one family's call. */
export function pushCall(to: Argument[], call: FamilyCall): void {
  const lengthAt = to.push(0) - 1;
  const { own, dayFloor, ahead } = call;
  to.push(call.sequence, call.adopt ? 1 : 0, own.minute, own.minuteUsed, own.day, own.dayUsed, own.slots);
  to.push(call.needsDay ? 1 : 0, dayFloor?.day ?? NONE, dayFloor?.used ?? 0);
  to.push(call.hold.length);
  for (const { id, ms } of call.hold) to.push(id, ms);
  to.push(call.free.length, ...call.free, call.dead.length, ...call.dead);
  if (ahead === null) to.push(0, 1, NONE, NONE, 0);
  else to.push(ahead.units, ahead.share, ...limitArguments(ahead.limits).slice(0, 3));
  to.push(call.asks.length);
  for (const ask of call.asks) pushAsk(to, ask);
  to[lengthAt] = to.length - lengthAt - 1;
}

const REFUSED: readonly (BudgetName | null)[] = [null, 'perMinute', 'perDay', 'concurrent'];
const HEAD = 9;
const OUTCOME = 5;

/** What the script answered for one family. */
export function readAnswer(raw: readonly (number | string)[]): FamilyAnswer {
  const at = (place: number): number => Number(raw[place]);
  if (raw[0] === 2) return { result: 'late' };
  if (raw[0] === 1) return { result: 'day_unknown', day: at(1) };
  const [minute, day, asks] = [at(1), at(2), at(8)];
  const outcomes = Array.from({ length: asks }, (_, index) => {
    const from = HEAD + index * OUTCOME;
    return {
      granted: at(from),
      refusedBy: REFUSED[at(from + 1)] ?? null,
      minuteUsed: at(from + 2),
      dayUsed: at(from + 3),
      slots: at(from + 4),
    };
  });
  return {
    result: 'done',
    minute,
    day,
    own: { minute, minuteUsed: at(3), day, dayUsed: at(4), slots: at(5) },
    known: raw[6] === 1,
    outcomes,
    ahead: at(7),
    holders: raw
      .slice(HEAD + asks * OUTCOME)
      .map(String)
      .sort(),
  };
}
