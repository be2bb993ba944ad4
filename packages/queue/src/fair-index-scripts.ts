/**
 * The fair queue in Lua, one script per verb. `fair-queue.ts` in the scheduler documents each verb
 * and must pick exactly the same tasks. All tags are integers, so both compute the same values.
 *
 * Keys of a lane:
 *   mark        names the server and the fill that the index belongs to
 *   clock       the virtual time: the start tag of the last pick
 *   turns       ZSET  tenant -> start tag of its next task; only tenants in turn
 *   rests       ZSET  tenant without tasks -> its finish tag, until the clock has passed it
 *   tenants     HASH  tenant -> packed state, see `open`
 *   queued      HASH  task -> cost and time of queueing
 *   running     HASH  task -> the fields that undo or correct its pick, see `pick`
 *   counts      HASH  the expected numbers of tasks and tenants, which reveal a lost key
 *   ages, seconds     HASH and ZSET: queued tasks by the second in which they were queued
 *   q:<tenant>:<key>  ZSET  a line: task -> order
 *   k:<tenant>, i:<tenant>  ZSET  named fairness keys in turn, and at rest, -> tag
 *
 * Most tenants use only the empty fairness key. Its tag is part of the tenant's state, so those
 * tenants need no `k:` and `i:`. States are packed into the fields of one hash, because a key per
 * tenant would cost 150 bytes more.
 */
import { KEYS_AT_REST_MAX } from '@runfleet/scheduler';

/** The keys of a lane expire this long after the last write; a lane with tasks is filled again. */
export const LANE_SECONDS = 3_600;
/** How long the mark of a lane without tasks is kept. */
const LANE_AT_REST_SECONDS = 60;

