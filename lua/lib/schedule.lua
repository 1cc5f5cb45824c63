-- SPDX-License-Identifier: LGPL-3.0-or-later
--- Times of the day and days of the week, on the flow's clock and in its time zone.
---
--- ```lua
--- local schedule = require "schedule"
--- local comfort = schedule.new{
---   {"mon-fri 06:00-08:30", 21},
---   {"mon-fri 16:00-22:30", 21},
---   {"sat,sun 08:00-23:00", 22},
--- }
--- return schedule.value(comfort, now) or 17
--- ```
---
--- An entry is a text with the days (all, if none are given) and the times, and what holds then
--- (true, if nothing is given): `"22:00-06:00"`, `{"sat 08:00-24:00", "weekend"}`. Days are `mon` to
--- `sun`, as a range or a list with commas. Times that run over midnight belong to the day they begin
--- on. The end does not belong to the entry. Where entries overlap the first one counts. Times are
--- those that a clock on the wall shows: on a day that an hour is left out or comes twice, the
--- entry is shorter or longer.

local M = {}

local days = {mon = 1, tue = 2, wed = 3, thu = 4, fri = 5, sat = 6, sun = 7}
local DAY = 24 * 60

local function wrong(text, what)
  error(("schedule: `%s`: %s"):format(text, what), 0)
end

local function read_day(text, name)
  return days[name] or wrong(text, ("`%s` is not a day; days are mon tue wed thu fri sat sun"):format(name))
end

local function read_days(text, list)
  local set = {false, false, false, false, false, false, false}
  for part in (list .. ","):gmatch("([^,]*),") do
    local first, last = part:match("^(%a+)%-(%a+)$")
    local from = read_day(text, first or part)
    local to = read_day(text, last or part)
    local day = from
    set[day] = true
    while day ~= to do
      day = day % 7 + 1
      set[day] = true
    end
  end
  return set
end

local function read_time(text, hours, minutes)
  local minute = tonumber(hours) * 60 + tonumber(minutes)
  if tonumber(minutes) > 59 or minute > DAY then
    wrong(text, ("%s:%s is not a time of day"):format(hours, minutes))
  end
  return minute
end

local function read_entry(entry)
  local text = type(entry) == "table" and entry[1] or entry
  if type(text) ~= "string" then
    error("schedule: an entry is a text such as \"mon-fri 06:00-22:00\"", 0)
  end
  local list, h1, m1, h2, m2 = text:lower():match("^%s*(%a?[%a,-]*)%s*(%d%d?):(%d%d)%s*%-%s*(%d%d?):(%d%d)%s*$")
  if not list then
    wrong(text, "days and times are wanted, as in \"mon-fri 06:00-22:00\"")
  end
  local from, to = read_time(text, h1, m1), read_time(text, h2, m2)
  if from == to then
    wrong(text, "it ends when it begins; the whole day is 00:00-24:00")
  end
  local value = true
  if type(entry) == "table" and entry[2] ~= nil then
    value = entry[2]
  end
  return {
    days = read_days(text, list == "" and "mon-sun" or list),
    from = from,
    to = to,
    value = value,
  }
end

--- `new(entries)`: the schedule, a plain table; an entry that cannot be read is an error.
function M.new(entries)
  local plan = {}
  for i = 1, #entries do
    local ok, read = pcall(read_entry, entries[i])
    if not ok then
      error(read, 2)
    end
    plan[i] = read
  end
  return plan
end

-- The value on this day (1: Monday) at this minute.
local function value_at(plan, day, minute)
  local yesterday = (day + 5) % 7 + 1
  for i = 1, #plan do
    local e = plan[i]
    local is_over_midnight = e.from > e.to
    if e.days[day] and minute >= e.from and (minute < e.to or is_over_midnight) then
      return e.value
    end
    if is_over_midnight and e.days[yesterday] and minute < e.to then
      return e.value
    end
  end
  return nil
end

local function civil(time)
  local t = os.date("*t", math.floor(time))
  return (t.wday + 5) % 7 + 1, t.hour * 60 + t.min, t.sec
end

--- `value(plan, now)`: what holds now; nil outside all entries.
function M.value(plan, now)
  local day, minute = civil(now)
  return value_at(plan, day, minute)
end

--- `is_on(plan, now)`: true inside an entry.
function M.is_on(plan, now)
  return M.value(plan, now) ~= nil
end

-- Minutes of the day at which something can change, rising.
local function edges(plan)
  local known, list = {[0] = true}, {0}
  for i = 1, #plan do
    for _, minute in ipairs({plan[i].from, plan[i].to % DAY}) do
      if not known[minute] then
        known[minute] = true
        list[#list + 1] = minute
      end
    end
  end
  table.sort(list)
  return list
end

--- `next_change(plan, now)`: the time when the value changes next; nil if it does not within eight
--- days.
function M.next_change(plan, now)
  local before = M.value(plan, now)
  local list = edges(plan)
  local today = os.date("*t", math.floor(now))
  for ahead = 0, 8 do
    for i = 1, #list do
      local time = os.time({
        year = today.year, month = today.month, day = today.day + ahead,
        hour = list[i] // 60, min = list[i] % 60, sec = 0,
      })
      if time > now and M.value(plan, time) ~= before then
        return time
      end
    end
  end
  return nil
end

return M
