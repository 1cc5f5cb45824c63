-- SPDX-License-Identifier: LGPL-3.0-or-later
-- What the tasks of lua/task.lua can wait for beside time and each other: channels and inputs.
--
-- The chunk puts its functions into `api` and gives back the one by which a message comes in. What is
-- inside a channel or an input lies where scripts cannot reach it.

local host, limits, inputs, api, core = ...

local me_waiting, wait_in, wake_all = core.me_waiting, core.wait_in, core.wake_all
local error, ipairs, rawget, setmetatable, tostring, type = error, ipairs, rawget, setmetatable, tostring, type
local insert, remove, format = table.insert, table.remove, string.format

-- ---- channels ----

local channel = {__name = "channel", __metatable = false}
channel.__index = channel
local inside = setmetatable({}, {__mode = "k"})

local function of_channel(ch, what)
  return inside[ch] or error(format("%s: a channel is wanted, as channel() gives it", what), 3)
end

function api.channel(capacity)
  capacity = capacity == nil and 1 or capacity
  if type(capacity) ~= "number" or capacity // 1 ~= capacity or capacity < 1 or capacity > limits.channel then
    error(format("channel() wants how many values it holds, from 1 to %d", limits.channel), 2)
  end
  local ch = setmetatable({}, channel)
  inside[ch] = {capacity = capacity, values = {}, senders = {}, receivers = {}}
  return ch
end

function channel.send(ch, value)
  local c = of_channel(ch, "send")
  if value == nil then
    error("send() wants a value; nil is what a closed channel gives", 2)
  end
  while #c.values >= c.capacity and not c.is_closed do
    wait_in(c.senders, me_waiting("send"))
  end
  if c.is_closed then
    error("send() on a closed channel", 2)
  end
  insert(c.values, value)
  wake_all(c.receivers)
end

function channel.receive(ch)
  local c = of_channel(ch, "receive")
  while #c.values == 0 do
    if c.is_closed then
      return nil
    end
    wait_in(c.receivers, me_waiting("receive"))
  end
  wake_all(c.senders)
  return remove(c.values, 1)
end

function channel.close(ch)
  local c = of_channel(ch, "close")
  c.is_closed = true
  wake_all(c.senders)
  wake_all(c.receivers)
end

channel.__call = channel.receive

-- ---- inputs ----

local source = {__name = "input", __metatable = false}
source.__index = source
local queue_of = setmetatable({}, {__mode = "k"})
local queues = {}

local function of_input(i, what)
  return queue_of[i] or error(format("%s: an input is wanted, as in input.button:%s()", what, what), 3)
end

local function take_message(q)
  local message = q[q.first]
  if message then
    q[q.first] = nil
    q.first = q.first + 1
  end
  return message
end

local function next_message(q, wants_all)
  q.is_used = true
  while true do
    local message = take_message(q)
    if message and (wants_all or message.quality == "good") then
      return message
    end
    if not message then
      wait_in(q.waiters, me_waiting("input"))
    end
  end
end

-- The next good message: what is stale or bad is passed over.
function source.__call(i)
  return next_message(of_input(i, "next"), false)
end

function source.next(i)
  return next_message(of_input(i, "next"), false)
end

-- An iterator over all messages, those that are not good too.
function source.all(i)
  local q = of_input(i, "all")
  return function()
    return next_message(q, true)
  end
end

-- The last message that came, whatever its quality; nil before the first.
function source.latest(i)
  return host.latest(of_input(i, "latest").index)
end

-- Forgets what waits; how many that were.
function source.clear(i)
  local q = of_input(i, "clear")
  local count = 0
  while take_message(q) do
    count = count + 1
  end
  return count
end

local input = {}
for index, name in ipairs(inputs) do
  local proxy = setmetatable({}, source)
  local q = {first = 1, last = 0, dropped = 0, index = index, waiters = {is_input = true}}
  queues[index] = q
  queue_of[proxy] = q
  input[name] = proxy
end
api.input = setmetatable({}, {
  __index = function(_, name)
    return rawget(input, name) or error(format("there is no input `%s`", tostring(name)), 2)
  end,
  __newindex = function()
    error("an input cannot be set", 2)
  end,
  __metatable = false,
})

-- The oldest goes when there are too many; nobody is told as long as nobody has asked for any.
return function(index, message)
  local q = queues[index]
  q.last = q.last + 1
  q[q.last] = message
  if q.last - q.first >= limits.backlog then
    take_message(q)
    q.dropped = q.dropped + 1
    if q.is_used then
      host.dropped(index, limits.backlog, q.dropped)
    end
  end
  wake_all(q.waiters)
end
