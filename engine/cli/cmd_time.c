/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * time: how long it is until a time of which some parts are given; MoaT's calculator, and what a
 * flow's `at` understands.
 */

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/num.h"
#include "engine/base/tz.h"
#include "engine/cli/commands.h"
#include "rules/daytimes.h"
#include "rules/moment.h"

enum { WORDS_MAX = 40, PARTS = 3, PARTS_MAX = 7, YEARS_MAX = 99, POLL_MS = 60000 };

struct question {
    struct mf_moment moment;
    const struct mf_zone *zone;
    int64_t base; /* wall */
    bool now, inverse, back;
};

/* ---- reading ---- */

/* A year below 100 counts from now; the others must be near. */
static bool settle_year(const struct mf_args *args, struct question *q)
{
    int this_year = mf_zone_civil(q->zone, q->base).year;
    int *year = &q->moment.value[MF_MOMENT_YEAR];
    int low = q->back ? this_year - YEARS_MAX : this_year;

    if (!mf_moment_has(&q->moment, MF_MOMENT_YEAR))
        return true;
    if (*year <= YEARS_MAX)
        *year = this_year + (q->back ? -*year : *year);
    if (*year >= low && *year <= low + YEARS_MAX)
        return true;
    mf_usage_error(args->command, "a year is between %d and %d here, or below 100 and counted %s",
                   low, low + YEARS_MAX, q->back ? "back from now" : "from now");
    return false;
}

static bool read_words(const struct mf_args *args, struct question *q)
{
    struct mf_buf text = {0};
    struct mf_error err = {0};
    bool is_read;

    for (size_t i = 0; i < args->operand_count; i++)
        mf_buf_printf(&text, "%s ", args->operands[i]);
    is_read = mf_moment_read(mf_buf_text(&text), text.len, &q->moment, &err) == 0;
    mf_buf_done(&text);
    if (!is_read)
        mf_usage_error(args->command, "%s", err.text);
    else if (q->moment.given == 0)
        mf_usage_error(args->command, "give the parts of a time, such as `sun 03:00`");
    return is_read && q->moment.given;
}

static bool read_question(const struct mf_args *args, struct question *q)
{
    const char *name = mf_args_get(args, "tz");
    struct mf_error err = {0};
    struct mf_clock clock;

    q->now = mf_args_has(args, "now");
    q->inverse = mf_args_has(args, "inv");
    q->back = mf_args_has(args, "back");
    q->zone = mf_zone_get(name, &err);
    if (!q->zone) {
        mf_usage_error(args->command, "%s", err.text);
        return false;
    }
    if (q->back && mf_args_has(args, "sleep")) {
        mf_usage_error(args->command, "nobody can wait for what has been: `--sleep` with `--back`");
        return false;
    }
    if (!read_words(args, q))
        return false;
    mf_clock_init_real(&clock);
    q->base = q->moment.base ? q->moment.base * MF_SEC : mf_clock_wall(&clock);
    return settle_year(args, q);
}

/* ---- answering ---- */

static bool look(const struct question *q, enum mf_moment_aim aim, int64_t civil, int64_t *ret)
{
    return q->back ? mf_moment_last(&q->moment, aim, civil, ret)
                   : mf_moment_next(&q->moment, aim, civil, ret);
}

/* Of the two times that a doubled hour has, the one that is not on the wrong side of the base. */
static int64_t wall_of(const struct question *q, int64_t civil)
{
    struct mf_civil c = {
        .year = 1970,
        .month = 1,
        .day = 1 + (int)mf_civil_day(civil),
        .second = mf_civil_second(civil),
    };
    int64_t first, second;

    mf_zone_find(q->zone, &c, &first, &second);
    if (q->back)
        return second <= q->base ? second : first;
    return first >= q->base ? first : second;
}

/* False if it never comes. */
static bool answer(const struct question *q, int64_t *ret_wall)
{
    enum mf_moment_aim aim = q->inverse ? MF_MOMENT_OTHER : MF_MOMENT_MATCH;
    enum mf_moment_aim first = q->inverse ? MF_MOMENT_MATCH : MF_MOMENT_OTHER;
    int64_t second = q->base / MF_SEC - (q->base % MF_SEC < 0);
    int64_t start = second + mf_zone_offset(q->zone, q->base, NULL), civil = start;

    if (!q->now && !look(q, first, civil, &civil))
        return false;
    if (!look(q, aim, civil, &civil))
        return false;
    *ret_wall = civil == start ? q->base : wall_of(q, civil);
    return true;
}

/* ---- saying it ---- */

static const struct {
    double seconds;
    const char *name;
} units[] = {
    {365 * 86400.0, "yr"}, {30 * 86400.0, "mo"}, {7 * 86400.0, "wk"},
    {86400.0, "dy"},       {3600.0, "hr"},       {60.0, "min"},
};

