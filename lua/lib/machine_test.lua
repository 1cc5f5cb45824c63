-- SPDX-License-Identifier: LGPL-3.0-or-later
local machine = require "machine"

local tests = {}

local door = {
  initial = "closed",
  closed = {on = {button = "opening"}},
  opening = {on = {button = "stopped", top = "open"}, after = {30, "fault"}},
  open = {on = {button = "closing"}, after = {300, "closing"}},
  closing = {on = {button = "stopped", bottom = "closed"}, after = {30, "fault"}},
  stopped = {on = {button = "closing"}},
  fault = {},
}

-- Events lead on, others change nothing.
function tests.events()
  local memory = {}
  local where, has_changed = machine.send(memory, door, "top", 0)
  assert(where == "closed" and not has_changed)
  where, has_changed = machine.send(memory, door, "button", 1)
  assert(where == "opening" and has_changed and memory.since == 1)
  assert(machine.send(memory, door, "top", 10) == "open")
  where, has_changed = machine.send(memory, door, "bell", 11)
  assert(where == "open" and not has_changed)
end

-- A state ends by itself, each at its own time.
function tests.time()
  local memory = {}
  machine.send(memory, door, "button", 0)
  machine.send(memory, door, "top", 10)
  assert(machine.due(memory, door) == 310)
  assert(machine.tick(memory, door, 309) == "open")
  local where, has_changed = machine.tick(memory, door, 400)
  assert(where == "fault" and has_changed and memory.since == 340)
  assert(machine.due(memory, door) == nil)
end

-- An event comes after what time had already brought about.
function tests.late_event()
  local memory = {}
  machine.send(memory, door, "button", 0)
  assert(machine.send(memory, door, "top", 31) == "fault")
end

-- States without end do not hang it.
function tests.circle()
  local memory = {}
  local blink = {initial = "on", on = {after = {0, "off"}}, off = {after = {0, "on"}}}
  assert(machine.tick(memory, blink, 5) == "on")
end

-- enter and leave are called in order, with the event.
function tests.actions()
  local seen = {}
  local definition = {
    initial = "a",
    a = {on = {go = "b"}, leave = function(_, event) seen[#seen + 1] = "leave " .. event end},
    b = {enter = function(memory, event) seen[#seen + 1] = "enter " .. event .. " in " .. memory.state end},
  }
  machine.send({}, definition, "go", 0)
  assert(table.concat(seen, ", ") == "leave go, enter go in b")
end

-- A state that a new definition has no more: from the beginning.
function tests.unknown_memory()
  local memory = {state = "half open", since = 0}
  assert(machine.tick(memory, door, 5) == "closed" and memory.since == 5)
end

-- A definition that leads nowhere says where.
function tests.wrong_definition()
  local memory = {}
  local wrong = {initial = "a", a = {on = {go = "nowhere"}}}
  assert(select(2, pcall(machine.send, memory, wrong, "go", 0)):find("`nowhere`"))
  assert(not pcall(machine.tick, {}, {}, 0))
end

return tests
