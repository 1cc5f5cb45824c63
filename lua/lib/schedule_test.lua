-- SPDX-License-Identifier: LGPL-3.0-or-later
local schedule = require "schedule"

local tests = {}

-- A Wednesday in May, by the clock on the wall.
local function at(hour, minute, day)
  return os.time({year = 2026, month = 5, day = 20 + (day or 0), hour = hour, min = minute or 0, sec = 0})
end

-- Days and times; the end does not belong to it.
function tests.is_on()
  local plan = schedule.new({"mon-fri 06:00-08:30"})
  assert(not schedule.is_on(plan, at(5, 59)) and schedule.is_on(plan, at(6)))
  assert(schedule.is_on(plan, at(8, 29) + 59) and not schedule.is_on(plan, at(8, 30)))
  assert(schedule.is_on(plan, at(7, 0, 2)) and not schedule.is_on(plan, at(7, 0, 3)))
end

-- Lists of days, all days, a range of days over the end of the week.
function tests.days()
  local plan = schedule.new({"sat,sun 10:00-11:00", "wed 12:00-13:00"})
  assert(schedule.is_on(plan, at(10, 0, 3)) and schedule.is_on(plan, at(10, 0, 4)))
  assert(not schedule.is_on(plan, at(10)) and schedule.is_on(plan, at(12)))
  assert(schedule.is_on(schedule.new({"00:00-24:00"}), at(23, 59)))
  local weekend = schedule.new({"Fri-Mon 00:00-24:00"})
  assert(schedule.is_on(weekend, at(1, 0, 5)) and not schedule.is_on(weekend, at(1, 0, 6)))
end

-- Over midnight: it belongs to the day it begins on.
function tests.over_midnight()
  local plan = schedule.new({"wed 22:00-06:00"})
  assert(schedule.is_on(plan, at(22)) and schedule.is_on(plan, at(23, 59)))
  assert(schedule.is_on(plan, at(5, 59, 1)) and not schedule.is_on(plan, at(6, 0, 1)))
  assert(not schedule.is_on(plan, at(5)) and not schedule.is_on(plan, at(22, 0, 1)))
end

-- What holds, the first entry first.
function tests.value()
  local plan = schedule.new({{"wed 07:00-08:00", 23}, {"06:00-22:00", 21}, {"22:00-23:00", false}})
  assert(schedule.value(plan, at(7, 30)) == 23 and schedule.value(plan, at(8)) == 21)
  assert(schedule.value(plan, at(7, 30, 1)) == 21 and schedule.value(plan, at(5)) == nil)
  assert(schedule.value(plan, at(22)) == false)
end

-- When it changes next, also days ahead, and not where nothing changes.
function tests.next_change()
  local plan = schedule.new({{"mon-fri 06:00-08:30", 21}, {"08:30-09:00", 21}})
  assert(schedule.next_change(plan, at(1)) == at(6))
  assert(schedule.next_change(plan, at(6)) == at(9))
  assert(schedule.next_change(plan, at(9)) == at(6, 0, 1))
  assert(schedule.next_change(plan, at(9, 0, 2)) == at(8, 30, 3))
  local weekly = schedule.new({"wed 10:00-11:00"})
  assert(schedule.next_change(weekly, at(11)) == at(10, 0, 7))
  assert(schedule.next_change(schedule.new({"00:00-24:00"}), at(3)) == nil)
  assert(schedule.next_change(schedule.new({}), at(3)) == nil)
end

-- Faults name the entry and what is wrong with it.
function tests.wrong_entries()
  local function fault(entry)
    local ok, message = pcall(schedule.new, {entry})
    assert(not ok)
    return message
  end
  assert(fault("mon-fry 06:00-07:00"):find("`fry` is not a day", 1, true))
  assert(fault("06:00-25:00"):find("25:00 is not a time of day", 1, true))
  assert(fault("06:60-07:00"):find("06:60", 1, true))
  assert(fault("06:00-06:00"):find("00:00-24:00", 1, true))
  assert(fault("whenever"):find("days and times", 1, true))
  assert(fault(7):find("an entry is a text", 1, true))
end

return tests