const LIBRARY = `
local P = KEYS[1]
local call, floor = redis.call, math.floor
local TURNS, RESTS, TENANTS = P .. 'turns', P .. 'rests', P .. 'tenants'
local QUEUED, RUNNING, COUNTS = P .. 'queued', P .. 'running', P .. 'counts'
local pack, unpackAll = cmsgpack.pack, cmsgpack.unpack

local clock
local function now()
  if not clock then clock = tonumber(call('GET', P .. 'clock') or '0') end
  return clock
end

local function share(ms, weight) return floor(ms / weight + 0.5) end
local function charge(cost, weight) return math.max(1, share(cost, weight)) end

-- Prefixed with their length, ids sort as numbers: shorter ones first.
local function member(task) return string.char(96 + #task) .. task end
local function line(t, key) return P .. 'q:' .. t.id .. ':' .. key end

-- Keys of tenants that this script has written to.
local touched = {}

-- Changes of 'counts', written once per script.
local counted = { queued = 0, running = 0, parked = 0, serving = 0 }
local function count(what, delta) counted[what] = counted[what] + delta end

local function stateOf(t)
  if t.queued > 0 then
    if t.limit < 0 or t.running < t.limit then return 'turns' end
    return 'parked'
  end
  if t.running > 0 then return 'serving' end
  return 'rests'
end

local function open(id)
  local t = { id = id }
  local packed = call('HGET', TENANTS, id)
  if packed then
    t.tag, t.weight, t.limit, t.running, t.queued, t.work, t.clock, t.plainTag, t.plainQueued, t.keyed =
      unpackAll(packed)
    t.before = stateOf(t)
  else
    t.tag, t.weight, t.limit, t.running, t.queued = 0, 1, -1, 0, 0
    t.work, t.clock, t.plainTag, t.plainQueued, t.keyed = 0, 0, 0, 0, 0
  end
  t.tagBefore = t.tag
  return t
end

-- Writes a tenant back and updates its state: in turn, parked, at rest or forgotten. A tenant that
-- comes in turn starts at the clock at the earliest, unless it only returns to its previous tag.
local function close(t, returns)
  local before, after = t.before, stateOf(t)
  if after == 'turns' then
    local joins = before ~= 'turns'
    if joins and not returns and t.tag < now() then t.tag = now() end
    if joins or t.tag ~= t.tagBefore then call('ZADD', TURNS, t.tag, t.id) end
  elseif before == 'turns' then
    call('ZREM', TURNS, t.id)
  end
  if counted[before] then count(before, -1) end
  if counted[after] then count(after, 1) end
  if after == 'rests' then
    if t.keyed == 1 then call('UNLINK', P .. 'k:' .. t.id, P .. 'i:' .. t.id) end
    t.clock, t.plainTag, t.keyed = 0, 0, 0
    if t.tag <= now() then
      call('HDEL', TENANTS, t.id)
      return
    end
    call('ZADD', RESTS, t.tag, t.id)
  elseif before == 'rests' then
    call('ZREM', RESTS, t.id)
  end
  call('HSET', TENANTS, t.id, pack(t.tag, t.weight, t.limit, t.running, t.queued, t.work,
    t.clock, t.plainTag, t.plainQueued, t.keyed))
end

-- A key's tag, and whether the key is in turn. The tag is nil if the key is forgotten: it is at
-- rest, and the tenant's clock has passed it.
local function keyTag(t, key)
  if key == '' then
    if t.plainQueued > 0 then return t.plainTag, true end
    if t.plainTag > t.clock then return t.plainTag, false end
    return nil, false
  end
  if t.keyed == 0 then return nil, false end
  local tag = call('ZSCORE', P .. 'k:' .. t.id, key)
  if tag then return tonumber(tag), true end
  tag = tonumber(call('ZSCORE', P .. 'i:' .. t.id, key) or '0')
  if tag > t.clock then return tag, false end
  return nil, false
end

local function setKeyTag(t, key, tag, wasInTurn, isInTurn)
  if key == '' then t.plainTag = tag return end
  t.keyed = 1
  local turns, rests = P .. 'k:' .. t.id, P .. 'i:' .. t.id
  touched[turns], touched[rests] = true, true
  if isInTurn then
    call('ZADD', turns, tag, key)
    if not wasInTurn then call('ZREM', rests, key) end
  else
    if wasInTurn then call('ZREM', turns, key) end
    if tag > t.clock then
      call('ZADD', rests, tag, key)
      if call('ZCARD', rests) > ${KEYS_AT_REST_MAX} then call('ZPOPMIN', rests) end
    else
      call('ZREM', rests, key)
    end
  end
end

local function countAge(queuedAt, delta)
  local second = string.format('%.0f', floor(queuedAt / 1000))
  local tasks = call('HINCRBY', P .. 'ages', second, delta)
  if tasks <= 0 then
    call('HDEL', P .. 'ages', second)
    call('ZREM', P .. 'seconds', second)
  elseif tasks == delta then
    call('ZADD', P .. 'seconds', second, second)
  end
end

local function enqueue(t, task, key, order, cost, queuedAt)
  call('HSET', QUEUED, task, pack(cost, queuedAt))
  call('ZADD', line(t, key), order, member(task))
  touched[line(t, key)] = true
  if key == '' then t.plainQueued = t.plainQueued + 1 end
  t.queued, t.work = t.queued + 1, t.work + cost
  count('queued', 1)
  countAge(queuedAt, 1)
end

local function dequeue(t, task, key, cost, queuedAt)
  call('HDEL', QUEUED, task)
  if key == '' then t.plainQueued = t.plainQueued - 1 end
  t.queued, t.work = t.queued - 1, t.work - cost
  count('queued', -1)
  countAge(queuedAt, -1)
end

-- Removes a task from its line. Returns its tenant, still open, or nil if the task is not in that
-- line.
local function removeFromLine(id, task, key)
  local packed = call('HGET', QUEUED, task)
  if not packed then return nil end
  local t = open(id)
  if call('ZREM', line(t, key), member(task)) == 0 then return nil end
  local cost, queuedAt = unpackAll(packed)
  local tag = keyTag(t, key)
  dequeue(t, task, key, cost, queuedAt)
  if key ~= '' and call('EXISTS', line(t, key)) == 0 then setKeyTag(t, key, tag or 0, true, false) end
  return t
end

local function run(task, record)
  call('HSET', RUNNING, task, record)
  count('running', 1)
end

-- Ends a task's run. Returns the fields that 'pick' stored for it, or nil if it is not running.
local function endRun(task)
  local packed = call('HGET', RUNNING, task)
  if not packed then return nil end
  call('HDEL', RUNNING, task)
  count('running', -1)
  return unpackAll(packed)
end

-- Ends a run and corrects the charge of its pick. Returns 1 if the task was running, else 0.
local function release(task, used)
  local id, key, _, _, cost, weight, finish = endRun(task)
  if not id then return 0 end
  local t = open(id)
  t.running = t.running - 1
  t.tag = t.tag + share(used, weight) - charge(cost, weight)
  local tag, isInTurn = keyTag(t, key)
  setKeyTag(t, key, (tag or finish) + used - cost, isInTurn, isInTurn)
  close(t)
  return 1
end

-- The keys of a lane with labels expire, because it may never be read again: they expire some time
-- after the last write, and its mark soon after its last task.
local IS_LANE = string.find(P, '?', 1, true) ~= nil
local function keep(...)
  if not IS_LANE then return end
  for _, key in ipairs({ ... }) do call('EXPIRE', key, ${LANE_SECONDS}) end
end

-- Writes the counts. In a lane that has come to rest, all tenants start again equal.
local function done(answer)
  if call('EXISTS', QUEUED, RUNNING) == 0 then
    call('UNLINK', COUNTS, P .. 'clock', TENANTS, RESTS)
    if IS_LANE then call('EXPIRE', P .. 'mark', ${LANE_AT_REST_SECONDS}) end
  else
    for what, delta in pairs(counted) do
      if delta ~= 0 then call('HINCRBY', COUNTS, what, delta) end
    end
    keep(P .. 'mark', P .. 'clock', TURNS, RESTS, TENANTS, QUEUED, RUNNING, COUNTS, P .. 'ages',
      P .. 'seconds')
    for key in pairs(touched) do keep(key) end
  end
  return answer
end
`;

