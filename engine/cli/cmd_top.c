/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * top: a table of the nodes of a running engine, the busiest first, drawn anew every few seconds.
 *
 * The engine tells counters; a rate is the difference between two looks. `--once` looks twice,
 * prints and ends: for scripts.
 */

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/map.h"
#include "engine/base/text.h"
#include "engine/cli/ask.h"
#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/value/field.h"

enum { LINES_WITHOUT_TERMINAL = 1000, HEAD_LINES = 4 };

struct row {
    const struct mf_value *node;
    double rate; /* messages per second, of all its outputs; a sink's runs */
    double age;  /* of the newest value, s; NAN: none */
    int64_t waiting, errors;
};

/* One look. */
struct look {
    struct mf_value status;
    int64_t at;            /* mono */
    struct mf_map by_name; /* → const struct mf_value * */
    struct mf_buf names;   /* the keys */
};

static void forget(struct look *look)
{
    mf_map_done(&look->by_name);
    mf_buf_done(&look->names);
    mf_value_drop(look->status);
    *look = (struct look){0};
}

/* Texts in values are not ended by NUL: the keys are copies. */
static void index_nodes(struct look *look)
{
    size_t count = mf_field_count(&look->status, "nodes"), at = 0;

    for (size_t i = 0; i < count; i++) {
        int len;
        const char *name = mf_field_text(mf_field_at(&look->status, "nodes", i), "name", &len);

        mf_buf_put(&look->names, name, (size_t)len);
        mf_buf_putc(&look->names, 0);
    }
    for (size_t i = 0; i < count; i++) {
        const struct mf_value *node = mf_field_at(&look->status, "nodes", i);

        mf_map_set(&look->by_name, look->names.data + at, (void *)(uintptr_t)node);
        at += strlen(look->names.data + at) + 1;
    }
}

static int take_look(const struct mf_args *args, struct look *look)
{
    struct mf_clock clock;
    struct mf_ask ask;
    int rc;

    mf_ask_begin(&ask, "status");
    rc = mf_ask(args, &ask, MF_ASK_TIMEOUT, &look->status);
    if (rc != MF_EXIT_OK)
        return rc;
    mf_clock_init_real(&clock);
    look->at = mf_clock_mono(&clock);
    index_nodes(look);
    return MF_EXIT_OK;
}

/* ---- rows ---- */

static int64_t work_of(const struct mf_value *node)
{
    size_t outputs = mf_field_count(node, "outputs");
    int64_t count = 0;

    for (size_t i = 0; i < outputs; i++)
        count += mf_field_int(mf_field_at(node, "outputs", i), "count", 0);
    return outputs ? count : mf_field_int(node, "runs", 0);
}

static int64_t errors_of(const struct mf_value *node)
{
    const struct mf_value *queue = mf_field(node, "queue");

    return mf_field_int(node, "rejected", 0) + mf_field_int(queue, "dropped", 0) +
           mf_field_int(queue, "refused", 0);
}

static double age_of(const struct mf_value *node)
{
    double age = NAN;

    for (size_t i = 0; i < mf_field_count(node, "outputs"); i++)
        age = fmin(age, mf_field_number(mf_field_at(node, "outputs", i), "age", NAN));
    return age;
}

static struct row row_of(const struct mf_value *node, const struct look *before,
                         const struct look *now)
{
    struct row row = {.node = node, .errors = errors_of(node), .age = age_of(node)};
    const struct mf_value *queue = mf_field(node, "queue"), *old;
    double seconds = (double)(now->at - before->at) / MF_SEC;
    int len;
    const char *name = mf_field_text(node, "name", &len);

    row.waiting = mf_field_int(queue, "waiting", 0) + mf_field_int(queue, "in_flight", 0);
    old = mf_map_get_n(&before->by_name, name, (size_t)len);
    if (old && seconds > 0 && work_of(node) >= work_of(old))
        row.rate = (double)(work_of(node) - work_of(old)) / seconds;
    return row;
}

static int busiest_first(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    if (x->rate != y->rate)
        return x->rate < y->rate ? 1 : -1;
    return x->node < y->node ? -1 : 1; /* in the order of the graph */
}

static void put_cell(const struct mf_value *map, const char *key, unsigned width,
                     struct mf_buf *buf)
{
    int len;
    const char *text = mf_field_text(map, key, &len);
    struct mf_buf cell = {0};
    size_t columns;

    mf_text_printable(&cell, text, (size_t)len, width);
    columns = mf_text_columns(mf_buf_text(&cell), cell.len);
    mf_buf_puts(buf, mf_buf_text(&cell));
    for (; columns < width + 1; columns++)
        mf_buf_putc(buf, ' ');
    mf_buf_done(&cell);
}

