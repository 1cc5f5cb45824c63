/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * os: date and time on the flow's clock, in the time zone of this machine. Nothing else of it.
 */

#include <stdio.h>
#include <string.h>

#include "engine/base/tz.h"
#include "engine/graph/node.h"
#include "lua/open.h"
#include "lua/state.h"

static int64_t flow_time(lua_State *L)
{
    const struct mf_lua *lua = mf_lua_of(L);

    return lua->owner ? mf_node_now(lua->owner) : 0;
}

static const struct mf_zone *zone_of(lua_State *L, const char *name)
{
    struct mf_error err;
    const struct mf_zone *zone = mf_zone_get(name, &err);

    if (!zone)
        luaL_error(L, "%s", err.text);
    return zone;
}

/* ---- time ---- */

static int get_field(lua_State *L, const char *name, int fallback)
{
    lua_Integer number;
    int is_whole;

    if (lua_getfield(L, 1, name) == LUA_TNIL && fallback >= 0) {
        lua_pop(L, 1);
        return fallback;
    }
    number = lua_tointegerx(L, -1, &is_whole);
    if (!is_whole || number < -1000000 || number > 1000000)
        return luaL_error(L, "field '%s' of the time is missing or no whole number", name);
    lua_pop(L, 1);
    return (int)number;
}

/* Seconds; of a time that exists twice the first, of one that does not exist the moment of the
 * jump. */
static int os_time(lua_State *L)
{
    struct mf_civil civil = {0};
    int64_t first, second;

    if (lua_isnoneornil(L, 1)) {
        lua_pushinteger(L, flow_time(L) / MF_SEC);
        return 1;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    civil.year = get_field(L, "year", -1);
    civil.month = get_field(L, "month", -1);
    civil.day = get_field(L, "day", -1);
    civil.hour = get_field(L, "hour", 12);
    civil.minute = get_field(L, "min", 0);
    civil.second = get_field(L, "sec", 0);
    luaL_argcheck(L, civil.year > 1700 && civil.year < 2200, 1, "the year must be in 1701..2199");
    mf_zone_find(zone_of(L, NULL), &civil, &first, &second);
    lua_pushinteger(L, first / MF_SEC);
    return 1;
}

static int os_difftime(lua_State *L)
{
    lua_pushnumber(L, luaL_checknumber(L, 1) - luaL_checknumber(L, 2));
    return 1;
}

/* ---- date ---- */

static int day_of_year(const struct mf_civil *civil)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    bool is_leap = (civil->year % 4 == 0 && civil->year % 100 != 0) || civil->year % 400 == 0;

    return before[civil->month - 1] + civil->day + (is_leap && civil->month > 2);
}

static void set_field(lua_State *L, const char *name, int value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

static int push_table(lua_State *L, const struct mf_civil *civil)
{
    lua_createtable(L, 0, 8);
    set_field(L, "year", civil->year);
    set_field(L, "month", civil->month);
    set_field(L, "day", civil->day);
    set_field(L, "hour", civil->hour);
    set_field(L, "min", civil->minute);
    set_field(L, "sec", civil->second);
    set_field(L, "wday", civil->weekday + 1);
    set_field(L, "yday", day_of_year(civil));
    return 1;
}

/* One conversion; the length of what it gives, -1 if there is none of that letter. */
static int print_one(char letter, const struct mf_civil *t, int32_t offset, const char *zone,
                     char out[64])
{
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    int32_t minutes = (offset < 0 ? -offset : offset) / 60;

    switch (letter) {
    case 'a':
        return snprintf(out, 64, "%.3s", days[t->weekday]);
    case 'A':
        return snprintf(out, 64, "%s", days[t->weekday]);
    case 'b':
        return snprintf(out, 64, "%.3s", months[t->month - 1]);
    case 'B':
        return snprintf(out, 64, "%s", months[t->month - 1]);
    case 'c':
        return snprintf(out, 64, "%.3s %.3s %2d %02d:%02d:%02d %d", days[t->weekday],
                        months[t->month - 1], t->day, t->hour, t->minute, t->second, t->year);
    case 'd':
        return snprintf(out, 64, "%02d", t->day);
    case 'F':
        return snprintf(out, 64, "%d-%02d-%02d", t->year, t->month, t->day);
    case 'H':
        return snprintf(out, 64, "%02d", t->hour);
    case 'j':
        return snprintf(out, 64, "%03d", day_of_year(t));
    case 'm':
        return snprintf(out, 64, "%02d", t->month);
    case 'M':
        return snprintf(out, 64, "%02d", t->minute);
    case 'S':
        return snprintf(out, 64, "%02d", t->second);
    case 'T':
    case 'X':
        return snprintf(out, 64, "%02d:%02d:%02d", t->hour, t->minute, t->second);
    case 'u':
        return snprintf(out, 64, "%d", t->weekday ? t->weekday : 7);
    case 'w':
        return snprintf(out, 64, "%d", t->weekday);
    case 'x':
        return snprintf(out, 64, "%02d/%02d/%02d", t->month, t->day, t->year % 100);
    case 'y':
        return snprintf(out, 64, "%02d", t->year % 100);
    case 'Y':
        return snprintf(out, 64, "%d", t->year);
    case 'z':
        return snprintf(out, 64, "%c%02d%02d", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
    case 'Z':
        return snprintf(out, 64, "%s", zone);
    case '%':
        return snprintf(out, 64, "%%");
    default:
        return -1;
    }
}

static int print_date(lua_State *L, const char *format, size_t len, const struct mf_civil *civil,
                      int32_t offset, const char *zone)
{
    luaL_Buffer buffer;
    char out[64];

    luaL_buffinit(L, &buffer);
    for (size_t i = 0; i < len; i++) {
        int count;

        if (format[i] != '%') {
            luaL_addchar(&buffer, format[i]);
            continue;
        }
        count = i + 1 < len ? print_one(format[++i], civil, offset, zone, out) : -1;
        if (count < 0)
            return luaL_argerror(L, 1, "it has a conversion that os.date() does not know");
        luaL_addlstring(&buffer, out, (size_t)count);
    }
    luaL_pushresult(&buffer);
    return 1;
}

static int os_date(lua_State *L)
{
    size_t len;
    const char *format = luaL_optlstring(L, 1, "%c", &len), *name;
    lua_Integer seconds = luaL_optinteger(L, 2, flow_time(L) / MF_SEC);
    bool is_utc = *format == '!';
    const struct mf_zone *zone = zone_of(L, is_utc ? "UTC" : NULL);
    struct mf_civil civil;
    int32_t offset;

    luaL_argcheck(L, seconds > -(INT64_C(1) << 33) && seconds < INT64_C(1) << 33, 2,
                  "the time must be in 1701..2199");
    mf_lua_pay(L, len);
    civil = mf_zone_civil(zone, seconds * MF_SEC);
    offset = mf_zone_offset(zone, seconds * MF_SEC, &name);
    if (strncmp(format + is_utc, "*t", 2) == 0)
        return push_table(L, &civil);
    return print_date(L, format + is_utc, len - is_utc, &civil, offset, name);
}

void mf_lua_open_os(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"date", os_date},
        {"difftime", os_difftime},
        {"time", os_time},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
}
