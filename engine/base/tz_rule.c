/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The POSIX form of a time zone, with the extensions that zone files use: names in <…>, and hours
 * from -167 to 167 in the time of a change. Summer time may be the smaller offset (Ireland), and
 * may last all year.
 */

#include <string.h>

#include "engine/base/date.h"
#include "engine/base/tz_priv.h"

enum { DAY = 86400, HOUR = 3600, TURN_HOURS = 167, OFFSET_HOURS = 24 };

/* ---- reading ---- */

struct text {
    const char *at, *end;
};

static bool take(struct text *t, char c)
{
    if (t->at == t->end || *t->at != c)
        return false;
    t->at++;
    return true;
}

static bool take_number(struct text *t, int max, int *ret)
{
    const char *start = t->at;
    int number = 0;

    for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++) {
        number = number * 10 + (*t->at - '0');
        if (number > max)
            return false;
    }
    *ret = number;
    return t->at > start;
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool take_clock(struct text *t, int max_hour, int32_t *ret_seconds)
{
    int hour, minute = 0, second = 0;
    int sign = take(t, '-') ? -1 : 1;

    if (sign > 0)
        take(t, '+');
    if (!take_number(t, max_hour, &hour))
        return false;
    if (take(t, ':')) {
        if (!take_number(t, 59, &minute))
            return false;
        if (take(t, ':') && !take_number(t, 59, &second))
            return false;
    }
    *ret_seconds = sign * (hour * HOUR + minute * 60 + second);
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take_name(struct text *t, char *ret_name)
{
    bool quoted = take(t, '<');
    const char *start = t->at;
    size_t len;

    while (t->at < t->end && (is_letter(*t->at) || (quoted && ((*t->at >= '0' && *t->at <= '9') ||
                                                               *t->at == '+' || *t->at == '-'))))
        t->at++;
    len = (size_t)(t->at - start);
    if (len < 3 || len >= TZ_ABBREVIATION)
        return false;
    memcpy(ret_name, start, len);
    ret_name[len] = 0;
    return !quoted || take(t, '>');
}

static bool take_turn(struct text *t, struct tz_turn *ret)
{
    ret->second = 2 * HOUR;
    if (take(t, 'M')) {
        ret->form = TZ_MONTH;
        if (!take_number(t, 12, &ret->month) || ret->month < 1 || !take(t, '.') ||
            !take_number(t, 5, &ret->week) || ret->week < 1 || !take(t, '.') ||
            !take_number(t, 6, &ret->day))
            return false;
    } else if (take(t, 'J')) {
        ret->form = TZ_JULIAN;
        if (!take_number(t, 365, &ret->day) || ret->day < 1)
            return false;
    } else {
        ret->form = TZ_DAY;
        if (!take_number(t, 365, &ret->day))
            return false;
    }
    return !take(t, '/') || take_clock(t, TURN_HOURS, &ret->second);
}

bool tz_rule_read(const char *text, size_t len, struct tz_rule *ret_rule)
{
    struct text t = {text, text + len};
    struct tz_rule rule = {0};
    int32_t west;

    if (!take_name(&t, rule.standard.abbreviation) || !take_clock(&t, OFFSET_HOURS, &west))
        return false;
    rule.standard.east = -west;
    if (t.at < t.end) {
        rule.has_summer = true;
        rule.summer.east = rule.standard.east + HOUR;
        if (!take_name(&t, rule.summer.abbreviation))
            return false;
        if (t.at < t.end && *t.at != ',') {
            if (!take_clock(&t, OFFSET_HOURS, &west))
                return false;
            rule.summer.east = -west;
        }
        if (!take(&t, ',') || !take_turn(&t, &rule.start) || !take(&t, ',') ||
            !take_turn(&t, &rule.end))
            return false;
    }
    if (t.at != t.end)
        return false;
    *ret_rule = rule;
    return true;
}

/* ---- asking ---- */

static int64_t turn_day(const struct tz_turn *turn, int64_t year)
{
    int64_t first;
    int day;

    switch (turn->form) {
    case TZ_JULIAN:
        first = mf_date_days(year, 1, 1);
        return first + turn->day - 1 + (mf_date_is_leap(year) && turn->day >= 60);
    case TZ_DAY:
        return mf_date_days(year, 1, 1) + turn->day;
    case TZ_MONTH:
        break;
    }
    first = mf_date_days(year, turn->month, 1);
    day = (turn->day - mf_date_weekday(first) + 7) % 7 + (turn->week - 1) * 7;
    if (day >= mf_date_month_length(year, turn->month))
        day -= 7;
    return first + day;
}

static int64_t year_of(int64_t time)
{
    int64_t days = time / DAY - (time % DAY < 0), year;
    int month, day;

    mf_date_of(days, &year, &month, &day);
    return year;
}

static int64_t start_of(const struct tz_rule *rule, int64_t year)
{
    return turn_day(&rule->start, year) * DAY + rule->start.second - rule->standard.east;
}

static int64_t end_of(const struct tz_rule *rule, int64_t year)
{
    return turn_day(&rule->end, year) * DAY + rule->end.second - rule->summer.east;
}

/* Changes of the years around decide: a change may lie a week outside of its year. Where one summer
 * ends as the next one begins, there is no winter between. */
const struct tz_offset *tz_rule_offset(const struct tz_rule *rule, int64_t time)
{
    int64_t year = year_of(time), started = INT64_MIN, ended = INT64_MIN;

    if (!rule->has_summer)
        return &rule->standard;
    for (int64_t y = year - 2; y <= year + 1; y++) {
        int64_t start = start_of(rule, y), end = end_of(rule, y);

        if (start <= time && start > started)
            started = start;
        if (end <= time && end > ended)
            ended = end;
    }
    return started >= ended ? &rule->summer : &rule->standard;
}

int64_t tz_rule_next(const struct tz_rule *rule, int64_t time)
{
    int64_t year = year_of(time), next = INT64_MAX;

    if (!rule->has_summer)
        return INT64_MAX;
    for (int64_t y = year - 1; y <= year + 2; y++) {
        int64_t start = start_of(rule, y), end = end_of(rule, y);

        if (start > time && start < next)
            next = start;
        if (end > time && end < next)
            next = end;
    }
    return next;
}
