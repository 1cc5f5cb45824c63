-- SPDX-License-Identifier: LGPL-3.0-or-later
local debounce = require "debounce"

local tests = {}

-- The first value counts at once, the next when it has stayed.
function tests.settles()
  local memory = {}
  local value, has_changed = debounce.update(memory, false, 1, 100)
  assert(value == false and has_changed)
  value, has_changed = debounce.update(memory, true, 1, 200)
  assert(value == false and not has_changed)
  assert(debounce.due(memory, 1) == 201)
  value, has_changed = debounce.update(memory, nil, 1, 200.9)
  assert(value == false and not has_changed)
  value, has_changed = debounce.update(memory, nil, 1, 201)
  assert(value == true and has_changed)
  assert(debounce.due(memory, 1) == nil)
end

-- What bounces back was nothing.
function tests.bounces()
  local memory = {}
  debounce.update(memory, 0, 1, 0)
  for i = 1, 20 do
    local value, has_changed = debounce.update(memory, i % 2, 1, i * 0.9)
    assert(value == 0 and not has_changed)
  end
end

-- Another new value begins its own time.
function tests.third_value()
  local memory = {}
  debounce.update(memory, "a", 1, 0)
  debounce.update(memory, "b", 1, 1)
  debounce.update(memory, "c", 1, 1.5)
  assert(debounce.update(memory, "c", 1, 2.2) == "a")
  assert(debounce.update(memory, "c", 1, 2.5) == "c")
end

-- Nothing so far is nothing.
function tests.no_value()
  local value, has_changed = debounce.update({}, nil, 1, 0)
  assert(value == nil and has_changed == false)
end

return tests