static void put_row(const struct row *row, struct mf_buf *buf)
{
    const struct mf_value *out = mf_field_at(row->node, "outputs", 0);
    const struct mf_value *value = mf_field(out, "value");
    struct mf_buf text = {.limit = 4096};

    put_cell(row->node, "name", 24, buf);
    put_cell(row->node, "kind", 14, buf);
    mf_buf_printf(buf, "%9.1f %6lld %6lld ", row->rate, (long long)row->waiting,
                  (long long)row->errors);
    if (isnan(row->age))
        mf_buf_puts(buf, "       - ");
    else
        mf_buf_printf(buf, "%7.1fs ", row->age);
    if (value)
        mf_value_print(value, &text);
    mf_text_printable(buf, mf_buf_text(&text), text.len, 20);
    mf_buf_done(&text);
    mf_buf_puts(buf, mf_field(out, "unit") ? " " : "");
    put_cell(out, "unit", 6, buf);
    put_cell(out, "quality", 6, buf);
    while (buf->len && buf->data[buf->len - 1] == ' ')
        buf->data[--buf->len] = 0;
    mf_buf_putc(buf, '\n');
}

static void put_table(const struct look *before, const struct look *now, size_t lines,
                      struct mf_buf *buf)
{
    const struct mf_value *engine = mf_field(&now->status, "engine");
    const struct mf_value *health = mf_field(&now->status, "health");
    const struct mf_value *reason = mf_field_at(health, "reasons", 0);
    size_t count = mf_field_count(&now->status, "nodes");
    struct row *rows = mf_calloc_array(count + 1, sizeof(*rows));
    double seconds = (double)(now->at - before->at) / MF_SEC;
    double turns = (double)(mf_field_int(engine, "turns", 0) -
                            mf_field_int(mf_field(&before->status, "engine"), "turns", 0));

    for (size_t i = 0; i < count; i++)
        rows[i] = row_of(mf_field_at(&now->status, "nodes", i), before, now);
    qsort(rows, count, sizeof(*rows), busiest_first);
    mf_buf_printf(buf, "generation %lld, %zu nodes, %.1f turns/s, %lld messages wait\n",
                  (long long)mf_field_int(engine, "generation", 0), count,
                  seconds > 0 ? turns / seconds : 0, (long long)mf_field_int(engine, "waiting", 0));
    mf_buf_puts(buf, reason ? "not healthy: " : "healthy");
    if (reason)
        mf_value_print(reason, buf);
    mf_buf_puts(buf, "\n\n");
    mf_buf_puts(
        buf, "NODE                     KIND               RATE/s  QUEUE ERRORS      AGE VALUE\n");
    for (size_t i = 0; i < count && i < lines; i++)
        put_row(&rows[i], buf);
    mf_free(rows);
}

/* ---- the screen ---- */

static size_t lines_that_fit(bool is_terminal)
{
    struct winsize size;

    if (!is_terminal || ioctl(1, TIOCGWINSZ, &size) < 0 || size.ws_row <= HEAD_LINES + 1)
        return LINES_WITHOUT_TERMINAL;
    return (size_t)size.ws_row - HEAD_LINES - 1;
}

static bool show(const struct look *before, const struct look *now, bool is_terminal)
{
    struct mf_buf text = {0};
    bool is_good;

    /* Home, then each line is drawn over the former one. */
    mf_buf_puts(&text, is_terminal ? "\033[H\033[2J" : "");
    put_table(before, now, lines_that_fit(is_terminal), &text);
    is_good = mf_cli_write(1, &text);
    mf_buf_done(&text);
    return is_good;
}

static int run(const struct mf_args *args)
{
    bool once = mf_args_has(args, "once"), is_terminal = !once && isatty(1);
    struct look before = {0}, now = {0};
    int64_t every;
    int rc;

    if (!mf_args_duration(args, "every", 2 * MF_SEC, &every))
        return MF_EXIT_USAGE;
    if (every < 100 * MF_MS || every > MF_HOUR)
        return mf_usage_error(args->command, "`--every` is from 100ms to 1h");
    rc = take_look(args, &before);
    while (rc == MF_EXIT_OK) {
        poll(NULL, 0, (int)(every / MF_MS));
        rc = take_look(args, &now);
        if (rc == MF_EXIT_OK && !show(&before, &now, is_terminal))
            rc = MF_EXIT_WRONG;
        forget(&before);
        before = now;
        now = (struct look){0};
        if (once)
            break;
    }
    forget(&before);
    return rc;
}

static const struct mf_flag flags[] = {
    {"every", 0, "TIME", NULL, "Time between two looks.", "2s"},
    {"once", 0, NULL, NULL, "Look twice, print the table, and end.", NULL},
    {0},
};

const struct mf_command mf_command_top = {
    .name = "top",
    .operands = "",
    .summary = "Show the busiest nodes of a running engine, again and again.",
    .examples = "moat-flow top\n"
                "moat-flow top --once --every 10s    # rates over ten seconds, for a script\n",
    .doc =
        "RATE is messages per second, QUEUE what a sink has not delivered, ERRORS messages that\n"
        "were unusable, dropped or refused since the start, AGE that of the value.\n",
    .flags = flags,
    .traits = MF_CMD_ASKS_ENGINE,
    .run = run,
};
