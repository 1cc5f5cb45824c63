/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* See modbus_list.h. */

#include "engine/cli/modbus_list.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/value/build.h"
#include "engine/value/codec.h"

enum { UNIT_MAX = 255, RETRIES = 1 };

struct reading {
    struct mf_modbus_list *list;
    struct mf_modbus_session *session;
    size_t open;    /* rows that are still asked for */
    bool is_asking; /* the round has not been asked for as a whole */
    int64_t due;    /* mono, of the next round */
    int64_t left;   /* rounds */
    bool is_json;
    int code; /* of this round */
};

bool mf_modbus_number_option(const struct mf_args *args, const char *name, int64_t min, int64_t max,
                             int64_t *ret)
{
    const char *text = mf_args_get(args, name);

    if (!text)
        return true;
    if (mf_num_read_int(text, strlen(text), ret) && *ret >= min && *ret <= max)
        return true;
    mf_usage_error(args->command, "`--%s` takes a number from %lld to %lld, not `%s`", name,
                   (long long)min, (long long)max, text);
    return false;
}

bool mf_modbus_list_options(const struct mf_args *args, struct mf_modbus_list *list)
{
    list->unit = 1;
    list->rounds = mf_args_has(args, "every") ? 0 : 1;
    return mf_modbus_number_option(args, "unit", 0, UNIT_MAX, &list->unit) &&
           mf_modbus_number_option(args, "count", 0, INT64_MAX, &list->rounds) &&
           mf_args_duration(args, "every", 0, &list->every);
}

/* ---- printing ---- */

static void print_json(const struct reading *r, const struct mf_modbus_row *row)
{
    struct mf_builder object;
    struct mf_value whole;
    struct mf_buf line = {0};
    char time[MF_TIME_TEXT];

    mf_build_start(&object);
    mf_build_take_field(&object, "name", mf_value_new_text_n(row->name, strlen(row->name)));
    mf_build_take_field(&object, "value", mf_value_copy(row->value));
    if (row->unit)
        mf_build_take_field(&object, "unit",
                            mf_value_new_text_n(row->unit->name, strlen(row->unit->name)));
    if (row->reason)
        mf_build_take_field(&object, "bad", mf_value_new_text_n(row->reason, strlen(row->reason)));
    if (r->list->every) {
        mf_time_print(mf_modbus_session_now(r->session), time);
        mf_build_take_field(&object, "time", mf_value_new_text_n(time, strlen(time)));
    }
    whole = mf_build_end_map(&object);
    mf_json_write(&whole, &line);
    puts(mf_buf_text(&line));
    mf_value_drop(whole);
    mf_buf_done(&line);
}

static void print_text(const struct mf_modbus_row *row)
{
    struct mf_buf text = {0}, shown = {0};

    if (row->reason) {
        printf("%s\tbad: %s\n", row->name, row->reason);
        return;
    }
    mf_value_print(&row->value, &text);
    mf_text_printable(&shown, mf_buf_text(&text), text.len, SIZE_MAX);
    printf("%s\t%s%s%s\n", row->name, mf_buf_text(&shown), row->unit ? " " : "",
           row->unit ? row->unit->name : "");
    mf_buf_done(&text);
    mf_buf_done(&shown);
}

static void print_round(const struct reading *r)
{
    for (size_t i = 0; i < r->list->count; i++) {
        if (r->is_json)
            print_json(r, &r->list->rows[i]);
        else
            print_text(&r->list->rows[i]);
    }
    fflush(stdout);
}

/* ---- rounds ---- */

static void ask_all(struct reading *r);

static void end_round(struct reading *r)
{
    int64_t now = mf_modbus_session_mono(r->session);

    print_round(r);
    if (r->left && --r->left == 0) {
        mf_modbus_session_end(r->session, r->code);
        return;
    }
    r->due += r->list->every;
    if (r->due < now)
        r->due = now;
    mf_modbus_session_arm(r->session, r->due - now);
}

static void row_ended(struct reading *r)
{
    if (--r->open == 0 && !r->is_asking)
        end_round(r);
}

static void fail_row(struct reading *r, struct mf_modbus_row *row, const char *reason, int code)
{
    row->reason = reason;
    /* A peer that is away says more than one that is silent, and that more than one that refuses.
     */
    if (r->code == MF_EXIT_OK || code == MF_EXIT_PEER ||
        (code == MF_EXIT_TIME && r->code != MF_EXIT_PEER))
        r->code = code;
}

static void row_done(struct mf_modbus_wish *wish, enum mf_modbus_end end, const uint16_t *words,
                     const char *reason)
{
    struct reading *r = wish->owner;
    struct mf_modbus_row *row = mf_list_entry(wish, struct mf_modbus_row, wish);
    struct mf_error err = {0};

    if (end == MF_MODBUS_REFUSED) {
        fail_row(r, row, reason, MF_EXIT_WRONG);
    } else if (end == MF_MODBUS_SILENT) {
        fail_row(r, row, "no answer", MF_EXIT_TIME);
    } else if (end == MF_MODBUS_AWAY) {
        fail_row(r, row, "not connected", MF_EXIT_PEER);
    } else if (row->decode(row, words, &row->value, &err) < 0) {
        snprintf(row->text, sizeof(row->text), "%.90s", err.text);
        fail_row(r, row, row->text, MF_EXIT_WRONG);
    }
    row_ended(r);
}

static void ask_all(struct reading *r)
{
    r->code = MF_EXIT_OK;
    r->open = r->list->count;
    r->is_asking = true;
    for (size_t i = 0; i < r->list->count; i++) {
        struct mf_modbus_row *row = &r->list->rows[i];

        mf_value_drop(row->value);
        row->value = mf_value_null();
        row->reason = NULL;
        if (mf_modbus_session_ask(r->session, &row->wish))
            continue;
        if (mf_modbus_session_is_up(r->session))
            fail_row(r, row, "no answer", MF_EXIT_TIME);
        else
            fail_row(r, row, "not connected", MF_EXIT_PEER);
        r->open--;
    }
    r->is_asking = false;
    if (r->open == 0)
        end_round(r);
}

static void begin(struct mf_modbus_session *session)
{
    struct reading *r = mf_modbus_session_arg(session);

    r->session = session;
    r->due = mf_modbus_session_mono(session);
    ask_all(r);
}

static void next_round(struct mf_modbus_session *session)
{
    ask_all(mf_modbus_session_arg(session));
}

int mf_modbus_list_run(const struct mf_args *args, struct mf_modbus_list *list)
{
    struct reading r = {.list = list, .left = list->rounds, .is_json = mf_args_has(args, "json")};
    const struct mf_modbus_task task = {begin, next_round, &r, .retries = RETRIES,
                                        .max_registers = list->max_registers};
    int code;

    for (size_t i = 0; i < list->count; i++) {
        struct mf_modbus_row *row = &list->rows[i];

        row->wish.unit = (uint8_t)list->unit;
        row->wish.area = row->area;
        row->wish.address = row->address;
        row->wish.count = row->count;
        row->wish.done = row_done;
        row->wish.owner = &r;
        mf_modbus_wish_init(&row->wish);
    }
    code = mf_modbus_session_run(args, list->place, &task);
    for (size_t i = 0; i < list->count; i++)
        mf_value_drop(list->rows[i].value);
    return code;
}
