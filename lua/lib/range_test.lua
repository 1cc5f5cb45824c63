-- SPDX-License-Identifier: LGPL-3.0-or-later
local range = require "range"

local tests = {}
local nan = 0 / 0

-- Both ends belong to it; an end that is nil is open.
function tests.contains()
  assert(range.contains(1, 1, 2) and range.contains(2, 1, 2) and not range.contains(2.1, 1, 2))
  assert(range.contains(-1e9, nil, 2) and range.contains(1e9, 1) and range.contains(0))
  assert(not range.contains(nil, 1, 2) and not range.contains(nan) and not range.contains("1", 0, 2))
end

-- Ranges that follow each other: each value is in one.
function tests.find()
  local ranges = {{nil, 18, "cold"}, {18, 24, "good"}, {24, nil, "warm"}}
  local function name(value)
    return (range.find(value, ranges))
  end
  assert(name(17.99) == "cold" and name(18) == "good" and name(24) == "warm" and name(-40) == "cold")
  assert(name(nil) == nil and name(nan) == nil)
  assert(range.find(5, {{1, 2, "x"}}) == nil)
  assert(select(2, range.find(20, ranges)) == 2)
end

-- Held within, at either end, at both.
function tests.clamp()
  assert(range.clamp(5, 1, 3) == 3 and range.clamp(-5, 1, 3) == 1 and range.clamp(2, 1, 3) == 2)
  assert(range.clamp(5, nil, 3) == 3 and range.clamp(-5, 1) == 1)
  assert(range.clamp(nil, 1, 3) == nil and range.clamp(nan, 1, 3) == nil)
  assert(not pcall(range.clamp, 1, 3, 1))
end

-- Shares, outside too.
function tests.share()
  assert(range.share(15, 10, 20) == 0.5 and range.share(10, 10, 20) == 0 and range.share(30, 10, 20) == 2)
  assert(range.share(15, 20, 10) == 0.5)
  assert(range.share(nil, 1, 2) == nil)
  assert(not pcall(range.share, 1, 2, 2))
end

return tests
