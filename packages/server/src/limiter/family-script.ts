// The Lua script that keeps the counters of key families in Redis, and the wire form of its calls and answers. Its definition is stepFamily in core.

import { createHash } from 'node:crypto';
import type { BudgetName, FamilyAnswer, FamilyCall } from '@latchkey/core';

const ASK_BYTES = 8 * 8;
/** Not longer than 64 bytes: with longer values Redis spreads a hash out, which takes it several times the memory. */
const TOTAL = '<ddi4di4i4i4dd';

/**
 * One hash per family. Numbers are packed: field `t` holds minute, use, day, use, known day, slots of nodes, leases,
 * the end of the first lease and what of the day is untold; `n:<node>` sequence, minute, use, day, use, slots; `l:<lease>` its end, as text. A hash that nobody calls for
 * three days is gone.
 * ARGV: the node, the numbers of all calls, packed, and after them the ids that the numbers count. The answer: all numbers, packed,
 * the time first, and after them the holders that the numbers count. What a plain take does not need is sent and read only with others.
 */
export const FAMILY_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local this_minute = math.floor(now / 60000)
local this_day = math.floor(now / 86400000)
local node, numbers = ARGV[1], ARGV[2]
local own_field = 'n:' .. node
local at, from = 2, 1
local floor, max, min, sub = math.floor, math.max, math.min, string.sub
local pack, unpack = struct.pack, struct.unpack
local call = redis.call
local out, written, names = { pack('<d', now) }, 1, {}

local function text() at = at + 1; return ARGV[at] end

local function say(packed) written = written + 1; out[written] = packed end

local function keep(key, id, ms, leases, next_end)
  local ends = now + ms
  if call('HSET', key, 'l:' .. id, string.format('%.0f', ends)) == 1 then leases = leases + 1 end
  return leases, next_end == 0 and ends or min(next_end, ends)
end

