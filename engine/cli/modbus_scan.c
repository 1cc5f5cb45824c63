/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * modbus scan: which units answer, and which registers one of them has.
 *
 * Registers are asked for in blocks; the link takes a block apart when the device refuses it. More
 * than a window of questions is never open, so that what is found shows as it is found.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/num.h"
#include "engine/cli/modbus_commands.h"
#include "engine/cli/modbus_list.h"

enum {
    UNIT_MAX = 255,
    LAST_UNIT = 247,
    WINDOW = 125, /* registers of the largest read */
    NO_PATH = 10,
};

struct scanning {
    struct mf_modbus_session *session;
    struct mf_modbus_wish *wishes;      /* a window of them */
    const struct mf_modbus_spec *specs; /* NULL: units are looked for */
    size_t spec_count, spec;            /* the one that is asked next */
    unsigned next, last;                /* unit or address */
    uint8_t unit;
    size_t open, asked, all, found;
    bool is_json, shows_progress, is_filling;
};

/* ---- showing ---- */

static void show_progress(const struct scanning *s)
{
    if (s->shows_progress)
        fprintf(stderr, "\r\033[K%zu of %zu, %zu found", s->asked - s->open, s->all, s->found);
}

static void clear_progress(const struct scanning *s)
{
    if (s->shows_progress)
        fputs("\r\033[K", stderr);
}

static void found_unit(struct scanning *s, uint8_t unit, const char *reason)
{
    clear_progress(s);
    if (s->is_json)
        printf("{\"unit\":%u}\n", unit);
    else
        printf("unit %u%s%s\n", unit, reason ? "\t" : "", reason ? reason : "");
    s->found++;
    fflush(stdout);
}

static void found_register(struct scanning *s, const struct mf_modbus_wish *wish, unsigned word)
{
    clear_progress(s);
    printf(s->is_json ? "{\"name\":\"%s:%u\",\"value\":%u}\n" : "%s:%u\t%u\n",
           mf_modbus_area_names[wish->area], wish->address, word);
    s->found++;
    fflush(stdout);
}

/* ---- asking ---- */

static void stop(struct scanning *s, int code, const char *why)
{
    clear_progress(s);
    if (why)
        fprintf(stderr, "moat-flow: %s\n", why);
    mf_modbus_session_end(s->session, code);
}

static void ended(struct scanning *s)
{
    if (s->found)
        stop(s, MF_EXIT_OK, NULL);
    else if (s->specs)
        stop(s, MF_EXIT_WRONG, "the unit has none of these registers");
    else
        stop(s, MF_EXIT_TIME, "no unit answers");
}

/* The next question; false: there is none. */
static bool next_wish(struct scanning *s, struct mf_modbus_wish *wish)
{
    if (!s->specs) {
        wish->unit = (uint8_t)s->next;
        return s->next++ <= s->last;
    }
    while (s->next > s->last) {
        if (++s->spec == s->spec_count)
            return false;
        s->next = s->specs[s->spec].first;
        s->last = s->specs[s->spec].last;
    }
    wish->unit = s->unit;
    wish->area = s->specs[s->spec].area;
    wish->address = (uint16_t)s->next++;
    return true;
}

static void fill(struct scanning *s)
{
    s->is_filling = true;
    for (size_t i = 0; i < WINDOW && s->asked < s->all; i++) {
        struct mf_modbus_wish *wish = &s->wishes[i];

        if (mf_modbus_wish_is_open(wish) || !next_wish(s, wish))
            continue;
        wish->is_alone = wish->takes_no_gap = false;
        wish->splits = 0;
        s->asked++;
        if (mf_modbus_session_ask(s->session, wish))
            s->open++;
        else if (s->specs)
            stop(s, MF_EXIT_TIME, "the unit does not answer");
    }
    s->is_filling = false;
    show_progress(s);
    if (!s->open && s->asked >= s->all)
        ended(s);
}

