-- What the charger can do: 6 to 16 A on one phase.

local charger = {}

function charger.current(power)
  local current = power / 230
  if current < 6 then
    return 6.0
  end
  return math.min(current, 16.0)
end

return charger
