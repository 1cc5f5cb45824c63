-- SPDX-License-Identifier: LGPL-3.0-or-later
local curve = require "curve"

local tests = {}
local heating = {{-15, 55}, {0, 45}, {20, 25}}

-- On the points, between them, level beyond.
function tests.at()
  assert(curve.at(heating, -15) == 55 and curve.at(heating, 0) == 45 and curve.at(heating, 20) == 25)
  assert(curve.at(heating, 10) == 35 and curve.at(heating, -7.5) == 50)
  assert(curve.at(heating, -40) == 55 and curve.at(heating, 40) == 25)
end

-- The ends go on.
function tests.extended()
  assert(curve.extended(heating, 30) == 15 and curve.extended(heating, -30) == 65)
  assert(curve.extended(heating, 10) == 35)
end

-- One point is level everywhere.
function tests.one_point()
  assert(curve.at({{1, 2}}, -5) == 2 and curve.at({{1, 2}}, 5) == 2 and curve.extended({{1, 2}}, 5) == 2)
end

-- Many points: the right piece is found.
function tests.many_points()
  local points = {}
  for i = 1, 50 do
    points[i] = {i, i * i}
  end
  for i = 1, 49 do
    assert(curve.at(points, i) == i * i)
    assert(curve.at(points, i + 0.5) == (i * i + (i + 1) * (i + 1)) / 2)
  end
end

-- Dead values have no place on it.
function tests.dead_values()
  assert(curve.at(heating, nil) == nil and curve.at(heating, 0 / 0) == nil and curve.extended(heating) == nil)
end

-- Faults name the point.
function tests.wrong_points()
  assert(select(2, pcall(curve.at, {}, 1)):find("list of points"))
  assert(select(2, pcall(curve.at, {{1, 2}, {1, 3}}, 1)):find("point 2"))
  assert(select(2, pcall(curve.at, {{1, "x"}}, 1)):find("point 1"))
end

return tests
