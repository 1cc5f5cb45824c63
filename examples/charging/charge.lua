-- Above 1.5 kW for five minutes the car is charged, below 1 kW for five minutes it is not.

local hysteresis = require("hysteresis")
local charger = require("charger")

local PATIENCE = 300 -- seconds

function init()
  state.switch = state.switch or {}
  state.charging = state.charging or false
end

-- A change that the threshold asks for counts when it has lasted.
local function decide(wanted, now)
  if wanted == state.charging then
    state.since = nil
    return false
  end
  state.since = state.since or now
  if now - state.since < PATIENCE then
    return false
  end
  state.charging = wanted
  state.since = nil
  return true
end

function run(input, now)
  local wanted = hysteresis.update(state.switch, input.surplus, 1500, 1000)
  if decide(wanted, now) then
    emit("message", ("%s at %d W of surplus, %.0f %% in the battery"):format(
      state.charging and "begins" or "ends", input.surplus // 1, input.soc))
  end
  return state.charging and charger.current(input.surplus) or 0.0, state.charging
end

-- Without news from the meter for three minutes nobody knows what is left over.
function tick(now)
  if state.charging and input.surplus_age > 180 then
    state.charging = false
    return 0.0, false, "ends: the meter is silent"
  end
end
