import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { MAX_WRITE_AGE, MIN_RECORD_AGE } from '../store.ts';

/** A script, and the name under which a server that has it runs it. */
export interface RedisScript {
  readonly source: string;
  readonly sha: string;
}

/** The time that a script is given: that of a test's clock, or '' for the server's. */
export function toTimeArgument(clock: Clock | undefined): string {
  return clock === undefined ? '' : String(clock.now());
}

/** Milliseconds of the server's clock, or of a test's. */
const NOW = `
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/**
 * Reads a record and the clock.
 *
 * GETEX without an option is GET, except that a server takes it for a write: a replica refuses it, so that no limit is decided on what lags behind.
 *
 * KEYS  1  the record
 * ARGV  1  the time, or '' for the server's
 * Output   { time, the record's text or nil }
 */
export const READ: RedisScript = toScript(`${NOW}
return { clock(ARGV[1]), redis.call('GETEX', KEYS[1]) }
`);

/**
 * Writes a record if its version is the expected one and the read is not too old, with a lifetime of a minute and what the record needs.
 *
 * A write that finds itself (a client sent it twice) is answered as applied. Its one command that changes anything is the last, so that an
 * error means that nothing was. A read that lies ahead of this clock by as much is too old too: the clock was set back, or is another server's.
 *
 * KEYS  1  the record, a text: version, line feed, body
 * ARGV  1  expected version, '' for an absent record
 *       2  new version
 *       3  body
 *       4  from when on it may be removed, '' for never
 *       5  time of the read
 *       6  the time, or '' for the server's
 * Output   { 1 applied | 0 refused, time }
 */
export const WRITE: RedisScript = toScript(`${NOW}
local key, version = KEYS[1], ARGV[2]
local now = clock(ARGV[6])
local head = redis.call('GETRANGE', key, 0, 83)
local current = string.match(head, '^([^\\n]*)\\n')
if current == nil then
  if head ~= '' or redis.call('EXISTS', key) == 1 then return { 0, now } end
  current = ''
end
if current == version then return { 1, now } end
if current ~= ARGV[1] or math.abs(now - ARGV[5]) > ${MAX_WRITE_AGE} then return { 0, now } end
if ARGV[4] == '' then
  redis.call('SET', key, version .. '\\n' .. ARGV[3])
else
  local lifetime = math.max(ARGV[4] - now, 0) + ${MIN_RECORD_AGE}
  redis.call('SET', key, version .. '\\n' .. ARGV[3], 'PX', string.format('%.0f', lifetime))
end
return { 1, now }
`);

/**
 * Adds entries to the journal under ids that rise: the time of the writing, and a number. An id never comes back, though its entry may be gone.
 *
 * KEYS  1  the journal, a stream
 * ARGV  1  the time, or '' for the server's
 *       2… entries
 * Output   their ids, '<milliseconds>-<number>'
 */
export const APPEND: RedisScript = toScript(`${NOW}
local key = KEYS[1]
local ms, seq = math.max(clock(ARGV[1]), 1), -1
if redis.call('EXISTS', key) == 1 then
  local info = redis.call('XINFO', 'STREAM', key)
  for at = 1, #info, 2 do
    if info[at] == 'last-generated-id' then
      local lastMs, lastSeq = string.match(info[at + 1], '^(%d+)-(%d+)$')
      if tonumber(lastMs) >= ms then ms, seq = tonumber(lastMs), tonumber(lastSeq) end
    end
  end
end
local ids = {}
for at = 2, #ARGV do
  seq = seq + 1
  ids[#ids + 1] = string.format('%.0f-%.0f', ms, seq)
  redis.call('XADD', key, ids[#ids], 'e', ARGV[at])
end
return ids
`);

/**
 * Gives journal entries by their ids.
 *
 * KEYS  1  the journal
 * ARGV  ids
 * Output   for each id its entry, or nil where it is gone
 */
export const PICK: RedisScript = toScript(`
local found = {}
for at, id in ipairs(ARGV) do
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  found[at] = entry and entry[2][2] or false
end
return found
`);

/**
 * Removes the oldest journal entries, if they are old enough.
 *
 * KEYS  1  the journal
 * ARGV  1  the time, or '' for the server's
 *       2  how old entries may become
 *       3  how many to remove at most
 * Output   how many were removed
 */
export const TRIM: RedisScript = toScript(`${NOW}
local oldest = string.format('%.0f', math.max(clock(ARGV[1]) - ARGV[2], 0))
local old = redis.call('XRANGE', KEYS[1], '-', '(' .. oldest .. '-0', 'COUNT', ARGV[3])
if #old == 0 then return 0 end
local ms, seq = string.match(old[#old][1], '^(%d+)-(%d+)$')
redis.call('XTRIM', KEYS[1], 'MINID', '=', ms .. '-' .. string.format('%.0f', seq + 1))
return #old
`);

/**
 * Notes at which places of the journal a destination's entries are, forgets those whose entries are old, and lives for as long as the youngest.
 *
 * KEYS  1  the destination's index, a sorted set whose members are in the order of their bytes
 * ARGV  1  the first place to keep
 *       2  how long to live, in milliseconds
 *       3… places
 */
export const POINT: RedisScript = toScript(`
for at = 3, #ARGV do redis.call('ZADD', KEYS[1], 0, ARGV[at]) end
redis.call('ZREMRANGEBYLEX', KEYS[1], '-', '(' .. ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);

/**
 * Puts an id into the index of a partition, or keeps it there: it is not missed any more.
 *
 * KEYS  1  the index, a sorted set whose members are in the order of their bytes
 *       2  since when ids are missed, a hash
 * ARGV  1  the id
 */
export const ENLIST: RedisScript = toScript(`
redis.call('ZADD', KEYS[1], 0, ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
`);

/**
 * Notes that there are no records of ids that are in an index. Those that have been missed for long, and not been put in again meanwhile, go.
 *
 * KEYS  1, 2  as of ENLIST
 * ARGV  1  the time, or '' for the server's
 *       2  how long an id is missed
 *       3… ids
 */
export const MISS: RedisScript = toScript(`${NOW}
local now = clock(ARGV[1])
for at = 3, #ARGV do
  local since = redis.call('HGET', KEYS[2], ARGV[at])
  if not since then
    redis.call('HSET', KEYS[2], ARGV[at], string.format('%.0f', now))
  elseif now - since > tonumber(ARGV[2]) then
    redis.call('ZREM', KEYS[1], ARGV[at])
    redis.call('HDEL', KEYS[2], ARGV[at])
  end
end
`);

function toScript(source: string): RedisScript {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
