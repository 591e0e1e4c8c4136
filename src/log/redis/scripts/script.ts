import { createHash } from 'node:crypto'

/** Lua for the server. The keys of all are those of keys.ts, in the same order. */
export interface Script {
  readonly name: string
  readonly lua: string
}

/** The parts that every script begins with. Numbers travel as texts: Lua would print a large one with an exponent. */
const PRELUDE = `
local META, STREAM, OPS, TURNS, SNAPSHOTS, CLAIMS, LEASES, REFUSALS = unpack(KEYS)
-- A channel and no key: of the keys none may be missing while a slot is moved.
local BELL = string.gsub(META, 'meta$', 'bell')
local function text(number) return string.format('%.0f', number) end
local function runId() return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local meta = {}
do
  local names = { 'armed', 'term', 'sequence', 'hash', 'durable', 'baseSequence', 'baseHash', 'level' }
  local values = redis.call('HMGET', META, unpack(names))
  for at, name in ipairs(names) do meta[name] = values[at] or '' end
end
`

export function script(name: string, body: string, flags?: string): Script {
  const shebang = flags === undefined ? '' : `#!lua flags=${flags}\n`
  return {
    name,
    lua: `${shebang}-- weft ${name} ${digestOf(body)}\n${PRELUDE}\n${body}`,
  }
}

/** Tells releases apart in the server's own lists. */
function digestOf(body: string): string {
  return createHash('sha256').update(PRELUDE).update(body).digest('hex').slice(0, 8)
}