/* A unit counts when more than one of it is left: 3600 s are 60 min. */
static void print_human(double seconds, int64_t parts)
{
    const char *gap = "";

    if (seconds == 0) {
        printf("now\n");
        return;
    }
    if (seconds < 1) {
        printf("%.0f msec\n", seconds * 1000);
        return;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && parts > 0; i++) {
        double count = floor(seconds / units[i].seconds);

        if (seconds <= units[i].seconds)
            continue;
        printf("%s%.0f %s", gap, count, units[i].name);
        seconds -= count * units[i].seconds;
        gap = " ";
        parts--;
    }
    if (parts > 0 && seconds >= 0.1)
        printf("%s%.*f sec", gap, parts > 1, seconds);
    printf("\n");
}

static void print_date(const struct question *q, int64_t wall)
{
    struct mf_civil c = mf_zone_civil(q->zone, wall);
    const char *abbreviation;
    int32_t east = mf_zone_offset(q->zone, wall, &abbreviation);
    int32_t minutes = (east < 0 ? -east : east) / 60;

    printf("%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d\n", c.year, c.month, c.day, c.hour, c.minute,
           c.second, east < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

/* Looks at the clock now and then: somebody may set it. */
static void wait_until(int64_t wall)
{
    struct mf_clock clock;
    int64_t left;

    mf_clock_init_real(&clock);
    while ((left = wall - mf_clock_wall(&clock)) > 0)
        poll(NULL, 0, left > POLL_MS * MF_MS ? POLL_MS : (int)((left + MF_MS - 1) / MF_MS));
}

static bool read_parts(const struct mf_args *args, int64_t *ret)
{
    const char *text = mf_args_get(args, "parts");

    *ret = PARTS;
    if (!text || (mf_num_read_int(text, strlen(text), ret) && *ret >= 1 && *ret <= PARTS_MAX))
        return true;
    mf_usage_error(args->command, "`--parts` takes a number from 1 to %d, not `%s`", PARTS_MAX,
                   text);
    return false;
}

static int run(const struct mf_args *args)
{
    struct question q = {0};
    int64_t wall, parts;
    double seconds;

    if (!read_parts(args, &parts) || !read_question(args, &q))
        return MF_EXIT_USAGE;
    if (!answer(&q, &wall)) {
        fprintf(stderr, "moat-flow: this %s within a hundred years\n",
                q.back ? "has never been" : "never comes");
        return MF_EXIT_WRONG;
    }
    seconds = (double)(q.back ? q.base - wall : wall - q.base) / (double)MF_SEC;
    if (mf_args_has(args, "date"))
        print_date(&q, wall);
    else if (mf_args_has(args, "human") || mf_args_has(args, "parts"))
        print_human(seconds, parts);
    else if (!mf_args_has(args, "sleep"))
        printf("%.0f\n", floor(seconds + 0.9));
    fflush(stdout);
    if (mf_args_has(args, "sleep"))
        wait_until(wall);
    return MF_EXIT_OK;
}

static const struct mf_flag flags[] = {
    {"now", 'n', NULL, NULL, "A match that is now counts: the answer is 0.", NULL},
    {"inv", 'i', NULL, NULL, "Until it does not match.", NULL},
    {"back", 'b', NULL, NULL, "Since the last match ended.", NULL},
    {"human", 0, NULL, NULL, "For people: 2 dy 3 hr 5 min.", NULL},
    {"parts", 'H', "N", NULL, "For people, with N parts.", "3"},
    {"date", 'd', NULL, NULL, "The date and time itself.", NULL},
    {"sleep", 's', NULL, NULL, "Wait until then.", NULL},
    {"tz", 'z', "ZONE", NULL, "Time zone, such as Europe/Berlin.", "that of the machine"},
    {0},
};

const struct mf_command mf_command_time = {
    .name = "time",
    .operands = "WORD…",
    .summary = "How long it is until a time given in parts.",
    .examples = "moat-flow time 9 h 30 min        # seconds until half past nine\n"
                "moat-flow time --human sun 03:00 # the same for people\n"
                "moat-flow time -d -- -1 day      # when the last day of a month begins\n"
                "moat-flow time -b 2 tue          # seconds since the last second Tuesday\n"
                "moat-flow time -s 0 min && date  # wait for the full hour\n",
    .doc =
        "The words are those of the kind `at`: `[UNIX TIME] { [+|-] NUMBER UNIT | WEEKDAY |\n"
        "HH:MM[:SS] }`; `moat-flow nodes at` lists the units. Parts that are not given are free.\n"
        "A Unix time in front is taken for now; a year below 100 counts from now. A match that is\n"
        "now does not count: the answer is the next one. Put `--` before a word that begins with "
        "a\n"
        "minus sign. The answer is in seconds, rounded up from a tenth on.\n"
        "\n"
        "Clocks that change: a time that is skipped is the moment after the gap; of one that\n"
        "exists twice it is the nearer. Exit code 1: there is no such time within a hundred "
        "years.\n",
    .flags = flags,
    .max_operands = WORDS_MAX,
    .run = run,
};
