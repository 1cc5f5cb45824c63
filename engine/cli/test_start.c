/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* When a test begins: a civil time and its zone, or a time with an offset. */

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/num.h"
#include "engine/base/tz.h"
#include "engine/cli/test_file.h"

/* So many digits at *text, and the sign behind them if there is one to be. */
static bool take_digits(const char **text, unsigned digits, char sign, int *ret)
{
    int64_t number;

    if (strspn(*text, "0123456789") != digits || !mf_num_read_int(*text, digits, &number) ||
        (sign && (*text)[digits] != sign))
        return false;
    *ret = (int)number;
    *text += digits + (sign != 0);
    return true;
}

/* `2026-03-29 01:55`, `2026-03-29 01:55:30`; returns what is behind, NULL: it is none. */
static const char *read_civil(const char *text, struct mf_civil *ret)
{
    *ret = (struct mf_civil){0};
    if (!take_digits(&text, 4, '-', &ret->year) || !take_digits(&text, 2, '-', &ret->month) ||
        !take_digits(&text, 2, 0, &ret->day) || ret->month < 1 || ret->month > 12 || ret->day < 1 ||
        ret->day > 31)
        return NULL;
    if (!*text)
        return text;
    if (*text != ' ' && *text != 'T')
        return NULL;
    text++;
    if (!take_digits(&text, 2, ':', &ret->hour) || !take_digits(&text, 2, 0, &ret->minute) ||
        ret->hour > 23 || ret->minute > 59)
        return NULL;
    if (*text == ':') {
        text++;
        if (!take_digits(&text, 2, 0, &ret->second) || ret->second > 59)
            return NULL;
    }
    return text;
}

static int find_wall(const struct mf_zone *zone, const struct mf_civil *civil, int64_t *ret_wall,
                     const char **ret_help, struct mf_error *err)
{
    int64_t second;

    switch (mf_zone_find(zone, civil, ret_wall, &second)) {
    case MF_CIVIL_GAP:
        *ret_help = "take a time before or after the jump";
        return mf_fail(err, MF_EINVAL, "this time does not exist there: the clocks jump over it");
    case MF_CIVIL_FOLD:
        *ret_help = "say which with an offset, `2026-10-25T02:30:00+01:00 Europe/Berlin`";
        return mf_fail(err, MF_EINVAL, "this time exists twice there: the clocks go back over it");
    default:
        return 0;
    }
}

/* `2026-10-25T02:30:00+01:00`, and perhaps a zone behind it. */
static bool read_exact(const char *text, int64_t *ret_wall, const char **ret_zone)
{
    char exact[MF_TIME_TEXT];
    const char *space = strchr(text, ' ');
    size_t len = space ? (size_t)(space - text) : strlen(text);

    if (len >= sizeof exact)
        return false;
    snprintf(exact, sizeof exact, "%.*s", (int)len, text);
    if (!strchr(exact, 'T') || !mf_time_read(exact, ret_wall))
        return false;
    *ret_zone = space ? space + 1 : "UTC";
    return true;
}

int mf_start_read(const char *text, int64_t *ret_wall, const struct mf_zone **ret_zone,
                  const char **ret_help, struct mf_error *err)
{
    const char *name = "UTC", *rest;
    struct mf_civil civil;
    bool is_exact = read_exact(text, ret_wall, &name);

    if (!is_exact) {
        rest = read_civil(text, &civil);
        if (!rest || (*rest && *rest != ' ')) {
            *ret_help = "write `2026-03-29 01:55 Europe/Berlin`; without a zone it is UTC";
            return mf_fail(err, MF_EINVAL, "this is not a time");
        }
        name = *rest ? rest + 1 : name;
    }
    *ret_zone = mf_zone_get(name, err);
    if (!*ret_zone) {
        *ret_help = "write a zone of the tz database, such as `Europe/Berlin`, or leave it out "
                    "for UTC";
        return MF_EINVAL;
    }
    return is_exact ? 0 : find_wall(*ret_zone, &civil, ret_wall, ret_help, err);
}

bool mf_test_start_read(struct mf_load *load, const struct mf_tree *tree, int64_t *ret_wall,
                        const struct mf_zone **ret_zone)
{
    struct mf_error err = {0};
    struct mf_diag *diag;
    const char *help;

    if (mf_start_read(tree ? tree->text : MF_TEST_START, ret_wall, ret_zone, &help, &err) == 0)
        return true;
    diag = mf_diag(load->diags, MF_ERROR, MF_CODE_TEST_START, tree ? tree->at : (struct mf_span){0},
                   "`start`: %s", err.text);
    mf_diag_help(diag, "%s", help);
    return false;
}
