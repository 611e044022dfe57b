// The Lua script that keeps the counters of key families in Redis, and the wire form of its calls and answers. Its definition is stepFamily in core.

import { createHash } from 'node:crypto';
import type { BudgetName, FamilyAnswer, FamilyCall } from '@latchkey/core';

/**
 * One hash per family. Numbers are doubles, packed: field `t` holds minute, use, day, use, known day, slots of nodes, leases,
 * the end of the first lease and what of the day is untold; `n:<node>` sequence, minute, use, day, use, slots; `l:<lease>` its end, as text. A hash that nobody calls for
 * three days is gone.
 * ARGV: the node, then for each key its numbers, packed, and after them the ids that the numbers count.
 */
export const FAMILY_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local this_minute = math.floor(now / 60000)
local this_day = math.floor(now / 86400000)
local node = ARGV[1]
local own_field = 'n:' .. node
local at = 1
local floor, max, min, sub = math.floor, math.max, math.min, string.sub
local pack, unpack = struct.pack, struct.unpack
local call = redis.call

local function text() at = at + 1; return ARGV[at] end

local function keep(key, id, ms, leases, next_end)
  local ends = now + ms
  if call('HSET', key, 'l:' .. id, string.format('%.0f', ends)) == 1 then leases = leases + 1 end
  return leases, next_end == 0 and ends or min(next_end, ends)
end

local function step(key)
  at = at + 1
  local numbers = ARGV[at]
  local sequence, adopt, minute_told, minute_own, day_told, day_own, slots_own, unbooked, needs_day, floor_day, floor_used,
    units, part, ahead_minute, ahead_day, ahead_metered, holds, frees, deads, asks, ids, from = unpack('>ddddddddddddddddddddd', numbers)
  local after = at + ids

  local minute, minute_used, day, day_used, known_day, node_slots, leases, next_end, untold = 0, 0, 0, 0, -1, 0, 0, 0, 0
  local stored = call('HMGET', key, 't', own_field)
  local fresh = not stored[1]
  if not fresh then
    minute, minute_used, day, day_used, known_day, node_slots, leases, next_end, untold = unpack('>ddddddddd', stored[1])
  end
  local old_day = day
  local last = stored[2]
  local last_sequence, last_minute, last_minute_used, last_day, last_day_used, last_slots = -1, -1, 0, -1, 0, 0
  if last then
    last_sequence, last_minute, last_minute_used, last_day, last_day_used, last_slots = unpack('>dddddd', last)
  end

  -- Windows open, and never again.
  local rolled = this_day > day
  if this_minute > minute then minute = this_minute; minute_used = 0 end
  if rolled then
    if known_day >= 0 and known_day == day then known_day = this_day end
    day = this_day
    day_used = 0
    untold = 0
  end
  -- A node without slots is forgotten with its day.
  if rolled and last and last_slots == 0 then last = false; last_minute = -1; last_day = -1 end
  if last and sequence <= last_sequence then at = after; return { 2 } end
  if needs_day == 1 and known_day ~= day and floor_day < 0 then at = after; return { 1, day } end

  if rolled and not fresh then
    local all = call('HGETALL', key)
    for i = 1, #all, 2 do
      if sub(all[i], 1, 2) == 'n:' then
        local _, _, _, _, _, slots = unpack('>dddddd', all[i + 1])
        if slots == 0 then call('HDEL', key, all[i]) end
      end
    end
  end
  if leases > 0 and now >= next_end then
    leases = 0
    next_end = 0
    local all = call('HGETALL', key)
    for i = 1, #all, 2 do
      if sub(all[i], 1, 2) == 'l:' then
        local ends = tonumber(all[i + 1])
        if ends <= now then
          call('HDEL', key, all[i])
        else
          leases = leases + 1
          next_end = next_end == 0 and ends or min(next_end, ends)
        end
      end
    end
  end

  local before_minute = last_minute == minute and last_minute_used or 0
  local before_day = last_day == day and last_day_used or 0
  if minute_told ~= minute then minute_own = 0 end
  if day_told ~= day then day_own = 0 end
  if adopt == 1 then
    minute_own = minute_own + before_minute
    day_own = day_own + before_day
    slots_own = slots_own + last_slots
  end
  minute_used = max(0, minute_used + minute_own - before_minute)
  day_used = max(0, day_used + day_own - before_day)
  node_slots = node_slots + slots_own - last_slots
  if not last then
    local booked = max(0, day_own - (day_told == day and unbooked or 0))
    if known_day == day then
      booked = min(untold, booked)
      day_used = day_used - booked
    end
    untold = untold - booked
  end
  if floor_day >= 0 and known_day ~= day then
    untold = max(0, untold + (floor_day == day and floor_used or 0))
    day_used = day_used + untold
    known_day = day
  end

  for _ = 1, holds do
    local id = text()
    leases, next_end = keep(key, id, tonumber(text()), leases, next_end)
  end
  for _ = 1, frees do
    if call('HDEL', key, 'l:' .. text()) == 1 then leases = leases - 1 end
  end
  for _ = 1, deads do
    local id = text()
    local packed = id ~= node and call('HGET', key, 'n:' .. id)
    if packed then
      local a, b, c, d, e, slots = unpack('>dddddd', packed)
      if slots > 0 then
        node_slots = node_slots - slots
        call('HSET', key, 'n:' .. id, pack('>dddddd', a, b, c, d, e, 0))
      end
    end
  end

  local answer = { 0, minute, day, 0, 0, 0, last and 1 or 0, 0, asks }
  local full = false
  local n = 9
  for _ = 1, asks do
    local count, cost, slot, look, lease_ms, per_minute, per_day, metered, concurrent
    count, cost, slot, look, lease_ms, per_minute, per_day, metered, concurrent, from = unpack('>ddddddddd', numbers, from)
    local lease = lease_ms >= 0 and text()
    local slots = node_slots + leases
    local granted = count
    if slot > 0 and concurrent >= 0 then
      local room = max(0, concurrent - slots)
      if slot == 2 or room == 0 then granted = min(granted, room) end
    end
    if cost > 0 then
      if per_minute >= 0 then granted = min(granted, max(0, floor((per_minute - minute_used) / cost))) end
      if per_day >= 0 and metered == 1 then granted = min(granted, max(0, floor((per_day - day_used) / cost))) end
    end
    answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4], answer[n + 5] = granted, 0, minute_used, day_used, slots
    if look == 0 then
      local spent = granted * cost
      minute_used = minute_used + spent
      day_used = day_used + spent
      minute_own = minute_own + spent
      day_own = day_own + spent
      if slot == 2 and granted > 0 then
        if lease then
          leases, next_end = keep(key, lease, lease_ms, leases, next_end)
        else
          node_slots = node_slots + granted
          slots_own = slots_own + granted
        end
        slots = node_slots + leases
      end
    end
    if granted < count then
      if slot > 0 and concurrent >= 0 and slots + 1 > concurrent then answer[n + 2] = 3; full = true
      elseif cost > 0 and per_day >= 0 and metered == 1 and day_used + cost > per_day then answer[n + 2] = 2
      elseif cost > 0 and per_minute >= 0 and minute_used + cost > per_minute then answer[n + 2] = 1 end
    end
    n = n + 5
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

  call('HSET', key,
    't', pack('>ddddddddd', minute, minute_used, day, day_used, known_day, node_slots, leases, next_end, untold),
    own_field, pack('>dddddd', sequence, minute, minute_own, day, day_own, slots_own))
  if old_day ~= day then call('PEXPIRE', key, 259200000) end
  if full then
    local all = call('HGETALL', key)
    for i = 1, #all, 2 do
      if sub(all[i], 1, 2) == 'n:' and all[i] ~= own_field then
        local _, _, _, _, _, slots = unpack('>dddddd', all[i + 1])
        if slots > 0 then
          n = n + 1
          answer[n] = sub(all[i], 3)
        end
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

