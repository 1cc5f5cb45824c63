-- SPDX-License-Identifier: LGPL-3.0-or-later
-- What a `task` script has beyond a `lua` script: tasks, scopes, sleep, inputs that can be waited for.
--
-- A task is a coroutine in a scope. Whoever opens a scope waits until the last task in it has ended; a
-- task that fails ends its siblings, and its error goes on in the one that waits. To cancel a task is
-- to close its coroutine wherever it waits: `<close>` variables run, and no pcall() can keep it alive.
--
-- Nothing here calls into itself: the loop at the end resumes what is ready, one after the other.
-- The chunk gets what C has for it, the limits, the names of the inputs and the chunk of
-- task_waits.lua, and gives back what C calls.

local host, limits, inputs, open_waits = ...

local create, resume, close = coroutine.create, coroutine.resume, coroutine.close
local running, status, yield, yieldable =
  coroutine.running, coroutine.status, coroutine.yield, coroutine.isyieldable
local error, ipairs, next, pcall, rawget, setmetatable, type =
  error, ipairs, next, pcall, rawget, setmetatable, type
local pack, unpack, insert, remove, sort = table.pack, table.unpack, table.insert, table.remove, table.sort
local format, move = string.format, table.move

local by_coroutine = setmetatable({}, {__mode = "k"})
local task_count = 0
local timers = {} -- {due, fn, arg}, the next one last
local ready, ready_first, ready_last = {}, 1, 0
local input_waiters = 0
local root

local MILLISECOND = 1000000

-- ---- lists, timers ----

local function take_out(list, what)
  for i = #list, 1, -1 do
    if list[i] == what then
      remove(list, i)
      return true
    end
  end
  return false
end

local function add_timer(due, fn, arg)
  local timer = {due = due, fn = fn, arg = arg}
  local i = #timers
  while i > 0 and timers[i].due <= due do
    i = i - 1
  end
  insert(timers, i + 1, timer)
  return timer
end

-- In nanoseconds; what is shorter than a millisecond takes one, so that time goes on in any loop.
local function read_duration(what, duration)
  local ns
  if type(duration) == "string" then
    ns = host.duration(duration)
  elseif type(duration) == "number" and duration >= 0 and duration < 9e9 then
    ns = duration * 1e9 // 1 | 0
  end
  if not ns or ns < 0 then
    error(format("%s() wants a time such as \"500ms\", or seconds from 0 on", what), 3)
  end
  return ns < MILLISECOND and MILLISECOND or ns
end

-- ---- waiting ----

local function me_in(what)
  local task = by_coroutine[running()]
  if not task then
    error(what .. "() does not work in a coroutine of your own; use spawn()", 3)
  end
  return task
end

local function me_waiting(what)
  local task = me_in(what)
  if not yieldable() then
    error(what .. "() cannot wait here: in a function that table.sort(), string.gsub() or a cancelled"
      .. " <close> variable has called", 3)
  end
  return task
end

local function forget_waiting(task)
  if task.timer then
    take_out(timers, task.timer)
    task.timer = nil
  end
  if task.waits_in then
    take_out(task.waits_in, task)
    if task.waits_in.is_input then
      input_waiters = input_waiters - 1
    end
    task.waits_in = nil
  end
end

local function make_ready(task)
  if task.is_ready or task.is_done then
    return
  end
  forget_waiting(task)
  task.is_ready = true
  ready_last = ready_last + 1
  ready[ready_last] = task
end

local function pause(task)
  task.is_pausing = true
  return yield()
end

local function wait_in(list, task)
  task.waits_in = list
  insert(list, task)
  if list.is_input then
    input_waiters = input_waiters + 1
  end
  pause(task)
end

local function wake_all(list)
  while #list > 0 do
    make_ready(list[1])
  end
end

-- ---- scopes ----

local function open_scope(owner)
  return {owner = owner, children = {}}
end

-- For functions that scripts call: the fault is shown where they do.
local function check_spawn(what, fn, count)
  if type(fn) ~= "function" then
    error(format("%s() wants a function, not a %s", what, type(fn)), 3)
  end
  if task_count + (count or 1) > limits.tasks then
    error(format("%d tasks at once is the limit (`limits: {tasks: …}`)", limits.tasks), 3)
  end
end

local function spawn_in(scope, fn, ...)
  local task = {scope = scope, co = create(fn), arguments = pack(...)}
  by_coroutine[task.co] = task
  insert(scope.children, task)
  task_count = task_count + 1
  make_ready(task)
  return task
end

