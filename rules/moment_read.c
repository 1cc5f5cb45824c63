/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The words of a moment: [UNIX TIME] { [+|-] NUMBER UNIT | WEEKDAY | HH:MM[:SS] }, and `next`,
 * which means what is meant anyway.
 */

#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "rules/moment.h"

enum { UNIX_TIME_MIN = 1000000000, WORD_MAX = 16, NTH_MAX = 4 };

static const struct {
    const char *word;
    enum mf_moment_part part;
} units[] = {
    {"s", MF_MOMENT_SECOND},   {"sec", MF_MOMENT_SECOND},     {"second", MF_MOMENT_SECOND},
    {"m", MF_MOMENT_MINUTE},   {"min", MF_MOMENT_MINUTE},     {"minute", MF_MOMENT_MINUTE},
    {"h", MF_MOMENT_HOUR},     {"hr", MF_MOMENT_HOUR},        {"hour", MF_MOMENT_HOUR},
    {"d", MF_MOMENT_DAY},      {"dy", MF_MOMENT_DAY},         {"day", MF_MOMENT_DAY},
    {"w", MF_MOMENT_WEEK},     {"wk", MF_MOMENT_WEEK},        {"week", MF_MOMENT_WEEK},
    {"mo", MF_MOMENT_MONTH},   {"month", MF_MOMENT_MONTH},    {"y", MF_MOMENT_YEAR},
    {"yr", MF_MOMENT_YEAR},    {"year", MF_MOMENT_YEAR},      {"seconds", MF_MOMENT_SECOND},
    {"hours", MF_MOMENT_HOUR}, {"minutes", MF_MOMENT_MINUTE}, {"days", MF_MOMENT_DAY},
    {"weeks", MF_MOMENT_WEEK}, {"months", MF_MOMENT_MONTH},   {"years", MF_MOMENT_YEAR},
};

/* What each part is called, and its range. */
static const struct {
    const char *name;
    int min, max;
    bool has_zero;
} parts[MF_MOMENT_PARTS] = {
    [MF_MOMENT_SECOND] = {"second", -59, 59, true},
    [MF_MOMENT_MINUTE] = {"minute", -59, 59, true},
    [MF_MOMENT_HOUR] = {"hour", -23, 23, true},
    [MF_MOMENT_WEEKDAY] = {"day of the week", 0, 6, true},
    [MF_MOMENT_NTH] = {"number of a day of the week", -NTH_MAX, NTH_MAX, false},
    [MF_MOMENT_DAY] = {"day of the month", -31, 31, false},
    [MF_MOMENT_WEEK] = {"week", -53, 53, false},
    [MF_MOMENT_MONTH] = {"month", -12, 12, false},
    [MF_MOMENT_YEAR] = {"year", 1, 9999, false},
};

static const char *const weekdays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                       "thursday", "friday", "saturday"};

struct words {
    const char *at, *end;
    const char *word; /* the current one, in lower case */
    size_t len;
    char lower[WORD_MAX + 1];
};

/* False at the end. A word that is too long is cut: it is none of ours anyway. */
static bool next_word(struct words *w)
{
    const char *start;

    while (w->at < w->end && (*w->at == ' ' || *w->at == '\t' || *w->at == '\n'))
        w->at++;
    start = w->at;
    while (w->at < w->end && *w->at != ' ' && *w->at != '\t' && *w->at != '\n')
        w->at++;
    w->len = (size_t)(w->at - start);
    if (w->len > WORD_MAX)
        w->len = WORD_MAX;
    for (size_t i = 0; i < w->len; i++)
        w->lower[i] = start[i] >= 'A' && start[i] <= 'Z' ? (char)(start[i] + 32) : start[i];
    w->lower[w->len] = 0;
    w->word = w->lower;
    return w->len > 0;
}

static int set(struct mf_moment *m, enum mf_moment_part part, int64_t value, struct mf_error *err)
{
    if (mf_moment_has(m, part))
        return mf_fail(err, MF_EINVAL, "the %s stands there twice", parts[part].name);
    if (value < parts[part].min || value > parts[part].max || (value == 0 && !parts[part].has_zero))
        return mf_fail(err, MF_EINVAL, "a %s is between %d and %d, not %lld", parts[part].name,
                       parts[part].has_zero || parts[part].min > 0 ? parts[part].min : 1,
                       parts[part].max, (long long)value);
    m->given |= 1u << part;
    m->value[part] = (int)value;
    return 0;
}