static void done(struct mf_modbus_wish *wish, enum mf_modbus_end end, const uint16_t *words,
                 const char *reason)
{
    struct scanning *s = wish->owner;
    bool has_no_target =
        end == MF_MODBUS_REFUSED && (reason == mf_modbus_exception_name(NO_PATH) ||
                                     reason == mf_modbus_exception_name(NO_PATH + 1));

    s->open--;
    if (end == MF_MODBUS_AWAY)
        stop(s, MF_EXIT_PEER, "the connection broke");
    else if (s->specs && end == MF_MODBUS_SILENT)
        stop(s, MF_EXIT_TIME, "the unit does not answer");
    else if (s->specs && end == MF_MODBUS_DONE)
        found_register(s, wish, *words);
    else if (!s->specs && end != MF_MODBUS_SILENT && !has_no_target)
        found_unit(s, wish->unit, reason);
    /* Of registers a whole window at a time, so that they can travel together. */
    if (!s->is_filling && (!s->specs || !s->open))
        fill(s);
    else
        show_progress(s);
}

static void begin(struct mf_modbus_session *session)
{
    struct scanning *s = mf_modbus_session_arg(session);

    s->session = session;
    fill(s);
}

/* ---- the command ---- */

static bool read_units(const struct mf_args *args, struct scanning *s)
{
    const char *text = mf_args_get(args, "units"), *dots = text ? strstr(text, "..") : NULL;
    int64_t first = 1, last = LAST_UNIT;
    bool ok = true;

    if (text && dots)
        ok = mf_num_read_int(text, (size_t)(dots - text), &first) &&
             mf_num_read_int(dots + 2, strlen(dots + 2), &last);
    else if (text)
        ok = mf_num_read_int(text, strlen(text), &first) && (last = first) >= 0;
    if (!ok || first < 0 || last < first || last > UNIT_MAX) {
        mf_usage_error(args->command, "`--units` takes a range from 0 to 255, such as 1..32");
        return false;
    }
    s->next = (unsigned)first;
    s->last = (unsigned)last;
    s->all = (size_t)(last - first) + 1;
    return true;
}

static bool read_registers(const struct mf_args *args, const char *const *operands,
                           struct mf_modbus_spec *specs, struct scanning *s)
{
    struct mf_error err = {0};
    int64_t unit = 1;

    for (size_t i = 0; i < s->spec_count; i++) {
        if (mf_modbus_spec_read(operands[i], NULL, &specs[i], &err) < 0 || specs[i].value) {
            mf_usage_error(args->command, "%s",
                           err.code ? err.text : "a scan only reads; leave the value out");
            return false;
        }
        s->all += mf_modbus_spec_count(&specs[i]);
    }
    if (!mf_modbus_number_option(args, "unit", 0, UNIT_MAX, &unit))
        return false;
    s->unit = (uint8_t)unit;
    s->specs = specs;
    s->next = specs[0].first;
    s->last = specs[0].last;
    return true;
}

int mf_modbus_scan_command(const struct mf_args *args, const char *place,
                           const char *const *operands, size_t count)
{
    struct scanning s = {
        .spec_count = count,
        .is_json = mf_args_has(args, "json"),
        .shows_progress = args->talk >= 0 && isatty(2),
    };
    const struct mf_modbus_task task = {begin, NULL, &s, .fallback_timeout = "200ms"};
    struct mf_modbus_spec *specs = mf_calloc_array(count + 1, sizeof(*specs));
    int code = MF_EXIT_USAGE;

    s.wishes = mf_calloc_array(WINDOW, sizeof(*s.wishes));
    for (size_t i = 0; i < WINDOW; i++) {
        s.wishes[i].area = MF_MODBUS_HOLDING;
        s.wishes[i].count = 1;
        s.wishes[i].done = done;
        s.wishes[i].owner = &s;
        mf_modbus_wish_init(&s.wishes[i]);
    }
    if (count ? read_registers(args, operands, specs, &s) : read_units(args, &s))
        code = mf_modbus_session_run(args, place, &task);
    mf_free(s.wishes);
    mf_free(specs);
    return code;
}
