/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reading a cron line, and its next time by field. See cron_line.h. */

#include "rules/cron_line.h"

#include <string.h>

#include "engine/base/date.h"
#include "engine/base/num.h"

enum {
    FIELDS_MIN = 5,
    FIELDS_MAX = 6,
    REACH = 366 * 9, /* days: from February 29 to the next one, also around 1900 and 2100 */
};

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                          "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

struct field {
    const char *name;
    int min, max;
    const char *const *names; /* the first is that of `min` */
};

static const struct field fields[FIELDS_MAX] = {
    {"second", 0, 59, NULL},       {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},         {"day of the month", 1, 31, NULL},
    {"month", 1, 12, month_names}, {"day of the week", 0, 7, weekday_names}, /* 7 is Sunday, too */
};

struct text {
    const char *at, *end;
};

/* ---- one field ---- */

static int find_name(const struct field *field, const char *text, size_t len)
{
    for (int i = 0; field->names && field->names[i]; i++)
        if (len == 3 && strncasecmp(text, field->names[i], 3) == 0)
            return field->min + i;
    return -1;
}

static int take_number(struct text *t, const struct field *field, int *ret, struct mf_error *err)
{
    const char *start = t->at;
    int64_t number;
    size_t len;
    int named;

    while (t->at < t->end && strchr(",-/", *t->at) == NULL)
        t->at++;
    len = (size_t)(t->at - start);
    named = find_name(field, start, len);
    if (named >= 0) {
        *ret = named;
        return 0;
    }
    if (len == 0 || !mf_num_read_int(start, len, &number))
        return mf_fail(err, MF_EINVAL, "`%.*s` is no %s", (int)(t->end - start), start,
                       field->name);
    if (number < field->min || number > field->max)
        return mf_fail(err, MF_EINVAL, "a %s is between %d and %d, not %lld", field->name,
                       field->min, field->max, (long long)number);
    *ret = (int)number;
    return 0;
}

static int take_step(struct text *t, const struct field *field, int *ret, struct mf_error *err)
{
    const char *start = ++t->at;
    int64_t number;

    while (t->at < t->end && *t->at != ',')
        t->at++;
    if (!mf_num_read_int(start, (size_t)(t->at - start), &number) || number < 1 ||
        number > field->max)
        return mf_fail(err, MF_EINVAL, "the step of the %s is between 1 and %d, not `%.*s`",
                       field->name, field->max, (int)(t->at - start), start);
    *ret = (int)number;
    return 0;
}

/* A range of days of the week may go over Sunday: `fri-mon`. */
static int add_range(uint64_t *set, const struct field *field, int first, int last, int step,
                     struct mf_error *err)
{
    if (last < first && field->names == weekday_names)
        last += 7;
    if (last < first)
        return mf_fail(err, MF_EINVAL,
                       "the range %d-%d of the %s runs backwards; write it as two: `%d-%d,%d-%d`",
                       first, last, field->name, first, field->max, field->min, last);
    for (int i = first; i <= last; i += step)
        *set |= UINT64_C(1) << (field->names == weekday_names ? i % 7 : i);
    return 0;
}

/* `*`, `5`, `5-10`, `*` / 2, `5/10` (from 5 on), `mon`, `fri-mon/2` */
static int take_range(struct text *t, const struct field *field, uint64_t *set,
                      struct mf_error *err)
{
    int first = field->min, last = field->names == weekday_names ? 6 : field->max, step = 1;
    bool is_single = false;

    if (t->at < t->end && *t->at == '*') {
        t->at++;
    } else {
        if (take_number(t, field, &first, err) < 0)
            return MF_EINVAL;
        is_single = t->at == t->end || *t->at == ',';
        if (is_single) {
            last = first;
        } else if (*t->at == '-') {
            t->at++;
            if (take_number(t, field, &last, err) < 0)
                return MF_EINVAL;
        }
    }
    if (t->at < t->end && *t->at == '/' && take_step(t, field, &step, err) < 0)
        return MF_EINVAL;
    if (t->at < t->end && *t->at != ',')
        return mf_fail(err, MF_EINVAL, "`%.*s` cannot be read as part of the %s",
                       (int)(t->end - t->at), t->at, field->name);
    return add_range(set, field, first, last, step, err);
}

static int read_field(struct text t, const struct field *field, uint64_t *ret, struct mf_error *err)
{
    *ret = 0;
    for (;;) {
        if (take_range(&t, field, ret, err) < 0)
            return MF_EINVAL;
        if (t.at == t.end)
            return 0;
        t.at++; /* the comma */
    }
}

/* ---- the line ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* Counts on past the last, so that one too many is seen. */
static unsigned split(const char *text, size_t len, struct text out[FIELDS_MAX])
{
    const char *at = text, *end = text + len;
    unsigned count = 0;

    for (;;) {
        const char *start;

        while (at < end && is_blank(*at))
            at++;
        if (at == end)
            return count;
        start = at;
        while (at < end && !is_blank(*at))
            at++;
        if (count < FIELDS_MAX)
            out[count] = (struct text){start, at};
        count++;
    }
}

int mf_cron_read(const char *text, size_t len, struct mf_cron *ret, struct mf_error *err)
{
    struct text words[FIELDS_MAX];
    unsigned count = split(text, len, words), skipped = FIELDS_MAX - count;
    uint64_t sets[FIELDS_MAX] = {1};

    if (count < FIELDS_MIN || count > FIELDS_MAX)
        return mf_fail(err, MF_EINVAL,
                       "it has %u fields; wanted are minute, hour, day, month and day of the week, "
                       "with seconds in front of them or not",
                       count);
    for (unsigned i = 0; i < count; i++)
        if (read_field(words[i], &fields[skipped + i], &sets[skipped + i], err) < 0)
            return MF_EINVAL;
    *ret = (struct mf_cron){
        .times = {sets[0], sets[1], (uint32_t)sets[2]},
        .days = (uint32_t)sets[3],
        .months = (uint16_t)sets[4],
        .weekdays = (uint8_t)sets[5],
        .either_day = *words[count - 3].at != '*' && *words[count - 1].at != '*',
    };
    return 0;
}

/* ---- the next time ---- */

static bool day_matches(const struct mf_cron *cron, int64_t number)
{
    bool by_day, by_weekday;
    int64_t year;
    int month, day;

    mf_date_of(number, &year, &month, &day);
    if (!(cron->months >> month & 1))
        return false;
    by_day = cron->days >> day & 1;
    by_weekday = cron->weekdays >> mf_date_weekday(number) & 1;
    return cron->either_day ? by_day || by_weekday : by_day && by_weekday;
}

bool mf_cron_next(const struct mf_cron *cron, int64_t civil, int64_t *ret)
{
    int64_t today = mf_civil_day(civil + 1);

    for (int64_t day = today; day <= today + REACH; day++) {
        int second = mf_daytimes_first(&cron->times, day == today ? mf_civil_second(civil + 1) : 0);

        if (second >= 0 && day_matches(cron, day)) {
            *ret = day * MF_DAY_SECONDS + second;
            return true;
        }
    }
    return false;
}