/**
 * Arguments, repeated: tenant, task, key, order, cost, time of queueing, weight, limit. Returns how
 * many were new.
 */
const INSERT = `
local added, opened = 0, {}
for i = 1, #ARGV, 8 do
  local id, task, key = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if call('HEXISTS', RUNNING, task) == 0 and call('HEXISTS', QUEUED, task) == 0 then
    local t, limit = opened[id], tonumber(ARGV[i + 7])
    -- A new limit may park a tenant or bring it back in turn, which moves its tag.
    if t and t.limit ~= limit then
      close(t)
      t = nil
    end
    if not t then
      t = open(id)
      opened[id] = t
    end
    t.weight, t.limit = tonumber(ARGV[i + 6]), limit
    local tag, isInTurn = keyTag(t, key)
    if not isInTurn then setKeyTag(t, key, math.max(t.clock, tag or 0), false, true) end
    enqueue(t, task, key, ARGV[i + 3], tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5]))
    added = added + 1
  end
end
for _, t in pairs(opened) do close(t) end
return done(added)`;

/**
 * Arguments: mark, number of tasks. Returns, repeated: task, tenant, key, cost, weight, time of
 * queueing; false under another mark. Each pick also forgets up to two tenants and two keys that
 * the clocks have passed.
 */
const PICK = `
if call('GET', P .. 'mark') ~= ARGV[1] then return false end
local picked = {}
-- If one key is missing, others may be too: the mark is deleted, so that the index is filled again.
local function giveUp()
  call('DEL', P .. 'mark')
  return false
end
for _ = 1, tonumber(ARGV[2]) do
  local id = call('ZRANGE', TURNS, 0, 0)[1]
  if not id then break end
  local t = open(id)
  if t.before ~= 'turns' then return giveUp() end
  clock = math.max(now(), t.tag)

  local key, start
  if t.plainQueued > 0 then key, start = '', t.plainTag end
  if t.keyed == 1 then
    local head = call('ZRANGE', P .. 'k:' .. id, 0, 0, 'WITHSCORES')
    local tag = tonumber(head[2])
    if tag and (not start or tag < start) then key, start = head[1], tag end
  end
  if not start then return giveUp() end
  t.clock = math.max(t.clock, start)

  local head = call('ZPOPMIN', line(t, key))
  local task = string.sub(head[1] or '', 2)
  local packed = call('HGET', QUEUED, task)
  if not packed then return giveUp() end
  local cost, queuedAt = unpackAll(packed)
  dequeue(t, task, key, cost, queuedAt)
  local finish = start + cost
  local inTurn
  if key ~= '' then inTurn = call('EXISTS', line(t, key)) == 1 end
  setKeyTag(t, key, finish, true, inTurn)
  if t.keyed == 1 then
    local passed = call('ZRANGEBYSCORE', P .. 'i:' .. id, '-inf', t.clock, 'LIMIT', 0, 2)
    if #passed > 0 then call('ZREM', P .. 'i:' .. id, unpack(passed)) end
  end
  if t.queued == 0 and call('EXISTS', line(t, ''), P .. 'k:' .. id) > 0 then return giveUp() end
  t.tag = t.tag + charge(cost, t.weight)
  t.running = t.running + 1
  run(task, pack(id, key, tonumber(head[2]), queuedAt, cost, t.weight, finish))
  close(t)

  local at = #picked
  picked[at + 1], picked[at + 2], picked[at + 3] = task, id, key
  picked[at + 4], picked[at + 5] = tostring(cost), string.format('%.17g', t.weight)
  picked[at + 6] = string.format('%.0f', queuedAt)
end
if #picked > 0 then
  call('SET', P .. 'clock', clock)
  local passed = call('ZRANGEBYSCORE', RESTS, '-inf', clock, 'LIMIT', 0, #picked / 3)
  if #passed > 0 then
    call('ZREM', RESTS, unpack(passed))
    call('HDEL', TENANTS, unpack(passed))
  end
end
return done(picked)`;