/* Whole names, three letters, two letters. */
static bool find_weekday(const char *word, int *ret)
{
    size_t len = strlen(word);

    for (int i = 0; i < 7; i++)
        if (strcmp(word, weekdays[i]) == 0 ||
            ((len == 2 || len == 3) && strncmp(word, weekdays[i], len) == 0)) {
            *ret = i;
            return true;
        }
    return false;
}

static bool find_unit(const char *word, enum mf_moment_part *ret)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(word, units[i].word) == 0) {
            *ret = units[i].part;
            return true;
        }
    return false;
}

static int unknown(const char *word, struct mf_error *err)
{
    struct mf_nearest near;

    mf_nearest_init(&near, word);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        mf_nearest_add(&near, units[i].word);
    for (int i = 0; i < 7; i++)
        mf_nearest_add(&near, weekdays[i]);
    if (near.best && (word[0] < '0' || word[0] > '9'))
        return mf_fail(err, MF_EINVAL, "`%s` is no unit of time; did you mean `%s`?", word,
                       near.best);
    return mf_fail(err, MF_EINVAL,
                   "`%s` is no unit of time; numbers and units are words of their own, as in "
                   "`9 h 30 min`",
                   word);
}

static int take_unit(struct words *w, struct mf_moment *m, int64_t number, struct mf_error *err)
{
    enum mf_moment_part part;
    int weekday;

    if (!next_word(w))
        return mf_fail(err, MF_EINVAL, "%lld of what? A unit such as `min` is missing at the end",
                       (long long)number);
    if (find_unit(w->word, &part)) /* `mo` is a month here */
        return set(m, part, number, err);
    if (!find_weekday(w->word, &weekday))
        return unknown(w->word, err);
    if (set(m, MF_MOMENT_WEEKDAY, weekday, err) < 0)
        return MF_EINVAL;
    return set(m, MF_MOMENT_NTH, number, err);
}

/* HH:MM[:SS]; 0 if it is none. */
static int take_clock(const struct words *w, struct mf_moment *m, struct mf_error *err)
{
    enum mf_moment_part part = MF_MOMENT_HOUR;
    const char *at = w->word;

    for (;;) {
        size_t len = strspn(at, "0123456789");
        int64_t number;

        if (len < 1 || len > 2 || !mf_num_read_int(at, len, &number))
            return mf_fail(err, MF_EINVAL, "`%s` is no time of day; write it as 03:00 or 03:00:30",
                           w->word);
        if (set(m, part, number, err) < 0)
            return MF_EINVAL;
        at += len;
        if (*at == 0 && part < MF_MOMENT_HOUR)
            return 0;
        if (*at != ':' || part == MF_MOMENT_SECOND)
            return mf_fail(err, MF_EINVAL, "`%s` is no time of day; write it as 03:00 or 03:00:30",
                           w->word);
        at++;
        part--;
    }
}

static int take_word(struct words *w, struct mf_moment *m, bool is_first, struct mf_error *err)
{
    int64_t number, sign = 1;
    int weekday;

    if (strcmp(w->word, "+") == 0 || strcmp(w->word, "-") == 0) {
        sign = w->word[0] == '-' ? -1 : 1;
        if (!next_word(w) || w->word[0] < '0' || w->word[0] > '9')
            return mf_fail(err, MF_EINVAL, "a number must follow a sign");
    }
    if (mf_num_read_int(w->word, w->len, &number)) {
        if (is_first && number > UNIX_TIME_MIN) {
            m->base = number;
            return 0;
        }
        if (number == 0 && (sign < 0 || w->word[0] == '-'))
            return mf_fail(err, MF_EINVAL, "-0 is no number to count from the end by");
        return take_unit(w, m, sign * number, err);
    }
    if (strcmp(w->word, "next") == 0)
        return 0;
    if (find_weekday(w->word, &weekday))
        return set(m, MF_MOMENT_WEEKDAY, weekday, err);
    if (w->word[0] >= '0' && w->word[0] <= '9' && strchr(w->word, ':'))
        return take_clock(w, m, err);
    return unknown(w->word, err);
}

int mf_moment_read(const char *text, size_t len, struct mf_moment *ret, struct mf_error *err)
{
    struct words words = {.at = text, .end = text + len};
    struct mf_moment moment = {0};

    for (bool is_first = true; next_word(&words); is_first = false)
        if (take_word(&words, &moment, is_first, err) < 0)
            return MF_EINVAL;
    *ret = moment;
    return 0;
}