type Argument = string | number | Buffer;

const NONE = -1;
const SLOTS = { none: 0, judge: 1, hold: 2 } as const;
const HEAD_NUMBERS = 21;
const ASK_NUMBERS = 9;

/** Appends the arguments of one family's call. */
export function pushCall(to: Argument[], call: FamilyCall): void {
  const { own, dayFloor, ahead, hold, free, dead, asks } = call;
  const packed = Buffer.allocUnsafe(8 * (HEAD_NUMBERS + ASK_NUMBERS * asks.length));
  let at = 0;
  const put = (number: number): void => {
    at = packed.writeDoubleBE(number, at);
  };
  const ids: string[] = [];
  for (const { id, ms } of hold) ids.push(id, `${ms}`);
  for (const id of free) ids.push(id);
  for (const id of dead) ids.push(id);
  for (const { lease } of asks) if (lease !== null) ids.push(lease.id);
  put(call.sequence);
  put(call.adopt ? 1 : 0);
  put(own.minute);
  put(own.minuteUsed);
  put(own.day);
  put(own.dayUsed);
  put(own.slots);
  put(call.unbooked);
  put(call.needsDay ? 1 : 0);
  put(dayFloor?.day ?? NONE);
  put(dayFloor?.used ?? 0);
  put(ahead?.units ?? 0);
  put(ahead?.share ?? 1);
  put(ahead?.limits.perMinute ?? NONE);
  put(ahead?.limits.perDay?.limit ?? NONE);
  put(ahead?.limits.perDay?.metered === true ? 1 : 0);
  put(hold.length);
  put(free.length);
  put(dead.length);
  put(asks.length);
  put(ids.length);
  for (const { limits, cost, count, slot, lease, look } of asks) {
    put(count);
    put(cost);
    put(SLOTS[slot]);
    put(look ? 1 : 0);
    put(lease?.ms ?? NONE);
    put(limits.perMinute ?? NONE);
    put(limits.perDay?.limit ?? NONE);
    put(limits.perDay?.metered === true ? 1 : 0);
    put(limits.concurrent ?? NONE);
  }
  to.push(packed, ...ids);
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
