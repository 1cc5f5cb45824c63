/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "lua/find.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "lua/match.h"

/* How steps are paid for, in upvalue 1 of each function: a pointer to a function is not one to
 * data, therefore a userdata around it. */
struct meter {
    mf_find_pay_fn pay;
};

/* A match in one call of a function. */
struct call {
    lua_State *L;
    mf_find_pay_fn pay;
    struct mf_match match;
};

static bool charge(void *arg, uint64_t steps)
{
    const struct call *call = arg;

    if (steps)
        call->pay(call->L, steps);
    return true;
}

/* The call holds nothing: errors may leave it anywhere. */
static void begin(struct call *call, lua_State *L, const char *text, size_t text_len,
                  const char *pattern, size_t pattern_len)
{
    const struct meter *meter = lua_touserdata(L, lua_upvalueindex(1));

    call->L = L;
    call->pay = meter->pay;
    mf_match_init(&call->match, text, text_len, pattern, pattern_len);
    call->match.charge = charge;
    call->match.charge_arg = call;
}

static int checked(struct call *call, int rc)
{
    if (rc < 0)
        return luaL_error(call->L, "%s", call->match.error);
    return rc;
}

/* ---- captures ---- */

static void push_capture(struct call *call, unsigned i, const char *start, const char *end)
{
    const struct mf_match *match = &call->match;
    lua_State *L = call->L;

    if (i == 0 && match->count == 0)
        lua_pushlstring(L, start, (size_t)(end - start));
    else if (i >= match->count)
        luaL_error(L, "invalid capture index %%%d", (int)i + 1);
    else if (match->captures[i].len == MF_MATCH_OPEN)
        luaL_error(L, "unfinished capture");
    else if (match->captures[i].len == MF_MATCH_POSITION)
        lua_pushinteger(L, match->captures[i].at - match->text + 1);
    else
        lua_pushlstring(L, match->captures[i].at, (size_t)match->captures[i].len);
}

/* All of them; the whole match if there is none. */
static int push_captures(struct call *call, const char *start, const char *end)
{
    unsigned count = call->match.count ? call->match.count : 1;

    luaL_checkstack(call->L, (int)count, "too many captures");
    for (unsigned i = 0; i < count; i++) {
        const struct mf_match_capture *capture = &call->match.captures[i];

        mf_match_charge(&call->match, 1 + (call->match.count && capture->len > 0
                                               ? (uint64_t)capture->len / MF_FIND_BYTES
                                               : (uint64_t)(end - start) / MF_FIND_BYTES));
        push_capture(call, i, start, end);
    }
    return (int)count;
}

/* ---- find and match ---- */

/* Where a search begins, counted from 0; above `len` if it cannot. */
static size_t start_of(lua_State *L, int arg, size_t len)
{
    lua_Integer init = luaL_optinteger(L, arg, 1);

    if (init > 0)
        return (lua_Unsigned)init - 1 > len ? len + 1 : (size_t)init - 1;
    if (init == 0 || init < -(lua_Integer)len)
        return 0;
    return len - (size_t)-init;
}

static bool is_plain(const char *pattern, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (pattern[i] && strchr("^$*+?.([%-", pattern[i]))
            return false;
    return true;
}

static int find_plain(struct call *call, size_t from, const char *what, size_t len)
{
    const struct mf_match *match = &call->match;
    size_t rest = (size_t)(match->text_end - match->text) - from;
    const char *at = memmem(match->text + from, rest, what, len);

    mf_match_charge(&call->match,
                    1 + (len + (at ? (size_t)(at - match->text) - from : rest)) / MF_FIND_BYTES);
    mf_match_settle(&call->match);
    if (!at)
        luaL_pushfail(call->L);
    else
        lua_pushinteger(call->L, at - match->text + 1);
    if (at)
        lua_pushinteger(call->L, at - match->text + (ptrdiff_t)len);
    return at ? 2 : 1;
}

static int search(lua_State *L, bool is_find)
{
    size_t text_len, pattern_len;
    const char *text = luaL_checklstring(L, 1, &text_len);
    const char *pattern = luaL_checklstring(L, 2, &pattern_len);
    size_t from = start_of(L, 3, text_len);
    bool is_anchored = pattern_len > 0 && *pattern == '^';
    const char *start, *end;
    struct call call;
    int count;

    if (from > text_len) {
        luaL_pushfail(L);
        return 1;
    }
    if (is_find && (lua_toboolean(L, 4) || is_plain(pattern, pattern_len))) {
        begin(&call, L, text, text_len, "", 0);
        return find_plain(&call, from, pattern, pattern_len);
    }
    begin(&call, L, text, text_len, pattern + is_anchored, pattern_len - is_anchored);
    if (!checked(&call, mf_match_find(&call.match, text + from, is_anchored, &start, &end))) {
        mf_match_settle(&call.match);
        luaL_pushfail(L);
        return 1;
    }
    if (is_find) {
        lua_pushinteger(L, start - text + 1);
        lua_pushinteger(L, end - text);
    }
    count = is_find && call.match.count == 0 ? 0 : push_captures(&call, start, end);
    mf_match_settle(&call.match);
    return count + (is_find ? 2 : 0);
}

static int string_find(lua_State *L)
{
    return search(L, true);
}

static int string_match(lua_State *L)
{
    return search(L, false);
}

/* ---- gmatch ---- */

enum { GMATCH_METER = 1, GMATCH_TEXT, GMATCH_PATTERN, GMATCH_FROM, GMATCH_LAST };