/** Arguments: tasks. Returns how many were running and are queued again. */
const PUT_BACK = `
local returned = 0
for i = 1, #ARGV do
  local task = ARGV[i]
  local id, key, order, queuedAt, cost, weight, finish = endRun(task)
  if id then
    local t = open(id)
    t.running = t.running - 1
    t.tag = t.tag - charge(cost, weight)
    local tag, isInTurn = keyTag(t, key)
    setKeyTag(t, key, (tag or finish) - cost, isInTurn, true)
    enqueue(t, task, key, order, cost, queuedAt)
    close(t, true)
    returned = returned + 1
  end
end
return done(returned)`;

/** Arguments, repeated: task, used slot-ms. Returns how many were running. */
const RELEASE = `
local released = 0
for i = 1, #ARGV, 2 do released = released + release(ARGV[i], tonumber(ARGV[i + 1])) end
return done(released)`;

/** Arguments, repeated: tenant, task, key. Returns how many were queued or running. */
const WITHDRAW = `
local withdrawn = 0
for i = 1, #ARGV, 3 do
  local task = ARGV[i + 1]
  local t = removeFromLine(ARGV[i], task, ARGV[i + 2])
  if t then
    close(t)
    withdrawn = withdrawn + 1
  else
    withdrawn = withdrawn + release(task, 0)
  end
end
return done(withdrawn)`;

/** Arguments: as INSERT. Returns how many did not count as running yet. */
const RESTORE_RUNNING = `
local restored = 0
for i = 1, #ARGV, 8 do
  local id, task, key = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if call('HEXISTS', RUNNING, task) == 0 then
    local t = removeFromLine(id, task, key) or open(id)
    local cost, weight = tonumber(ARGV[i + 4]), tonumber(ARGV[i + 6])
    t.weight, t.limit = weight, tonumber(ARGV[i + 7])
    t.tag = (t.before == 'turns' and t.tag or math.max(t.tag, now())) + charge(cost, weight)
    local tag, isInTurn = keyTag(t, key)
    local finish = (isInTurn and tag or math.max(tag or 0, t.clock)) + cost
    setKeyTag(t, key, finish, isInTurn, isInTurn)
    t.running = t.running + 1
    run(task, pack(id, key, tonumber(ARGV[i + 3]), tonumber(ARGV[i + 5]), cost, weight, finish))
    close(t)
    restored = restored + 1
  end
end
return done(restored)`;

