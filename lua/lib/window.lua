-- SPDX-License-Identifier: LGPL-3.0-or-later
--- The values of the last while: their mean, least, greatest.
---
--- ```lua
--- local window = require "window"
--- state.hour = state.hour or {}
--- window.add(state.hour, input.power, now, 3600)
--- return window.mean(state.hour)
--- ```

local M = {}

--- `LIMIT`: values that a window holds at most (1000); the oldest is dropped and counted in
--- `memory.dropped`.
M.LIMIT = 1000

local function drop(memory)
  memory.first = memory.first + 1
  if memory.first > 64 and memory.first * 2 > #memory.times then
    local count = #memory.times - memory.first + 1
    table.move(memory.times, memory.first, #memory.times, 1, memory.times)
    table.move(memory.values, memory.first, #memory.values, 1, memory.values)
    for i = #memory.times, count + 1, -1 do
      memory.times[i], memory.values[i] = nil, nil
    end
    memory.first = 1
  end
end

--- `forget(memory, now, span)`: drops what is older than `span` seconds.
function M.forget(memory, now, span)
  while memory.times and memory.first <= #memory.times and memory.times[memory.first] < now - span do
    drop(memory)
  end
end

--- `add(memory, value, now, span)`: one more value; what is older than `span` seconds goes.
---
--- A value that is nil or not a number is not added.
---
--- `memory` is a plain table, empty at first: `times` and `values` are lists that begin at `first`.
function M.add(memory, value, now, span)
  memory.times, memory.values = memory.times or {}, memory.values or {}
  memory.first, memory.dropped = memory.first or 1, memory.dropped or 0
  M.forget(memory, now, span)
  if type(value) ~= "number" or value ~= value then
    return
  end
  if M.count(memory) >= M.LIMIT then
    drop(memory)
    memory.dropped = memory.dropped + 1
  end
  memory.times[#memory.times + 1] = now
  memory.values[#memory.values + 1] = value
end

--- `count(memory)`: how many values there are.
function M.count(memory)
  return memory.times and #memory.times - memory.first + 1 or 0
end

--- `sum(memory)`: all of them together; 0 for none.
function M.sum(memory)
  local sum = 0
  for i = memory.first or 1, memory.values and #memory.values or 0 do
    sum = sum + memory.values[i]
  end
  return sum
end

--- `mean(memory)`: their mean; nil for none.
function M.mean(memory)
  local count = M.count(memory)
  return count > 0 and M.sum(memory) / count or nil
end

local function best(memory, choose)
  local found
  for i = memory.first or 1, memory.values and #memory.values or 0 do
    found = found and choose(found, memory.values[i]) or memory.values[i]
  end
  return found
end

--- `min(memory)`: the least; nil for none.
function M.min(memory)
  return best(memory, math.min)
end

--- `max(memory)`: the greatest; nil for none.
function M.max(memory)
  return best(memory, math.max)
end

--- `level(memory, now)`: the mean over time, where each value holds until the next one came and the
--- last until `now`; nil for none.
function M.level(memory, now)
  local count = M.count(memory)
  if count == 0 then
    return nil
  end
  local first, last = memory.first, #memory.times
  local time = now - memory.times[first]
  if time <= 0 then
    return memory.values[last]
  end
  local area = 0
  for i = first, last do
    area = area + memory.values[i] * ((memory.times[i + 1] or now) - memory.times[i])
  end
  return area / time
end

return M
