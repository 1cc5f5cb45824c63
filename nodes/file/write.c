/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * file.write: a line for each turn in which something new came.
 *
 * Lines are collected for at most 20 ms, or 64 KiB, and written in one go. While the file
 * cannot be written (the disk is full, say) they are kept, the engine's queue in front
 * of the node fills, and sources that can wait do.
 */

#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/graph/node.h"
#include "engine/value/codec.h"
#include "nodes/file/out.h"
#include "nodes/file/record.h"

enum { TIMER_FLUSH, TIMER_RETRY };
enum { BATCH = 64 * 1024, PATH_BYTES = 4096 };

#define FLUSH_AFTER (20 * MF_MS)
#define RETRY_FIRST MF_SEC
#define RETRY_MAX (30 * MF_SEC)
#define RETRY_FULL_FIFO (50 * MF_MS)

struct config {
    const char *path;
    struct mf_texts columns;
    int64_t rotate;
    int64_t files;
    int format;
    int separator;
    bool quality;
};

struct state {
    struct mf_out out;
    struct mf_columns columns; /* of the file; empty: not known yet, or (JSON) whatever comes */
    struct mf_record record;   /* of the turn that is going on */
    bool is_begun;             /* it holds something */
    uint64_t cause;            /* what its cells have in common */
    int64_t turn;              /* mono */
    uint64_t waiting;          /* records in out.buf */
    bool is_blocked;           /* writing failed, TIMER_RETRY runs */
    bool is_told;              /* and the log says so */
    int64_t retry;
};

static bool is_csv(const struct config *c)
{
    return mf_file_format(c->format, c->path) == MF_FILE_CSV;
}

static void file_write_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    if (c->path)
        mf_file_check_format(c->format, c->path, check);
}

/* ---- which file it is ---- */

/* Takes `.` and `..` out of an absolute path, in place. */
static void normalize(char *path)
{
    char *to = path, *from = path;

    while (*from) {
        size_t len;

        while (*from == '/')
            from++;
        len = strcspn(from, "/");
        if (len == 2 && from[0] == '.' && from[1] == '.') {
            while (to > path && *--to != '/')
                ;
        } else if (len && !(len == 1 && *from == '.')) {
            *to++ = '/';
            memmove(to, from, len);
            to += len;
        }
        from += len;
    }
    *to = 0;
}

static const char *file_write_writes(const void *config, struct mf_arena *arena)
{
    const struct config *c = config;
    char here[PATH_BYTES], *path;
    const char *target;

    if (!c->path || mf_text_starts(c->path, "/dev/"))
        return NULL; /* a terminal takes what several write */
    if (c->path[0] == '/')
        path = mf_asprintf("%s", c->path);
    else
        path = mf_asprintf("%s/%s", getcwd(here, sizeof(here)) ? here : "", c->path);
    normalize(path);
    target = mf_arena_printf(arena, "file:%s", path);
    mf_free(path);
    return target;
}

/* ---- columns ---- */

static void take_columns(struct mf_columns *to, const struct mf_texts *from)
{
    for (size_t i = 0; i < from->count; i++)
        mf_columns_add(to, from->list[i], strlen(from->list[i]));
}

static void make_header(struct state *s, const struct config *c)
{
    mf_buf_clear(&s->out.header);
    for (size_t i = 0; i < s->columns.count; i++) {
        if (i)
            mf_buf_putc(&s->out.header, (char)c->separator);
        mf_csv_put(&s->out.header, s->columns.names[i], strlen(s->columns.names[i]),
                   (char)c->separator);
    }
    mf_buf_putc(&s->out.header, '\n');
}

static int other_columns(const struct config *c, const struct mf_columns *found,
                         struct mf_error *err)
{
    struct mf_buf list = {.limit = 120};
    int rc;

    mf_columns_print(found, &list);
    rc = mf_fail(err, MF_EINVAL,
                 "`%s` has other columns, %s: move it away, or give `columns` in this order",
                 c->path, mf_buf_text(&list));
    mf_buf_done(&list);
    return rc;
}

/* Records are appended to a file only where they fit under its header. */
static int fit_header(struct mf_node *node, const struct mf_columns *found, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    bool fits = !c->columns.count || c->columns.count == found->count;

    for (size_t i = 0; fits && i < c->columns.count; i++)
        fits = strcmp(c->columns.list[i], found->names[i]) == 0;
    /* The members of a single map are known when it comes. */
    for (unsigned i = 0;
         fits && !c->columns.count && mf_node_inputs(node) > 1 && i < mf_node_inputs(node); i++)
        fits = mf_columns_find(found, mf_node_input_label(node, i)) >= 0;
    return fits ? 0 : other_columns(c, found, err);
}

static int learn_columns(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_columns found = {0};
    int rc = 0;

    if (is_csv(c) && s->out.is_regular && s->out.size) {
        rc = mf_columns_of_file(c->path, MF_FILE_CSV, (char)c->separator, &found, err);
        if (rc == 0)
            rc = fit_header(node, &found, err);
        if (rc < 0) {
            mf_columns_drop(&found);
            return rc;
        }
        s->columns = found;
    } else {
        take_columns(&s->columns, &c->columns);
    }
    if (is_csv(c) && s->columns.count)
        make_header(s, c);
    return 0;
}

