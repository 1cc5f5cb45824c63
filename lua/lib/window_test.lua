-- SPDX-License-Identifier: LGPL-3.0-or-later
local window = require "window"

local tests = {}

-- Mean, least and greatest of what is young enough.
function tests.moves()
  local memory = {}
  for i = 1, 10 do
    window.add(memory, i, i, 4)
  end
  assert(window.count(memory) == 5 and window.mean(memory) == 8)
  assert(window.min(memory) == 6 and window.max(memory) == 10 and window.sum(memory) == 40)
  window.forget(memory, 12, 4)
  assert(window.count(memory) == 3 and window.mean(memory) == 9)
end

-- An empty window has no mean.
function tests.empty()
  local memory = {}
  assert(window.count(memory) == 0 and window.mean(memory) == nil and window.min(memory) == nil)
  assert(window.max(memory) == nil and window.sum(memory) == 0 and window.level(memory, 1) == nil)
  window.forget(memory, 5, 1)
  window.add(memory, nil, 1, 10)
  window.add(memory, 0 / 0, 1, 10)
  assert(window.count(memory) == 0)
end

-- A value that holds longer weighs more.
function tests.level()
  local memory = {}
  window.add(memory, 10, 0, 100)
  window.add(memory, 0, 30, 100)
  assert(window.level(memory, 40) == 7.5)
  assert(window.mean(memory) == 5)
  assert(window.level(memory, 0) == 0)
end

-- It does not grow without end, and what is dropped is counted.
function tests.limit()
  local memory = {}
  for i = 1, window.LIMIT + 10 do
    window.add(memory, i, 0, 10)
  end
  assert(window.count(memory) == window.LIMIT and memory.dropped == 10 and window.min(memory) == 11)
end

-- Old values do not stay in memory.
function tests.frees()
  local memory = {}
  for i = 1, 800 do
    window.add(memory, 1, i, 10)
  end
  assert(window.count(memory) == 11 and #memory.times < 200 and #memory.times == #memory.values)
  assert(memory.dropped == 0)
end

return tests