local function check_end(scope)
  if #scope.children > 0 or scope.is_ended then
    return
  end
  scope.is_ended = true
  if scope.timer then
    take_out(timers, scope.timer)
  end
  if scope.owner and scope.owner.inner == scope then
    scope.owner.inner = nil
    make_ready(scope.owner)
  end
end

local cancel_task

-- The newest first, as blocks are left.
local function cancel_scope(scope)
  local children = move(scope.children, 1, #scope.children, 1, {})
  scope.is_ending = true
  for i = #children, 1, -1 do
    cancel_task(children[i])
  end
end

local function fail_scope(scope, message)
  if scope.failure then
    host.warn(message)
    return
  end
  scope.failure = {message = message}
  cancel_scope(scope)
end

local function end_task(task, ok, ...)
  local scope = task.scope
  forget_waiting(task)
  task.is_done = true
  task_count = task_count - 1
  take_out(scope.children, task)
  if ok then
    task.results = pack(...)
    if task.key and scope.is_race and not scope.is_ending then
      scope.winner = task
      cancel_scope(scope)
    end
  else
    task.failure = {message = (...)}
    fail_scope(scope, (...))
  end
  if task.waiters then
    wake_all(task.waiters)
  end
  check_end(scope)
end

-- A coroutine that failed has not yet run its <close> variables.
local function close_failed(task, message)
  local _, last = close(task.co)
  end_task(task, false, last == nil and message or last)
end

function cancel_task(task)
  if task.is_done then
    return
  end
  task.is_cancelled = true
  local inner = task.inner
  if inner then
    cancel_scope(inner)
  end
  -- It runs at this moment, or somebody in its scope does: the loop comes back to it.
  local where = status(task.co)
  if task.is_done or task.inner or where == "running" or where == "normal" then
    return
  end
  forget_waiting(task)
  local ok, message = close(task.co)
  if ok and inner and inner.failure then
    ok, message = false, inner.failure.message
  end
  end_task(task, ok, message)
end

-- Runs `start` to fill the scope, then waits for its end.
local function run_scope(me, scope, start, ...)
  local ok, message = pcall(start, scope, ...) -- memory may run out
  if not ok then
    scope.failure = {message = message}
    cancel_scope(scope)
  end
  if #scope.children > 0 then
    me.inner = scope
    pause(me)
  elseif scope.timer then
    take_out(timers, scope.timer)
  end
  if scope.failure then
    error(scope.failure.message, 0)
  end
end

-- ---- what scripts call ----

local api = {}
local handle = {}
handle.__index = handle
handle.__name = "task"
handle.__metatable = false
local task_of = setmetatable({}, {__mode = "k"})

local function of_handle(h, what)
  return task_of[h] or error(format("%s: a task is wanted, as spawn() gives it", what), 3)
end

function handle.cancel(h)
  cancel_task(of_handle(h, "cancel"))
end

function handle.is_running(h)
  return not of_handle(h, "is_running").is_done
end

local function results_of(task)
  return unpack(task.results, 1, task.results.n)
end

-- true and the results, or false when it was cancelled.
function handle.wait(h)
  local task = of_handle(h, "wait")
  local me = me_waiting("wait")
  if task == me then
    error("a task cannot wait for itself", 2)
  end
  while not task.is_done do
    task.waiters = task.waiters or {}
    wait_in(task.waiters, me)
  end
  if task.failure then
    error(task.failure.message, 0)
  end
  if task.is_cancelled then
    return false
  end
  return true, results_of(task)
end

function api.spawn(fn, ...)
  local me = me_in("spawn")
  check_spawn("spawn", fn)
  if me.scope.is_ending then
    error("the scope is ending: nothing can be spawned in it", 2)
  end
  local h = setmetatable({}, handle)
  task_of[h] = spawn_in(me.scope, fn, ...)
  return h
end

function api.sleep(duration)
  local ns = read_duration("sleep", duration)
  local me = me_waiting("sleep")
  me.timer = add_timer(host.mono() + ns, make_ready, me)
  pause(me)
end

local function start_body(scope, fn, ...)
  scope.body = spawn_in(scope, fn, ...)
end

function api.scope(fn, ...)
  local me = me_waiting("scope")
  check_spawn("scope", fn)
  local scope = open_scope(me)
  run_scope(me, scope, start_body, fn, ...)
  if scope.body.is_cancelled then
    return
  end
  return results_of(scope.body)
end

local function time_is_up(scope)
  scope.timer = nil
  scope.is_late = true
  cancel_scope(scope)
end

-- true and the results; false when the time was up.
function api.timeout(duration, fn, ...)
  local ns = read_duration("timeout", duration)
  local me = me_waiting("timeout")
  check_spawn("timeout", fn)
  local scope = open_scope(me)
  scope.timer = add_timer(host.mono() + ns, time_is_up, scope)
  run_scope(me, scope, start_body, fn, ...)
  if scope.is_late or scope.body.is_cancelled then
    return false
  end
  return true, results_of(scope.body)
end

-- The list first, then the names in order: the same each time. Raw, lest a metamethod waits.
local function keys_of(what, functions)
  local keys, names = {}, {}
  if type(functions) ~= "table" then
    error(what .. "{…} wants functions", 3)
  end
  while rawget(functions, #keys + 1) ~= nil do
    insert(keys, #keys + 1)
  end
  for name, fn in next, functions do
    if type(fn) ~= "function" or type(name) ~= "string" and not keys[name] then
      error(what .. "{…} wants functions, in a list or with names", 3)
    end
    if type(name) == "string" then
      insert(names, name)
    end
  end
  sort(names)
  move(names, 1, #names, #keys + 1, keys)
  if #keys == 0 then
    error(what .. "{…} wants a function at least", 3)
  end
  return keys
end

local function start_each(scope, functions, keys)
  for _, key in ipairs(keys) do
    spawn_in(scope, rawget(functions, key)).key = key
  end
  scope.tasks = move(scope.children, 1, #scope.children, 1, {})
end

-- The key of the first that came to its end, and its results.
function api.race(functions)
  local me = me_waiting("race")
  local keys = keys_of("race", functions)
  check_spawn("race", functions[keys[1]], #keys)
  local scope = open_scope(me)
  scope.is_race = true
  run_scope(me, scope, start_each, functions, keys)
  if not scope.winner then
    return nil
  end
  return scope.winner.key, results_of(scope.winner)
end

-- The first result of each, by key.
function api.all(functions)
  local me = me_waiting("all")
  local keys = keys_of("all", functions)
  check_spawn("all", functions[keys[1]], #keys)
  local scope = open_scope(me)
  run_scope(me, scope, start_each, functions, keys)
  local results = {}
  for _, task in ipairs(scope.tasks) do
    results[task.key] = task.results and task.results[1]
  end
  return results
end

local push_message = open_waits(host, limits, inputs, api, {
  me_waiting = me_waiting,
  wait_in = wait_in,
  wake_all = wake_all,
})

-- ---- the loop ----

local function after(task, ok, ...)
  if not ok then
    return close_failed(task, (...))
  end
  if status(task.co) ~= "suspended" then
    return end_task(task, true, ...)
  end
  if not task.is_pausing then
    return close_failed(task, "coroutine.yield() is for coroutines of your own; a task waits with sleep() and its like")
  end
  task.is_pausing = nil
  if task.is_cancelled then
    cancel_task(task)
  end
end

local function run_ready()
  while ready_first <= ready_last do
    local task = ready[ready_first]
    ready[ready_first] = nil
    ready_first = ready_first + 1
    task.is_ready = nil
    if task.is_cancelled then
      cancel_task(task)
    elseif not task.is_done then
      local arguments = task.arguments
      if arguments then
        task.arguments = nil
        after(task, resume(task.co, unpack(arguments, 1, arguments.n)))
      else
        after(task, resume(task.co))
      end
    end
  end
end

local armed -- what the timer of the node is set to

-- nil while it goes on; else why it does not, and the error.
local function report()
  if root.is_ended then
    if root.failure then
      return "failed", root.failure.message
    end
    return "ended"
  end
  if #timers == 0 and input_waiters == 0 then
    return "failed", "every task waits for another one: nothing can wake them"
  end
  local due = #timers > 0 and timers[#timers].due or nil
  if due ~= armed then
    armed = due
    host.arm(due)
  end
end

local calls = {api = api}

function calls.start(main)
  root = open_scope(nil)
  spawn_in(root, main)
  run_ready()
  return report()
end

function calls.deliver(index, message)
  push_message(index, message)
  run_ready()
  return report()
end

function calls.fire()
  armed = nil
  local mono = host.mono()
  while #timers > 0 and timers[#timers].due <= mono do
    local timer = remove(timers)
    timer.fn(timer.arg)
  end
  run_ready()
  return report()
end

function calls.stop()
  if root and not root.is_ended then
    cancel_scope(root)
    run_ready()
  end
  if root and root.failure then
    return "failed", root.failure.message
  end
end

return calls
