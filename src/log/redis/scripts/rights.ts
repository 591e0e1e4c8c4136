import type { Script } from './script.ts'

/**
 * Which of these commands, each with its arguments in one text, the user may not run. Without what the others begin with,
 * for that is a command too (https://redis.io/docs/latest/develop/programmability/lua-api/, redis.acl_check_cmd).
 */
export const RIGHTS: Script = {
  name: 'rights',
  lua: `-- weft rights
local missing = {}
for _, command in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(command, '%S+') do table.insert(words, word) end
  if not redis.acl_check_cmd(unpack(words)) then table.insert(missing, command) end
end
return missing`,
}