/* ---- the last line of a file that is there already ---- */

static bool is_whole(const struct state *s, const struct config *c, char *tail, size_t len)
{
    struct mf_csv_cell cell;
    struct mf_value value;
    size_t count;

    if (!is_csv(c)) {
        if (mf_json_read(tail, len, &value, NULL) < 0)
            return false;
        mf_value_drop(value);
        return true;
    }
    return mf_csv_split(tail, len, (char)c->separator, &cell, 1, &count, NULL) == 0 &&
           count == s->columns.count;
}

static int repair(struct mf_node *node, char *tail, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    size_t len = strlen(tail);
    bool whole = is_whole(s, c, tail, len);

    if (whole)
        mf_node_log(node, MF_LOG_NOTICE, "the last line of `%s` had no end, now it has", c->path);
    else
        mf_node_log(node, MF_LOG_WARNING,
                    "the last line of `%s` was written half; its %zu bytes are taken away", c->path,
                    len);
    return mf_out_repair(&s->out, len, whole, err);
}

/* ---- writing ---- */

static void hold(struct mf_node *node, const struct mf_error *err)
{
    struct state *s = mf_node_state(node);
    bool is_full_fifo = err->code == MF_ELINK;

    s->is_blocked = true;
    if (!is_full_fifo) {
        s->retry = s->retry ? 2 * s->retry : RETRY_FIRST;
        if (s->retry > RETRY_MAX)
            s->retry = RETRY_MAX;
        mf_node_log(node, MF_LOG_ERROR, "%s; %llu records are kept, trying again in %lld s",
                    err->text, (unsigned long long)s->waiting, (long long)(s->retry / MF_SEC));
        s->is_told = true;
    }
    mf_node_arm(node, TIMER_RETRY, is_full_fifo ? RETRY_FULL_FIFO : s->retry);
}

static void flush(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_error err = {0};

    mf_node_disarm(node, TIMER_FLUSH);
    if (mf_out_flush(&s->out, c->path, c->rotate, c->files, &err) < 0) {
        hold(node, &err);
        return;
    }
    if (s->is_told)
        mf_node_log(node, MF_LOG_NOTICE, "`%s` is written again, the %llu records kept so far too",
                    c->path, (unsigned long long)s->waiting);
    s->waiting = 0;
    s->retry = 0;
    s->is_told = false;
    if (!s->is_blocked)
        return;
    s->is_blocked = false;
    mf_node_wake(node);
}

static void flush_soon(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    if (s->out.buf.len >= BATCH && !s->is_blocked)
        flush(node);
    else if (!s->is_blocked && !mf_node_is_armed(node, TIMER_FLUSH))
        mf_node_arm(node, TIMER_FLUSH, FLUSH_AFTER);
}

static void put_record(struct mf_node *node, const struct mf_record *record)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    const char *left_out;

    s->waiting++;
    if (!is_csv(c)) {
        mf_record_put_json(record, &s->columns, &s->out.buf);
        return;
    }
    if (!s->columns.count) {
        mf_record_columns(record, &s->columns);
        make_header(s, c);
    }
    mf_record_put_csv(record, &s->columns, (char)c->separator, &s->out.buf, &left_out);
    if (left_out && !c->columns.count)
        mf_node_log(node, MF_LOG_WARNING, "`%s` has no column for all of `%s`: it is left out",
                    c->path, left_out);
}

/* The turn is over. */
static void end_record(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    if (!s->is_begun)
        return;
    for (unsigned i = 0; i < s->record.count; i++)
        s->record.cells[i].name = mf_node_input_label(node, i);
    put_record(node, &s->record);
    for (unsigned i = 0; i < s->record.count; i++) {
        mf_value_drop(s->record.cells[i].value);
        s->record.cells[i] = (struct mf_cell){0};
    }
    s->is_begun = false;
}

static void file_write_timeout(struct mf_node *node, unsigned timer)
{
    end_record(node);
    flush(node);
}

/* ---- messages ---- */

static void note_quality(struct mf_record *record, const struct mf_msg *msg)
{
    if (msg->quality <= record->quality)
        return;
    record->quality = msg->quality;
    record->reason = msg->reason;
}

static void add_cell(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    struct state *s = mf_node_state(node);
    struct mf_cell *cell = &s->record.cells[input];

    if (s->is_begun && (cell->is_set || s->cause != msg->cause || s->turn != mf_node_mono(node)))
        end_record(node);
    if (!s->is_begun) {
        s->is_begun = true;
        s->cause = msg->cause;
        s->turn = mf_node_mono(node);
        s->record.time = msg->time;
        s->record.quality = MF_GOOD;
        s->record.reason = NULL;
    }
    cell->is_set = true;
    cell->value = mf_value_copy(msg->value);
    if (msg->time > s->record.time)
        s->record.time = msg->time;
    note_quality(&s->record, msg);
    if (s->record.count == 1)
        end_record(node);
}

