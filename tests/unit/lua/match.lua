-- SPDX-License-Identifier: LGPL-3.0-or-later
-- Each call is made with Lua's own function and with ours: same results, same errors. The test
-- gives `ours`, a table of functions, and `random(n)`, a number from 1 to n.

local stock = string

local texts = {
  "", "a", "abc", "aaa", "hello world", "THE (quick) fox", "key = value # comment", "x=1, y=-22",
  "((a)(b(c)))", "  padded  ", "a\0b\0c", "%d+", "[x]", "äöü", "2026-03-29T01:55:00", "aXbXc", "\n\t\r",
  "foo.bar.baz", "]]-^", "0x1F 1e3", ("ab"):rep(40),
}

local patterns = {
  "", "a", ".", ".*", ".-", ".+", "a*", "a-", "a?", "a+", "^a", "^", "$", "a$", "^$", "^.*$", "$a", "a^",
  "%a+", "%d+", "%s*", "%w+", "%W", "%p", "%u%l*", "%x+", "%c", "%g+", "%z", "%Z", "%.", "%%", "%$", "%(",
  "(a)", "(.)(.)", "()", "()a()", "(.-)%s*=%s*(.-)", "((a)(b))", "(a*(.)%w(%s*))", "^(%s*)(.-)(%s*)$",
  "%b()", "%b[]", "%bxx", "%b", "%bx", "%f[%a]%a+", "%f[%w]", "%f[%z]", "%f", "%fa", "%f[", "%f[^%s]%S+%f[%s%z]",
  "[abc]", "[^abc]", "[a-c]+", "[a-]", "[-a]", "[]]", "[^]]", "[]", "[^]", "[", "[^", "[a", "[%a]", "[%]]", "[%",
  "[a-c-e]", "[%a-z]", "[a-%%]", "[^%s%p]+", "[\0a]", "[%w_]+", "[[]", "[]-^]+", "[a^]", "[x%-z]",
  "(", ")", "(()", "())", "(a", "a)", "(a)(", "%1", "(a)%1", "(.)%1", "(.-)%1", "%0", "(%1)", "()%1", "(a)%2",
  "%", "a%", "(.)(.)(.)(.)(.)(.)(.)(.)(.)%9", "a**", "a*+", "*a", "+", "?", "-", "a-b", "a--", "^^a", "^*",
  "(%d+)-(%d+)-(%d+)", "^(%a+)://([^/]*)(.*)$", "(%w+)=(%w+)", "a.-b", "a.*b", ".-b", ".?.?.?c", "x?y?z?$",
  ("(a)"):rep(32), ("()"):rep(32), ("()"):rep(33), ("a?"):rep(199), ("a?"):rep(201), ("(x?)"):rep(20), ("b-"):rep(210),
  ("a"):rep(300), (".?"):rep(30), "\0", "%\0", "a\0b", "ä", "[ä]", "[\xc3]", "%é",
}

package.loaded.ours = ours -- so that errors have names for its functions

local function result(fn, ...)
  local r = table.pack(pcall(fn, ...))
  for i = 1, r.n do
    local kind = type(r[i])
    r[i] = (kind == "string" or kind == "number") and ("%q"):format(r[i])
      or kind == "boolean" and tostring(r[i]) or kind
  end
  return (table.concat(r, " ", 1, r.n):gsub("'ours%.", "'string."))
end

local function shown(...)
  local r = table.pack(...)
  for i = 1, r.n do
    r[i] = type(r[i]) == "string" and ("%q"):format(r[i]) or tostring(r[i]):gsub(": .*", "")
  end
  return table.concat(r, ", ", 1, r.n)
end

local calls = 0

local function same(name, ...)
  local want, got = result(stock[name], ...), result(ours[name], ...)
  calls = calls + 1
  if want ~= got then
    error(("%s(%s):\n  Lua:  %s\n  ours: %s"):format(name, shown(...), want, got), 0)
  end
end

-- All matches of gmatch, as a text; at most 300.
local function walk(set, ...)
  local all, n = {}, 0
  local function step(...)
    if select("#", ...) == 0 or ... == nil then
      return false
    end
    n = n + 1
    all[n] = shown(...)
    return n < 300
  end
  local next_match = set.gmatch(...)
  while step(next_match()) do
  end
  return table.concat(all, ";")
end

local function same_walk(...)
  local want, got = result(walk, stock, ...), result(walk, ours, ...)
  calls = calls + 1
  if want ~= got then
    error(("gmatch(%s):\n  Lua:  %s\n  ours: %s"):format(shown(...), want, got), 0)
  end
