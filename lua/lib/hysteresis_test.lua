-- SPDX-License-Identifier: LGPL-3.0-or-later
local hysteresis = require "hysteresis"

local tests = {}

local function play(on, off, values)
  local memory, seen = {}, {}
  for i = 1, values.n or #values do
    seen[i] = hysteresis.update(memory, values[i], on, off) and "1" or "0"
  end
  return table.concat(seen)
end

-- A fan: on at 26, off at 24, and nothing in between.
function tests.above()
  assert(play(26, 24, {25, 25.9, 26, 25, 24.1, 24, 25, 27}) == "00111001")
end

-- A heater: the other way round.
function tests.below()
  assert(play(19, 21, {20, 19, 20, 20.9, 21, 20, 18}) == "0111001")
end

-- Dead values change nothing.
function tests.dead_values()
  assert(play(26, 24, {27, nil, 0 / 0, 23, nil, n = 5}) == "11100")
end

-- What is remembered is plain, and goes on where it was.
function tests.memory()
  local memory = {on = true}
  assert(hysteresis.update(memory, 25, 26, 24) == true)
  assert(next(memory) == "on" and next(memory, "on") == nil)
end

-- Two thresholds that are one do not make a hysteresis.
function tests.wrong_thresholds()
  assert(not pcall(hysteresis.update, {}, 1, 5, 5))
  assert(not pcall(hysteresis.update, {}, 1, 5))
end

return tests