/* An input that a reload took away had sent it before. */
static void add_former(struct mf_node *node, const struct mf_letter *letter)
{
    struct state *s = mf_node_state(node);
    struct mf_cell cell = {letter->label, true, letter->msg.value};
    struct mf_record record = {&cell, 1, letter->msg.time, s->record.has_quality};

    end_record(node);
    note_quality(&record, &letter->msg);
    put_record(node, &record);
}

static int file_write_deliver(struct mf_node *node, const struct mf_letter *letter,
                              struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    const struct mf_msg *msg = &letter->msg;

    if ((msg->quality != MF_GOOD || msg->is_again) && !c->quality)
        return MF_OK;
    if (s->is_blocked)
        return mf_fail(err, MF_ELINK, "the file cannot be written at the moment");
    if (letter->input < s->record.count)
        add_cell(node, letter->input, msg);
    else
        add_former(node, letter);
    flush_soon(node);
    return MF_OK;
}

/* ---- life ---- */

static int file_write_create(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->record.count = mf_node_inputs(node);
    s->record.cells = mf_calloc_array(s->record.count, sizeof(*s->record.cells));
    s->record.has_quality = c->quality;
    return 0;
}

static void close_all(struct state *s)
{
    mf_out_close(&s->out);
    mf_columns_drop(&s->columns);
    s->is_blocked = s->is_told = false;
    s->waiting = 0;
    s->retry = 0;
}

static int file_write_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    char *tail;
    int rc;

    if (mf_node_is_read_only(node))
        return 0;
    rc = mf_out_open(&s->out, c->path, &tail, err);
    if (rc < 0)
        return rc;
    rc = learn_columns(node, err);
    if (rc == 0 && tail)
        rc = repair(node, tail, err);
    mf_free(tail);
    if (rc < 0)
        close_all(s);
    return rc;
}

static void file_write_stop(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_error err = {0};

    end_record(node);
    if (mf_out_flush(&s->out, c->path, c->rotate, c->files, &err) < 0)
        mf_node_log(node, MF_LOG_ERROR, "%s; %llu records are lost at the stop", err.text,
                    (unsigned long long)s->waiting);
    close_all(s);
}

static void file_write_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    for (unsigned i = 0; i < s->record.count; i++)
        mf_value_drop(s->record.cells[i].value);
    mf_free(s->record.cells);
    close_all(s);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_NAMED | MF_PORT_ANY_AGE, .summary = "Values to write."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "path",
        MF_STRING(path),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "File to append to, relative to the directory the program runs in.",
    },
    {
        "columns",
        MF_STRINGS(columns),
        .summary = "What to write, in this order; without it the time and every input.",
    },
    {
        "rotate",
        MF_SIZE(rotate),
        .fallback = "0",
        .summary = "Size above which the file is renamed to `PATH.1` and a new one begun; 0 is "
                   "never.",
    },
    {
        "files",
        MF_INTEGER(files),
        .fallback = "5",
        MF_LIMITS(1, 1000),
        .summary = "How many renamed files are kept.",
    },
    MF_FILE_OPTION_FORMAT,
    MF_FILE_OPTION_SEPARATOR,
    {
        "quality",
        MF_BOOL(quality),
        .fallback = "false",
        .summary = "Write values that are stale or bad, too, and how good each record is in a "
                   "column `quality`.",
    },
    {0},
};

const struct mf_kind mf_kind_file_write = {
    .name = "file.write",
    .summary = "Appends what comes to a CSV or JSON lines file.",
    .doc =
        "A line holds what is new in one turn, and its time. Each input is a column, called as "
        "`from` calls it; `from: meter.*` gives one for each output of `meter`. A single input "
        "that is a map (of `join`, `decode`) gives a column for each member.\n"
        "\n"
        "The columns of a CSV file are those of its header, or of the first record of a new file; "
        "further ones are left out with a warning. A file with another header is not touched: the "
        "node says so and tries again. Values that are not good are not written, unless `quality` "
        "asks for them.\n"
        "\n"
        "Lines are in the file after 20 ms at most. When it cannot be written, because the disk is "
        "full for instance, no half line stays in it; the records are kept, further ones wait in "
        "the `queue`, and the rest of the flow goes on. A half line that a power cut left is taken "
        "away at the start. A file that was moved away is begun anew.",
    .example = "meter: {sim.wave: sine, every: 1s, unit: W}\n"
               "log:   {file.write: meter.csv, from: meter, rotate: 10 MB}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 2,
    .flags = MF_KIND_SINK | MF_KIND_MAY_ACT,
    .check = file_write_check,
    .writes = file_write_writes,
    .create = file_write_create,
    .start = file_write_start,
    .deliver = file_write_deliver,
    .timeout = file_write_timeout,
    .stop = file_write_stop,
    .destroy = file_write_destroy,
};
