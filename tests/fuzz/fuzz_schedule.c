/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as a cron line and as a moment: refused with a sentence, or times that come one after
 * the other and are what was asked for.
 */

#include <stdlib.h>
#include <string.h>

#include "rules/cron_line.h"
#include "rules/moment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { START = 1774746000, TIMES = 20 };

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_cron(const char *text, size_t size)
{
    struct mf_error err = {0};
    struct mf_cron line;
    int64_t time = START, next;

    if (mf_cron_read(text, size, &line, &err) < 0) {
        demand(err.code == MF_EINVAL && err.text[0]);
        return;
    }
    for (int i = 0; i < TIMES && mf_cron_next(&line, time, &next); i++) {
        int second = mf_civil_second(next);

        demand(next > time);
        demand(mf_daytimes_first(&line.times, second) == second);
        time = next;
    }
}

static void check_moment(const char *text, size_t size)
{
    struct mf_error err = {0};
    struct mf_moment moment;
    int64_t time = START, next, last;

    if (mf_moment_read(text, size, &moment, &err) < 0) {
        demand(err.code == MF_EINVAL && err.text[0]);
        return;
    }
    for (int i = 0; i < TIMES && mf_moment_start(&moment, time, &next); i++) {
        demand(next > time);
        demand(mf_moment_is(&moment, next) && !mf_moment_is(&moment, next - 1));
        demand(mf_moment_last(&moment, MF_MOMENT_MATCH, next, &last) && last == next);
        time = next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 200)
        return 0; /* nobody writes such a line, and a hundred years take a while */
    check_cron((const char *)data, size);
    check_moment((const char *)data, size);
    return 0;
}