local function step(key)
  local sequence, minute_told, minute_own, day_told, day_own, slots_own, adopt, needs_day, asks, more
  sequence, minute_told, minute_own, day_told, day_own, slots_own, adopt, needs_day, asks, more, from = unpack('<dddddddddd', numbers, from)
  local unbooked, floor_day, floor_used, holds, frees, deads, ids = 0, -1, 0, 0, 0, 0, 0
  local units, part, ahead_minute, ahead_day, ahead_metered = 0, 1, -1, -1, 0
  if more == 1 then
    unbooked, floor_day, floor_used, holds, frees, deads, ids,
      units, part, ahead_minute, ahead_day, ahead_metered, from = unpack('<dddddddddddd', numbers, from)
  end
  local asked = from
  local after = at + ids
  from = from + ${ASK_BYTES} * asks

  local minute, minute_used, day, day_used, known_day, node_slots, leases, next_end, untold = 0, 0, 0, 0, -1, 0, 0, 0, 0
  local stored = call('HMGET', key, 't', own_field)
  local total, last = stored[1], stored[2]
  if total then
    minute, minute_used, day, day_used, known_day, node_slots, leases, next_end, untold = unpack('${TOTAL}', total)
  end
  local old_day = day
  local last_sequence, last_minute, last_minute_used, last_day, last_day_used, last_slots = -1, -1, 0, -1, 0, 0
  if last then
    last_sequence, last_minute, last_minute_used, last_day, last_day_used, last_slots = unpack('<dddddd', last)
  end

  -- Windows open, and never again.
  local rolled = this_day > day
  if this_minute > minute then minute = this_minute; minute_used = 0 end
  if rolled then
    if known_day >= 0 and known_day == day then known_day = this_day end
    day = this_day
    day_used = 0
    untold = 0
    -- A node without slots is forgotten with its day.
    if last and last_slots == 0 then last = false; last_minute = -1; last_day = -1 end
  end
  if last and sequence <= last_sequence then at = after; return say(pack('<d', 2)) end
  if needs_day == 1 and known_day ~= day and floor_day < 0 then at = after; return say(pack('<dd', 1, day)) end

  if rolled and total then
    local all = call('HGETALL', key)
    for i = 1, #all, 2 do
      if sub(all[i], 1, 2) == 'n:' then
        local _, _, _, _, _, slots = unpack('<dddddd', all[i + 1])
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
  minute_used = minute_used + minute_own - before_minute
  if minute_used < 0 then minute_used = 0 end
  day_used = day_used + day_own - before_day
  if day_used < 0 then day_used = 0 end
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
      local a, b, c, d, e, slots = unpack('<dddddd', packed)
      if slots > 0 then
        node_slots = node_slots - slots
        call('HSET', key, 'n:' .. id, pack('<dddddd', a, b, c, d, e, 0))
      end
    end
  end

  local full = false
  say('')
  local head = written
  for _ = 1, asks do
    local count, cost, slot, look, per_minute, per_day, concurrent, lease_ms
    count, cost, slot, look, per_minute, per_day, concurrent, lease_ms, asked = unpack('<dddddddd', numbers, asked)
    local lease = lease_ms >= 0 and text()
    local slots = node_slots + leases
    local granted, refused = count, 0
    if slot > 0 and concurrent >= 0 then
      local room = max(0, concurrent - slots)
      if slot == 2 or room == 0 then granted = min(granted, room) end
    end
    if cost > 0 then
      if per_minute >= 0 and minute_used + granted * cost > per_minute then
        granted = max(0, floor((per_minute - minute_used) / cost))
      end
      if per_day >= 0 and day_used + granted * cost > per_day then
        granted = max(0, floor((per_day - day_used) / cost))
      end
    end
    local minute_before, day_before, slots_before = minute_used, day_used, slots
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
      if slot > 0 and concurrent >= 0 and slots + 1 > concurrent then refused = 3; full = true
      elseif cost > 0 and per_day >= 0 and day_used + cost > per_day then refused = 2
      elseif cost > 0 and per_minute >= 0 and minute_used + cost > per_minute then refused = 1 end
    end
    say(pack('<ddddd', granted, refused, minute_before, day_before, slots_before))
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

  call('HSET', key,
    't', pack('${TOTAL}', minute, minute_used, day, day_used, known_day, node_slots, leases, next_end, untold),
    own_field, pack('<dddddd', sequence, minute, minute_own, day, day_own, slots_own))
  if old_day ~= day then call('PEXPIRE', key, 259200000) end
  local holders = 0
  if full then
    local all = call('HGETALL', key)
    for i = 1, #all, 2 do
      if sub(all[i], 1, 2) == 'n:' and all[i] ~= own_field then
        local _, _, _, _, _, slots = unpack('<dddddd', all[i + 1])
        if slots > 0 then
          holders = holders + 1
          names[#names + 1] = sub(all[i], 3)
        end
      end
    end
  end
  out[head] = pack('<ddddddddd', 0, minute, minute_own, day, day_own, slots_own, last and 1 or 0, units, holders)
end

for i = 1, #KEYS do step(KEYS[i]) end
local answer = { table.concat(out) }
for i = 1, #names do answer[i + 1] = names[i] end
return answer
`;

/** For tests: the same script on the time given as its last argument, in milliseconds. */
export const atGivenTime = (script: string): string =>
  script.replace("redis.call('TIME')", '{ math.floor(ARGV[#ARGV] / 1000), ARGV[#ARGV] % 1000 * 1000 }');

export const sha1Of = (script: string): string => createHash('sha1').update(script).digest('hex');

/** Of the same family the same hash tag, so that all of it lies on one node of a Redis Cluster. */
export const familyKey = (familyId: string): string => `latchkey:{${familyId}}`;

const NONE = -1;
const SLOTS = { none: 0, judge: 1, hold: 2 } as const;

/** The arguments of one run of the script, behind its keys. All calls are of one node. */
export function argumentsOf(node: string, calls: readonly FamilyCall[]): (string | Buffer)[] {
  const numbers: number[] = [];
  const ids: string[] = [];
  for (const call of calls) pushCall(numbers, ids, call);
  const packed = Buffer.allocUnsafe(8 * numbers.length);
  for (let at = 0; at < numbers.length; at++) packed.writeDoubleLE(numbers[at] as number, 8 * at);
  return [node, packed, ...ids];
}

function pushCall(numbers: number[], ids: string[], call: FamilyCall): void {
  const { own, dayFloor, ahead, hold, free, dead, asks } = call;
  const before = ids.length;
  for (const { id, ms } of hold) ids.push(id, `${ms}`);
  for (const id of free) ids.push(id);
  for (const id of dead) ids.push(id);
  for (const { lease } of asks) if (lease !== null) ids.push(lease.id);
  const hasMore = ids.length > before || call.unbooked > 0 || dayFloor !== null || ahead !== null;
  numbers.push(
    call.sequence,
    own.minute,
    own.minuteUsed,
    own.day,
    own.dayUsed,
    own.slots,
    call.adopt ? 1 : 0,
    call.needsDay ? 1 : 0,
    asks.length,
    hasMore ? 1 : 0,
  );
  if (hasMore)
    numbers.push(
      call.unbooked,
      dayFloor?.day ?? NONE,
      dayFloor?.used ?? 0,
      hold.length,
      free.length,
      dead.length,
      ids.length - before,
      ahead?.units ?? 0,
      ahead?.share ?? 1,
      ahead?.limits.perMinute ?? NONE,
      ahead?.limits.perDay?.limit ?? NONE,
      ahead?.limits.perDay?.metered === true ? 1 : 0,
    );
  for (const { limits, cost, count, slot, lease, look } of asks)
    numbers.push(
      count,
      cost,
      SLOTS[slot],
      look ? 1 : 0,
      limits.perMinute ?? NONE,
      // A day that is not metered refuses nobody.
      limits.perDay?.metered === true ? limits.perDay.limit : NONE,
      limits.concurrent ?? NONE,
      lease?.ms ?? NONE,
    );
}

const REFUSED: readonly (BudgetName | null)[] = [null, 'perMinute', 'perDay', 'concurrent'];

/** What the script answered to these calls. */
export function readAnswers(
  calls: readonly FamilyCall[],
  [packed, ...names]: readonly Buffer[],
): { now: number; answers: FamilyAnswer[] } {
  if (packed === undefined) throw new Error('the script answered nothing');
  let at = 0;
  let named = 0;
  const next = (): number => {
    at += 8;
    return packed.readDoubleLE(at - 8);
  };
  const now = next();
  const answers = calls.map(({ asks }): FamilyAnswer => {
    const result = next();
    if (result === 2) return { result: 'late' };
    if (result === 1) return { result: 'day_unknown', day: next() };
    const minute = next();
    const minuteUsed = next();
    const day = next();
    const own = { minute, minuteUsed, day, dayUsed: next(), slots: next() };
    const known = next() === 1;
    const ahead = next();
    const holders = next();
    const outcomes = asks.map(() => ({
      granted: next(),
      refusedBy: REFUSED[next()] ?? null,
      minuteUsed: next(),
      dayUsed: next(),
      slots: next(),
    }));
    const holding =
      holders === 0
        ? []
        : names
            .slice(named, named + holders)
            .map(String)
            .sort();
    named += holders;
    return { result: 'done', minute, day, own, known, outcomes, ahead, holders: holding };
  });
  return { now, answers };
}