end

local replacements = {
  "", "x", "<%0>", "%1", "[%1%2]", "%%", "%", "%x", "%9", 42, 1.5,
  {a = "A", b = false, hello = 1, [1] = "one", c = {}, ["("] = 2.5}, {},
  function(a, b) return a and b and b .. a or a end,
  function() return nil end,
  function() return false end,
  function(...) return select("#", ...) end,
  function() error("on purpose", 0) end,
  function() error({}) end,
  function() return {} end,
  true,
}

local function all_of(text, pattern)
  for _, init in ipairs({1, 2, -1, 0, -100, 100, 4}) do
    same("find", text, pattern, init)
    same("match", text, pattern, init)
  end
  same("find", text, pattern)
  same("find", text, pattern, 1, true)
  same("find", text, pattern, 2, true)
  same("find", text, pattern, nil, false)
  same("match", text, pattern)
  same_walk(text, pattern)
  same_walk(text, pattern, 3)
  same_walk(text, pattern, -2)
end

function test_cases()
  for _, text in ipairs(texts) do
    for _, pattern in ipairs(patterns) do
      all_of(text, pattern)
    end
  end
  return calls
end

function test_gsub()
  for _, text in ipairs(texts) do
    for _, pattern in ipairs(patterns) do
      for _, replacement in ipairs(replacements) do
        same("gsub", text, pattern, replacement)
      end
      for _, limit in ipairs({0, 1, 2, -1, 1000, math.maxinteger, math.mininteger}) do
        same("gsub", text, pattern, "<%0>", limit)
      end
    end
  end
  return calls
end

-- Wrong arguments, numbers that are texts, huge places.
function test_arguments()
  for _, name in ipairs({"find", "match", "gmatch", "gsub"}) do
    same(name)
    same(name, "a")
    same(name, nil, "a", "b")
    same(name, "a", {}, "b")
    same(name, "abc", "b", {}, {})
    same(name, "abc", "b", "x", "y")
    same(name, "abc", "b", 1.5)
  end
  for _, place in ipairs({math.maxinteger, math.mininteger, 2.0, "2", 3.5, "x"}) do
    same("find", "abc", "b", place)
    same("match", 12345, 34, place)
    same("find", "abc", "", place, true)
  end
  same("gsub", 12321, 2, 5)
  same("gsub", "abc", "b", "x", 1.5)
  return calls
end

-- Patterns nobody would write.
function test_random()
  local pieces = {
    "a", "b", "c", ".", "%a", "%d", "%s", "[ab]", "[^a]", "[a-c]", "[", "]", "(", ")", "()", "%1", "%2", "^", "$",
    "*", "+", "-", "?", "*", "-", "%b()", "%bab", "%f[a]", "%f[^b]", "%", "x", "\0", "%]", "(a*)", "(.-)",
  }
  local letters = {"a", "b", "c", "a", "b", "(", ")", " ", "1", "x", "\0", "]"}
  local function some(list, most)
    local t = {}
    for i = 1, random(most) - 1 do
      t[i] = list[random(#list)]
    end
    return table.concat(t)
  end
  for _ = 1, 12000 do
    local text, pattern = some(letters, 14), some(pieces, 9)
    local init = random(20) - 10
    same("find", text, pattern, init)
    same("match", text, pattern, init)
    same_walk(text, pattern, init)
    same("gsub", text, pattern, "<%0%1>")
  end
  return calls
end

-- Each of these takes the original for ever, or nearly so.
function test_hostile()
  local long = ("a"):rep(5000)
  for _, pattern in ipairs({
    ("a*"):rep(30) .. "b", ("a-"):rep(30) .. "b", ("a?"):rep(150) .. ("a"):rep(150) .. "b", "(.-)(.-)(.-)(.-)(.-)b",
    ("(a*)"):rep(20) .. "%1%2%3b", ".-.-.-.-.-%f[b]", "%f[" .. ("%d"):rep(2000) .. "]", "%b" .. "ab",
    "(.*)(.*)%1%2b", "[" .. ("b-c"):rep(1000) .. "]", ("%b()"):rep(100),
  }) do
    for _, name in ipairs({"find", "match", "gsub"}) do
      refused(name, ours[name], long, pattern, name == "gsub" and "x" or 1)
    end
    refused("gmatch", function()
      for _ in ours.gmatch(long, pattern) do
      end
    end)
  end
end