/**
 * Argument: cursor. Returns the next cursor, then, repeated: task, tenant, key, cost, weight, time
 * of queueing.
 */
const LIST_RUNNING = `
local page = call('HSCAN', RUNNING, ARGV[1], 'COUNT', 128)
local found = { page[1] }
for i = 1, #page[2], 2 do
  local id, key, _, queuedAt, cost, weight = unpackAll(page[2][i + 1])
  local at = #found
  found[at + 1], found[at + 2], found[at + 3] = page[2][i], id, key
  found[at + 4], found[at + 5] = tostring(cost), string.format('%.17g', weight)
  found[at + 6] = string.format('%.0f', queuedAt)
end
return found`;

/**
 * Arguments, repeated: tenant, weight, limit. Returns the number of tenants with tasks whose share
 * changed.
 */
const SET_SHARE = `
local changed = 0
for i = 1, #ARGV, 3 do
  local t, weight, limit = open(ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  if t.queued + t.running > 0 and (t.weight ~= weight or t.limit ~= limit) then
    t.weight, t.limit = weight, limit
    close(t)
    changed = changed + 1
  end
end
return done(changed)`;

/**
 * Argument: cursor. Returns the next cursor, then, repeated: tenant, queued, running, weight,
 * limit.
 */
const LIST_TENANTS = `
local page = call('HSCAN', TENANTS, ARGV[1], 'COUNT', 256)
local found = { page[1] }
for i = 1, #page[2], 2 do
  local _, weight, limit, running, queued = unpackAll(page[2][i + 1])
  local at = #found
  found[at + 1], found[at + 2], found[at + 3] = page[2][i], tostring(queued), tostring(running)
  found[at + 4], found[at + 5] = string.format('%.17g', weight), string.format('%.0f', limit)
end
return found`;

/**
 * Returns the number of queued tasks, of running tasks and of tenants with queued tasks, and the
 * oldest second. If a key was lost, the counts disagree: then the mark is deleted, so that the
 * index is filled again.
 */
const READ_LOAD = `
local function counts(what) return tonumber(call('HGET', COUNTS, what) or '0') end
local queued, running = call('HLEN', QUEUED), call('HLEN', RUNNING)
local waiting = call('ZCARD', TURNS) + counts('parked')
local tenants = waiting + counts('serving') + call('ZCARD', RESTS)
if queued ~= counts('queued') or running ~= counts('running') or tenants ~= call('HLEN', TENANTS) then
  call('DEL', P .. 'mark')
end
return { queued, running, waiting, call('ZRANGE', P .. 'seconds', 0, 0)[1] or '' }`;

/**
 * Arguments, repeated: tenant, task, key. Returns for each task its place in its line (-1: not
 * queued) and the slot-ms of work before it, of its own tenant and of the others.
 *
 * Every task counts as the average of its tenant. Of the tenants in turn, and of a tenant's keys,
 * an evenly spaced sample represents all.
 */
