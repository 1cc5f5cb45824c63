-- SPDX-License-Identifier: LGPL-3.0-or-later
--- A switch with two thresholds, so that a value near one of them does not make it chatter.
---
--- ```lua
--- local hysteresis = require "hysteresis"
--- state.fan = state.fan or {}
--- local fan_on = hysteresis.update(state.fan, input.temp, 26, 24)
--- ```

local M = {}

--- `update(memory, value, on, off)`: true while switched on.
---
--- With `on` above `off` it switches on at `on` and above, off at `off` and below (a fan); with `on`
--- below `off` it is the other way round (a heater). Between the two it stays as it is. A value
--- that is nil or not a number changes nothing. It begins switched off.
---
--- `memory` is a plain table, empty at first: `on` is the position.
function M.update(memory, value, on, off)
  if type(on) ~= "number" or type(off) ~= "number" or on == off then
    error("hysteresis.update: `on` and `off` want two different numbers", 2)
  end
  if type(value) == "number" and value == value then
    local is_above = on > off
    if is_above and value >= on or not is_above and value <= on then
      memory.on = true
    elseif is_above and value <= off or not is_above and value >= off then
      memory.on = false
    end
  end
  memory.on = memory.on or false
  return memory.on
end

return M