/* Like all that repeat, it does not take the empty match right behind the last one. */
static int gmatch_next(lua_State *L)
{
    size_t text_len, pattern_len;
    const char *text = lua_tolstring(L, lua_upvalueindex(GMATCH_TEXT), &text_len);
    const char *pattern = lua_tolstring(L, lua_upvalueindex(GMATCH_PATTERN), &pattern_len);
    size_t from = (size_t)lua_tointeger(L, lua_upvalueindex(GMATCH_FROM));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(GMATCH_LAST));
    const char *start, *end;
    struct call call;
    int count;

    begin(&call, L, text, text_len, pattern, pattern_len);
    for (; from <= text_len; from = (size_t)(start - text) + 1) {
        if (!checked(&call, mf_match_find(&call.match, text + from, false, &start, &end)))
            break;
        if (end - text == last)
            continue;
        count = push_captures(&call, start, end);
        lua_pushinteger(L, end - text);
        lua_copy(L, -1, lua_upvalueindex(GMATCH_FROM));
        lua_replace(L, lua_upvalueindex(GMATCH_LAST));
        mf_match_settle(&call.match);
        return count;
    }
    lua_pushinteger(L, (lua_Integer)text_len + 1);
    lua_replace(L, lua_upvalueindex(GMATCH_FROM));
    mf_match_settle(&call.match);
    return 0;
}

static int string_gmatch(lua_State *L)
{
    size_t text_len, from;

    luaL_checklstring(L, 1, &text_len);
    luaL_checkstring(L, 2);
    from = start_of(L, 3, text_len);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_pushinteger(L, (lua_Integer)from);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_next, GMATCH_LAST);
    return 1;
}

/* ---- gsub ---- */

/* `%1` and its like in a replacement text. */
static void add_text(struct call *call, luaL_Buffer *buffer, const char *start, const char *end)
{
    lua_State *L = call->L;
    size_t len;
    const char *text = lua_tolstring(L, 3, &len), *text_end = text + len;
    const char *sign;

    mf_match_charge(&call->match, 1 + len / MF_FIND_BYTES);
    for (; (sign = memchr(text, '%', (size_t)(text_end - text))); text = sign + 2) {
        luaL_addlstring(buffer, text, (size_t)(sign - text));
        if (sign + 1 == text_end)
            luaL_error(L, "invalid use of '%%' in replacement string");
        if (sign[1] == '%') {
            luaL_addchar(buffer, '%');
        } else if (sign[1] == '0') {
            luaL_addlstring(buffer, start, (size_t)(end - start));
        } else if (sign[1] > '0' && sign[1] <= '9') {
            push_capture(call, (unsigned)(sign[1] - '1'), start, end);
            luaL_tolstring(L, -1, NULL); /* a position is a number */
            lua_remove(L, -2);
            mf_match_charge(&call->match, lua_rawlen(L, -1) / MF_FIND_BYTES);
            luaL_addvalue(buffer);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
    luaL_addlstring(buffer, text, (size_t)(text_end - text));
}

/* What a table or function has for the match; false: nothing, it stays as it was. */
static bool add_looked_up(struct call *call, luaL_Buffer *buffer, const char *start,
                          const char *end)
{
    lua_State *L = call->L;

    if (lua_istable(L, 3)) {
        push_capture(call, 0, start, end);
        lua_gettable(L, 3);
    } else {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(call, start, end), 1);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(buffer, start, (size_t)(end - start));
        return false;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    mf_match_charge(&call->match, 1 + lua_rawlen(L, -1) / MF_FIND_BYTES);
    luaL_addvalue(buffer);
    return true;
}

static bool add_replacement(struct call *call, luaL_Buffer *buffer, const char *start,
                            const char *end)
{
    int type = lua_type(call->L, 3);

    if (type != LUA_TSTRING && type != LUA_TNUMBER)
        return add_looked_up(call, buffer, start, end);
    add_text(call, buffer, start, end);
    return true;
}

static int string_gsub(lua_State *L)
{
    size_t text_len, pattern_len;
    const char *text = luaL_checklstring(L, 1, &text_len), *text_end = text + text_len;
    const char *pattern = luaL_checklstring(L, 2, &pattern_len);
    int type = lua_type(L, 3);
    lua_Integer limit = luaL_optinteger(L, 4, (lua_Integer)text_len + 1), count = 0;
    bool is_anchored = pattern_len > 0 && *pattern == '^', has_changed = false;
    const char *at = text, *last = NULL, *end;
    luaL_Buffer buffer;
    struct call call;

    luaL_argexpected(L,
                     type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TTABLE ||
                         type == LUA_TFUNCTION,
                     3, "string/function/table");
    begin(&call, L, text, text_len, pattern + is_anchored, pattern_len - is_anchored);
    luaL_buffinit(L, &buffer);
    while (count < limit) {
        mf_match_charge(&call.match, 1);
        if (checked(&call, mf_match_at(&call.match, at, &end)) && end != last) {
            count++;
            has_changed |= add_replacement(&call, &buffer, at, end);
            at = last = end;
        } else if (at < text_end) {
            luaL_addchar(&buffer, *at++);
        } else {
            break;
        }
        if (is_anchored)
            break;
    }
    mf_match_charge(&call.match, text_len / MF_FIND_BYTES);
    mf_match_settle(&call.match);
    if (has_changed) {
        luaL_addlstring(&buffer, at, (size_t)(text_end - at));
        luaL_pushresult(&buffer);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushinteger(L, count);
    return 2;
}

void mf_find_open(lua_State *L, mf_find_pay_fn pay)
{
    static const luaL_Reg functions[] = {
        {"find", string_find}, {"gmatch", string_gmatch},
        {"gsub", string_gsub}, {"match", string_match},
        {NULL, NULL},
    };
    struct meter *meter = lua_newuserdatauv(L, sizeof(*meter), 0);

    meter->pay = pay;
    luaL_setfuncs(L, functions, 1);
}
