/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Clock: real or virtual, and times as ISO 8601 text. The only file that asks the system. */

#include "engine/base/clock.h"

#include <string.h>
#include <time.h>

#include "engine/base/date.h"

static int64_t ask(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * MF_SEC + ts.tv_nsec;
}

void mf_clock_init_real(struct mf_clock *clock)
{
    memset(clock, 0, sizeof(*clock));
}

void mf_clock_init_virtual(struct mf_clock *clock, int64_t start)
{
    *clock = (struct mf_clock){.is_virtual = true, .wall = start};
}

int64_t mf_clock_wall(const struct mf_clock *clock)
{
    return clock->is_virtual ? clock->wall : ask(CLOCK_REALTIME);
}

int64_t mf_clock_mono(const struct mf_clock *clock)
{
    return clock->is_virtual ? clock->mono : ask(CLOCK_MONOTONIC);
}

void mf_clock_advance(struct mf_clock *clock, int64_t mono)
{
    if (mono <= clock->mono)
        return;
    clock->wall += mono - clock->mono;
    clock->mono = mono;
}

int64_t mf_clock_cpu(void)
{
    return ask(CLOCK_PROCESS_CPUTIME_ID);
}

/* ---- times as text ---- */

/* `count` digits with leading zeros; returns the end. */
static char *put_digits(char *out, int64_t number, int count)
{
    for (int i = count; i-- > 0; number /= 10)
        out[i] = (char)('0' + number % 10);
    return out + count;
}

int mf_time_print(int64_t wall, char *out)
{
    int64_t days = wall / MF_DAY, rest = wall % MF_DAY, year, fraction;
    int month, day, decimals = 9;
    char *p = out;

    if (rest < 0) {
        rest += MF_DAY;
        days--;
    }
    mf_date_of(days, &year, &month, &day); /* 1677 to 2262, as far as int64 goes */
    p = put_digits(p, year, 4);
    *p++ = '-';
    p = put_digits(p, month, 2);
    *p++ = '-';
    p = put_digits(p, day, 2);
    *p++ = 'T';
    p = put_digits(p, rest / MF_HOUR, 2);
    *p++ = ':';
    p = put_digits(p, rest / MF_MINUTE % 60, 2);
    *p++ = ':';
    p = put_digits(p, rest / MF_SEC % 60, 2);
    fraction = rest % MF_SEC;
    if (fraction) {
        for (; fraction % 10 == 0; decimals--)
            fraction /= 10;
        *p++ = '.';
        p = put_digits(p, fraction, decimals);
    }
    *p++ = 'Z';
    *p = 0;
    return (int)(p - out);
}

/* Exactly `digits` digits; NULL if there are fewer. */
static const char *digits(const char *p, int count, int *ret)
{
    *ret = 0;
    for (int i = 0; i < count; i++, p++) {
        if (*p < '0' || *p > '9')
            return NULL;
        *ret = *ret * 10 + (*p - '0');
    }
    return p;
}

static const char *expect(const char *p, const char *chars)
{
    return p && *p && strchr(chars, *p) ? p + 1 : NULL;
}

static const char *read_clock(const char *p, int64_t *ret_ns)
{
    int hour, minute, second = 0;
    int64_t unit = MF_SEC;

    if (!p || !(p = digits(p, 2, &hour)) || !(p = expect(p, ":")) || !(p = digits(p, 2, &minute)))
        return NULL;
    if (*p == ':' && !(p = digits(p + 1, 2, &second)))
        return NULL;
    if (hour > 23 || minute > 59 || second > 60)
        return NULL;
    *ret_ns = hour * MF_HOUR + minute * MF_MINUTE + second * MF_SEC;
    if (*p != '.')
        return p;
    if (p[1] < '0' || p[1] > '9')
        return NULL;
    for (p++; *p >= '0' && *p <= '9'; p++) {
        unit /= 10;
        *ret_ns += (*p - '0') * unit;
    }
    return p;
}

static const char *read_zone(const char *p, int64_t *ret_offset)
{
    int hour, minute, sign;

    *ret_offset = 0;
    if (!p || *p == 0)
        return p;
    if (*p == 'Z' || *p == 'z')
        return p + 1;
    sign = *p == '-' ? -1 : 1;
    if (!(p = expect(p, "+-")) || !(p = digits(p, 2, &hour)))
        return NULL;
    if (*p == ':')
        p++;
    if (!(p = digits(p, 2, &minute)) || hour > 14 || minute > 59)
        return NULL;
    *ret_offset = sign * (hour * MF_HOUR + minute * MF_MINUTE);
    return p;
}

bool mf_time_read(const char *text, int64_t *ret_wall)
{
    int year, month, day;
    int64_t clock = 0, offset = 0;
    const char *p = digits(text, 4, &year);

    if (!p || !(p = expect(p, "-")) || !(p = digits(p, 2, &month)) || !(p = expect(p, "-")) ||
        !(p = digits(p, 2, &day)))
        return false;
    if (year < 1700 || year > 2200 || month < 1 || month > 12 || day < 1 ||
        day > mf_date_month_length(year, month))
        return false;
    if (*p && !(p = read_zone(read_clock(expect(p, "Tt "), &clock), &offset)))
        return false;
    if (*p)
        return false;
    *ret_wall = mf_date_days(year, month, day) * MF_DAY + clock - offset;
    return true;
}
