-- One button, one light: what a click, a long press and half an hour without either do.
local range = require "range"

state.level = state.level or 0 -- survives a reload
state.bright = state.bright or 100
local step = 5

local function show(level)
  state.level = level
  emit("light", level)
end

local function wait_until(pressed)
  for msg in input.button do
    if msg.value == pressed then
      return
    end
  end
end

local function dim()
  while true do
    show(range.clamp(state.level + step, 5, 100))
    state.bright = state.level
    sleep("100ms")
  end
end

show(state.level)
while true do
  if not timeout("30min", wait_until, true) then
    show(0) -- forgotten
  elseif timeout("400ms", wait_until, false) then
    show(state.level > 0 and 0 or state.bright) -- a click
  else
    race{dim, function() wait_until(false) end} -- let go, it stays as it is
    step = -step
  end
end
