-- SPDX-License-Identifier: LGPL-3.0-or-later
--- A state machine: states, events that lead from one to the next, and states that end by
--- themselves after a time.
---
--- ```lua
--- local machine = require "machine"
--- local door = {
---   initial = "closed",
---   closed = {on = {button = "opening"}},
---   opening = {on = {button = "stopped", top = "open"}, after = {30, "fault"}},
---   open = {on = {button = "closing"}, after = {300, "closing"}},
---   closing = {on = {button = "stopped", bottom = "closed"}, after = {30, "fault"}},
---   stopped = {on = {button = "closing"}},
---   fault = {},
--- }
--- state.door = state.door or {}
--- local where, has_changed = machine.send(state.door, door, "button", now)
--- ```
---
--- A state may have `enter` and `leave`, functions that are called with the memory and the event
--- (nil when time has passed).

local M = {}

local function state_of(definition, name)
  local found = definition[name]
  if type(found) ~= "table" then
    error(("machine: there is no state `%s`"):format(tostring(name)), 3)
  end
  return found
end

local function start(memory, definition, now)
  -- A state that a newer definition does not know any more.
  if memory.state == nil or type(definition[memory.state]) ~= "table" then
    state_of(definition, definition.initial)
    memory.state, memory.since = definition.initial, now
  end
end

local function go(memory, definition, name, event, now)
  local old, new = definition[memory.state], state_of(definition, name)
  if old.leave then
    old.leave(memory, event)
  end
  memory.state, memory.since = name, now
  if new.enter then
    new.enter(memory, event)
  end
end

--- `due(memory, definition)`: when the state ends by itself, or nil.
function M.due(memory, definition)
  local here = definition[memory.state]
  return here and here.after and memory.since + here.after[1]
end

--- `tick(memory, definition, now)`: the state after what time has brought about, and whether it
--- has changed.
---
--- States that have ended in the meantime are gone through one by one, each at its own time, up to
--- 100 of them.
---
--- `memory` is a plain table, empty at first: `state` is the state, `since` the time it began.
function M.tick(memory, definition, now)
  local has_changed = false
  start(memory, definition, now)
  for _ = 1, 100 do
    local due = M.due(memory, definition)
    if not due or due > now then
      break
    end
    go(memory, definition, definition[memory.state].after[2], nil, due)
    has_changed = true
  end
  return memory.state, has_changed
end

--- `send(memory, definition, event, now)`: the state after the event, and whether it has changed.
---
--- What time has brought about comes first. An event that the state has nothing for changes nothing.
function M.send(memory, definition, event, now)
  local _, has_changed = M.tick(memory, definition, now)
  local here = definition[memory.state]
  local name = here.on and here.on[event]
  if name then
    go(memory, definition, name, event, now)
    has_changed = true
  end
  return memory.state, has_changed
end

return M
