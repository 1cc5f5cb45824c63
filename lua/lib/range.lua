-- SPDX-License-Identifier: LGPL-3.0-or-later
--- Numbers in ranges: inside or not, which of several, held within.
---
--- An end that is nil is open. A value that is nil or not a number is in no range.
---
--- ```lua
--- local range = require "range"
--- local comfort = range.find(input.temp, {{nil, 18, "cold"}, {18, 24, "good"}, {24, nil, "warm"}})
--- ```

local M = {}

local function is_number(value)
  return type(value) == "number" and value == value
end

--- `contains(value, low, high)`: true from `low` to `high`, both ends included.
function M.contains(value, low, high)
  return is_number(value) and (low == nil or value >= low) and (high == nil or value <= high)
end

--- `find(value, ranges)`: what belongs to the first range that holds the value, and its place in the list.
---
--- Each range is `{low, high, result}`. The lower end belongs to it, the upper does not, so that
--- ranges can follow each other without a gap; with nothing that fits the answer is nil.
function M.find(value, ranges)
  if not is_number(value) then
    return nil
  end
  for i = 1, #ranges do
    local low, high, result = ranges[i][1], ranges[i][2], ranges[i][3]
    if (low == nil or value >= low) and (high == nil or value < high) then
      return result, i
    end
  end
  return nil
end

--- `clamp(value, low, high)`: the value, or the end that it has passed; nil stays nil.
function M.clamp(value, low, high)
  if low and high and low > high then
    error("range.clamp: the lower end is above the upper", 2)
  end
  if not is_number(value) then
    return nil
  end
  if low and value < low then
    return low
  end
  if high and value > high then
    return high
  end
  return value
end

--- `share(value, low, high)`: where in the range the value is, from 0 at `low` to 1 at `high`;
--- outside it is below 0 or above 1.
function M.share(value, low, high)
  if low == high then
    error("range.share: the range is empty", 2)
  end
  if not is_number(value) then
    return nil
  end
  return (value - low) / (high - low)
end

return M
