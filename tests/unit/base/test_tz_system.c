/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Time zones beside those of the C library, in processes of their own: it knows one zone per
 * process, and so does $TZ.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/num.h"
#include "engine/base/tz.h"
#include "tests/support/child.h"

/* Rules are compared from here on only: of earlier years the C library knows no summer time. */
#define RULE_START "31536000"
#define FILE_START "-3155760000"

/* One line per time: seconds, offset, abbreviation, date and time of day. */
static const char oracle[] = "import sys, time\n"
                             "for t in range(int(sys.argv[1]), 4260000000, 1234567):\n"
                             "    c = time.localtime(t)\n"
                             "    print(t, c.tm_gmtoff, c.tm_zone, *c[:6])\n";

static void our_lines(const struct mf_zone *zone, const char *start, struct mf_buf *out)
{
    int64_t t = 0;

    for (mf_num_read_int(start, strlen(start), &t); t < 4260000000; t += 1234567) {
        struct mf_civil c = mf_zone_civil(zone, t * MF_SEC);
        const char *abbreviation;
        int32_t east = mf_zone_offset(zone, t * MF_SEC, &abbreviation);

        mf_buf_printf(out, "%lld %d %s %d %d %d %d %d %d\n", (long long)t, east, abbreviation,
                      c.year, c.month, c.day, c.hour, c.minute, c.second);
    }
}

/* Six thousand times from 1870 to 2104 in each of six zones: what the C library says, we say. */
static void zones_agree_with_the_c_library(void **state)
{
    static const char *const names[] = {
        "Europe/Berlin",     "Australia/Lord_Howe", "Pacific/Apia",
        "Africa/Casablanca", "Europe/Dublin",       "America/New_York",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char tz[64];
        const char *const argv[] = {"env", tz, "python3", "-c", oracle, FILE_START, NULL};
        struct child child = {0};
        struct mf_buf ours = {0};
        struct mf_error err = {0};

        snprintf(tz, sizeof(tz), "TZ=%s", names[i]);
        child_start(&child, argv);
        our_lines(mf_zone_get(names[i], &err), FILE_START, &ours);
        assert_int_equal(child_end(&child), 0);
        assert_string_equal(child_output(&child), mf_buf_text(&ours));
        child_done(&child);
        mf_buf_done(&ours);
    }
}

/* The same from 1971 on where $TZ is a rule and no file is needed. */
static void rules_agree_with_the_c_library(void **state)
{
    const char *self = *state;
    static const char *const rules[] = {
        "CET-1CEST,M3.5.0,M10.5.0/3",       "IST-1GMT0,M10.5.0,M3.5.0/1",
        "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "AAA-1BBB,J60,J300/5:30",
        "AAA11:30BBB9:45,59/12,364",
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        char tz[64];
        const char *const argv[] = {"env", tz, "python3", "-c", oracle, RULE_START, NULL};
        const char *const own[] = {"env", tz, self, "lines", NULL};
        struct child child = {0}, other = {0};

        snprintf(tz, sizeof(tz), "TZ=%s", rules[i]);
        child_start(&child, argv);
        child_start(&other, own);
        assert_int_equal(child_end(&child), 0);
        assert_int_equal(child_end(&other), 0);
        assert_string_equal(child_output(&other), child_output(&child));
        child_done(&child);
        child_done(&other);
    }
}

/* $TZ in every form the C library takes; what it cannot use is an error here. */
static void the_zone_of_the_machine(void **state)
{
    static char by_path[512];
    static const struct {
        const char *tz, *says;
    } cases[] = {
        {"TZ=Europe/Berlin", "Europe/Berlin CET"},
        {"TZ=:Europe/Berlin", "Europe/Berlin CET"},
        {by_path, "/Europe/Dublin IST"},
        {"TZ=AAA5", "AAA5 AAA"},
        {"TZ=", "UTC UTC"},
        {"TZ=UTC", "UTC UTC"},
        {"TZ=Nowhere/City", "there is no time zone `Nowhere/City`"},
    };
    const char *self = *state;

    snprintf(by_path, sizeof(by_path), "TZ=%s/Europe/Dublin", getenv("TZDIR"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const argv[] = {"env", cases[i].tz, self, "name", NULL};
        struct child child = {0};

        child_start(&child, argv);
        child_wait_for(&child, cases[i].says);
        assert_int_equal(child_end(&child), 0);
        child_done(&child);
    }
}

/* The child's side: what the zone of this process is. */
static int show(const char *what)
{
    struct mf_error err = {0};
    const struct mf_zone *zone = mf_zone_get(NULL, &err);
    struct mf_buf out = {0};
    const char *abbreviation;
    ssize_t put;

    if (!zone) {
        mf_buf_puts(&out, err.text);
    } else if (strcmp(what, "lines") == 0) {
        our_lines(zone, RULE_START, &out);
    } else {
        mf_zone_offset(zone, 0, &abbreviation);
        mf_buf_printf(&out, "%s %s\n", mf_zone_name(zone), abbreviation);
    }
    for (size_t at = 0; at < out.len; at += (size_t)put)
        if ((put = write(STDOUT_FILENO, out.data + at, out.len - at)) < 0)
            return 1;
    mf_buf_done(&out);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zones_agree_with_the_c_library),
        cmocka_unit_test_prestate(rules_agree_with_the_c_library, argv[0]),
        cmocka_unit_test_prestate(the_zone_of_the_machine, argv[0]),
    };

    if (argc == 2)
        return show(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
