-- SPDX-License-Identifier: LGPL-3.0-or-later
--- A value counts once it has stayed the same for a while: contacts that bounce, limits that are
--- only just passed.
---
--- ```lua
--- local debounce = require "debounce"
--- state.door = state.door or {}
--- local open, has_changed = debounce.update(state.door, input.contact, 0.05, now)
--- ```

local M = {}

--- `update(memory, value, hold, now)`: the settled value, and whether it has just changed.
---
--- A new value is settled when it has not changed for `hold` seconds; the first one is settled at
--- once. Call it with each value and, so that silence counts too, at the time that `due` gives. A
--- value of nil changes nothing.
---
--- `memory` is a plain table, empty at first: `value` is the settled value, `pending` and `since` the
--- new one and when it came.
function M.update(memory, value, hold, now)
  if memory.value == nil then
    memory.value = value
    return value, value ~= nil
  end
  if value == nil then
    value = memory.pending
  end
  if value == nil or value == memory.value then
    memory.pending, memory.since = nil, nil
    return memory.value, false
  end
  if value ~= memory.pending then
    memory.pending, memory.since = value, now
  end
  if now - memory.since < hold then
    return memory.value, false
  end
  memory.value, memory.pending, memory.since = value, nil, nil
  return value, true
end

--- `due(memory, hold)`: when a value that is waiting will be settled, or nil.
function M.due(memory, hold)
  return memory.since and memory.since + hold
end

return M
