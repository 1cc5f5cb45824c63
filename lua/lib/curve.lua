-- SPDX-License-Identifier: LGPL-3.0-or-later
--- A curve through points, straight between them.
---
--- ```lua
--- local curve = require "curve"
--- local flow_temp = curve.at({{-15, 55}, {0, 45}, {20, 25}}, input.outside)
--- ```

local M = {}

local function check(points)
  if type(points) ~= "table" or #points == 0 then
    error("curve: a list of points {x, y} is wanted", 3)
  end
  for i = 1, #points do
    local x, y = points[i][1], points[i][2]
    if type(x) ~= "number" or type(y) ~= "number" then
      error(("curve: point %d is not a pair of numbers"):format(i), 3)
    end
    if i > 1 and x <= points[i - 1][1] then
      error(("curve: the x of point %d is not above that of the one before"):format(i), 3)
    end
  end
end

-- The first of the two points that the piece for x lies between.
local function piece(points, x)
  local low, high = 1, #points
  while high - low > 1 do
    local middle = (low + high) // 2
    if points[middle][1] <= x then
      low = middle
    else
      high = middle
    end
  end
  return low
end

local function interpolate(points, x)
  local i = piece(points, x)
  local a, b = points[i], points[i + 1]
  return a[2] + (x - a[1]) * (b[2] - a[2]) / (b[1] - a[1])
end

--- `at(points, x)`: the y there. Before the first point and behind the last it stays level.
---
--- The points are `{x, y}` with x rising. For an x that is nil or not a number the answer is nil.
function M.at(points, x)
  check(points)
  if type(x) ~= "number" or x ~= x then
    return nil
  end
  if x <= points[1][1] then
    return points[1][2]
  end
  if x >= points[#points][1] then
    return points[#points][2]
  end
  return interpolate(points, x)
end

--- `extended(points, x)`: as `at`, but the first and the last piece go on beyond their ends.
function M.extended(points, x)
  check(points)
  if type(x) ~= "number" or x ~= x then
    return nil
  end
  if #points == 1 then
    return points[1][2]
  end
  return interpolate(points, x)
end

return M