const READ_PLACES = `
local SAMPLE_TENANTS, SAMPLE_KEYS = 64, 16

local function sample(set, size)
  local all = call('ZCARD', set)
  local taken = math.min(all, size)
  local found = {}
  for i = 0, taken - 1 do
    local at = floor((i + 0.5) * all / taken)
    local head = call('ZRANGE', set, at, at, 'WITHSCORES')
    found[#found + 1] = { id = head[1], tag = tonumber(head[2]) }
  end
  return found, taken > 0 and all / taken or 0
end

-- The work that starts before a tag, or also at it if goesFirst: consecutive tasks of average cost.
local function before(tag, from, work, tasks, weight, goesFirst)
  if tag < from or tasks == 0 then return 0 end
  local cost = work / tasks
  local passed = (tag - from) * weight / cost
  local started = math.ceil(passed)
  if started == passed and goesFirst then started = started + 1 end
  return math.min(work, cost * started)
end

local others, scale = sample(TURNS, SAMPLE_TENANTS)
for _, other in ipairs(others) do
  local t = open(other.id)
  other.work, other.queued, other.weight = t.work, t.queued, t.weight
end
local seen = {}
local answers = {}
for i = 1, #ARGV, 3 do
  local id, task, key = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local s = seen[id]
  if not s then
    s = { t = open(id) }
    seen[id] = s
    if s.t.keyed == 1 then
      s.keys, s.scale = sample(P .. 'k:' .. id, SAMPLE_KEYS)
      for _, other in ipairs(s.keys) do other.queued = call('ZCARD', line(s.t, other.id)) end
    end
  end
  local t = s.t
  local place = call('ZRANK', line(t, key), member(task))
  if not place then
    answers[#answers + 1] = { -1, 0, 0 }
  else
    local cost = t.work / math.max(1, t.queued)
    local own = place * cost
    local tag = (keyTag(t, key) or t.clock) + own
    if key ~= '' then own = own + before(tag, t.plainTag, t.plainQueued * cost, t.plainQueued, 1, true) end
    local ofKeys = 0
    for _, other in ipairs(s.keys or {}) do
      if other.id ~= key then ofKeys = ofKeys + before(tag, other.tag, other.queued * cost, other.queued, 1, other.id < key) end
    end
    own = own + ofKeys * (s.scale or 0)
    local start = math.max(t.tag, t.before == 'turns' and t.tag or now()) + own / t.weight
    local ofOthers = 0
    for _, other in ipairs(others) do
      if other.id ~= id then
        ofOthers = ofOthers + before(start, other.tag, other.work, other.queued, other.weight, other.id < id)
      end
    end
    answers[#answers + 1] = { place, floor(own), floor(ofOthers * scale) }
  end
end
return answers`;

/**
 * Argument: cursor. Deletes some tenants with all their keys, and the rest once no tenant is left.
 * Returns the next cursor and whether everything is deleted. The mark is deleted first, so that no
 * task is picked from a partial index.
 */
const CLEAR = `
call('DEL', P .. 'mark')
local page = call('HSCAN', TENANTS, ARGV[1], 'COUNT', 64)
for i = 1, #page[2], 2 do
  local id = page[2][i]
  local keys = call('ZPOPMIN', P .. 'k:' .. id, 64)
  for j = 1, #keys, 2 do call('UNLINK', P .. 'q:' .. id .. ':' .. keys[j]) end
  if call('EXISTS', P .. 'k:' .. id) == 0 then
    call('UNLINK', P .. 'q:' .. id .. ':', P .. 'i:' .. id)
    call('HDEL', TENANTS, id)
  end
end
if call('EXISTS', TENANTS) == 1 then return { page[1], 0 } end
call('UNLINK', P .. 'clock', TURNS, RESTS, QUEUED, RUNNING, COUNTS, P .. 'ages', P .. 'seconds')
return { '0', 1 }`;

/** Scripts by command name. Each takes the prefix of a lane's keys as its only key. */
export const SCRIPTS = {
  fairInsert: LIBRARY + INSERT,
  fairPick: LIBRARY + PICK,
  fairPutBack: LIBRARY + PUT_BACK,
  fairRelease: LIBRARY + RELEASE,
  fairWithdraw: LIBRARY + WITHDRAW,
  fairRestoreRunning: LIBRARY + RESTORE_RUNNING,
  fairListRunning: LIBRARY + LIST_RUNNING,
  fairSetShare: LIBRARY + SET_SHARE,
  fairListTenants: LIBRARY + LIST_TENANTS,
  fairReadLoad: LIBRARY + READ_LOAD,
  fairReadPlaces: LIBRARY + READ_PLACES,
  fairClear: LIBRARY + CLEAR,
} as const;
