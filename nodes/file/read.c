/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * file.read: the records of a file, one per turn.
 *
 * The graph sets the pace: pull() is not called while a sink downstream is full.
 * With `rate: 1x` the times in the file do: each record waits until the flow's
 * clock has moved as far from the first one as its time has.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/graph/node.h"
#include "engine/value/codec.h"
#include "nodes/file/fields.h"
#include "nodes/file/lines.h"

enum { TIMER_DUE, TIMER_POLL };
enum { AS_FAST_AS_POSSIBLE = 0 };

#define POLL_INTERVAL (20 * MF_MS) /* of a FIFO or terminal that has nothing to say */

struct config {
    const char *path;
    struct mf_texts columns;
    const char *time;
    int rate; /* times as fast as it happened */
    int format;
    int separator;
    bool header;
};

struct state {
    struct mf_lines lines;
    struct mf_fields fields;
    bool has_header; /* the columns are known */
    bool is_held;    /* the fields hold a record that is not due */
    bool has_first;
    int64_t first_time, first_mono;
    uint64_t record_offset, record_line; /* where the record that is held began */
    uint64_t resume_offset, resume_line; /* 0: from the start */
};

static enum mf_file_format format_of(const struct config *c)
{
    return mf_file_format(c->format, c->path);
}

/* ---- ports ---- */

static void file_read_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    if (c->path && !mf_file_check_format(c->format, c->path, check))
        return;
    if (c->rate != AS_FAST_AS_POSSIBLE && !c->time)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "rate"),
                             "`rate` needs the times of the records"),
                     "add `time:` and the name of the column that holds them");
    if (c->path && format_of(c) == MF_FILE_CSV && !c->header && !c->columns.count)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "header"),
                             "without a header nobody knows the names of the columns"),
                     "add `columns:` with a name for each, from left to right");
}

static void add_port(struct mf_ports *ports, const struct config *c, const char *column)
{
    uint32_t types = format_of(c) == MF_FILE_CSV ? MF_T_NUMERIC | MF_T(MF_BOOL) | MF_T(MF_TEXT)
                                                 : mf_format_types(MF_FORMAT_JSON) & ~MF_T(MF_NULL);
    char *name = mf_file_port_name(column, strlen(column));
    char *summary = mf_asprintf("Column `%s`.", column);

    mf_ports_add(ports, MF_OUT, name, types, NULL, summary);
    mf_free(summary);
    mf_free(name);
}

static void file_read_add_ports(struct mf_ports *ports, const void *config)
{
    const struct config *c = config;
    struct mf_columns columns = {0};
    struct mf_error err = {0};
    struct mf_check *check = mf_ports_check(ports);

    for (size_t i = 0; i < c->columns.count; i++)
        add_port(ports, c, c->columns.list[i]);
    if (c->columns.count || !c->path || format_of(c) == MF_FILE_AUTO ||
        (format_of(c) == MF_FILE_CSV && !c->header))
        return;
    if (mf_columns_of_file(c->path, format_of(c), (char)c->separator, &columns, &err) < 0)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 521, mf_check_at(check, "path"),
                             "the columns are not known: %s", err.text),
                     "name them: `columns: [power, voltage]`");
    else
        for (size_t i = 0; i < columns.count; i++)
            if (!c->time || strcmp(columns.names[i], c->time) != 0)
                add_port(ports, c, columns.names[i]);
    mf_columns_drop(&columns);
}

/* ---- records ---- */

/* Mono time at which the record is to be said. */
static int64_t due(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t passed, at;

    if (!s->has_first) {
        s->has_first = true;
        s->first_time = s->fields.time;
        s->first_mono = mf_node_mono(node);
    }
    if (__builtin_sub_overflow(s->fields.time, s->first_time, &passed) ||
        __builtin_add_overflow(passed / c->rate, s->first_mono, &at))
        return 0; /* centuries apart: one of the two is no time of this record */
    return at;
}

static int emit_when_due(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t at = c->rate == AS_FAST_AS_POSSIBLE ? 0 : due(node);

    s->is_held = c->rate != AS_FAST_AS_POSSIBLE && at > mf_node_mono(node);
    if (s->is_held) {
        mf_node_arm_at(node, TIMER_DUE, at);
        return MF_PULL_WAIT;
    }
    mf_fields_emit(&s->fields, node);
    return MF_PULL_MORE;
}

static int take_record(struct mf_node *node, char *text, size_t len)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_error err = {0};
    int rc;

    if (!len)
        return MF_PULL_MORE; /* an empty line separates nothing */
    if (!s->has_header) {
        rc = mf_fields_take_header(&s->fields, node, text, len, (char)c->separator, &err);
        s->has_header = rc == 0;
        if (rc < 0)
            mf_node_fail(node, &err);
        return MF_PULL_MORE;
    }
    if (s->lines.is_csv)
        rc = mf_fields_read_csv(&s->fields, node, text, len, (char)c->separator, &err);
    else
        rc = mf_fields_read_json(&s->fields, text, len, &err);
    if (rc == 0)
        return emit_when_due(node);
    mf_node_reject(node, mf_reason_decode, "line %llu of `%s`: %s",
                   (unsigned long long)s->lines.line, c->path, err.text);
    return MF_PULL_MORE;
}

/* Nothing more can be read at the moment. A FIFO goes on with its next writer. */
static int wait_or_end(struct mf_node *node, int rc)
{
    struct state *s = mf_node_state(node);

    if (rc == MF_LINES_END && (!s->lines.is_fifo || mf_node_is_once(node)))
        return MF_PULL_END;
    mf_node_arm(node, TIMER_POLL, POLL_INTERVAL);
    return MF_PULL_WAIT;
}

static int file_read_pull(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_error err = {0};
    char *text;
    size_t len;
    int rc;

    if (s->is_held)
        return emit_when_due(node);
    s->record_offset = s->lines.offset;
    s->record_line = s->lines.lines;
    rc = mf_lines_next(&s->lines, &text, &len, &err);
    if (rc == MF_LINES_GOT)
        return take_record(node, text, len);
    if (rc > 0)
        return wait_or_end(node, rc);
    if (rc == MF_EIO) {
        s->resume_offset = s->lines.offset;
        s->resume_line = s->lines.lines;
        mf_node_fail(node, &err);
        return MF_PULL_WAIT;
    }
    mf_node_reject(node, mf_reason_decode, "line %llu of `%s`: %s",
                   (unsigned long long)s->lines.line, c->path, err.text);
    return MF_PULL_MORE;
}

static void file_read_timeout(struct mf_node *node, unsigned timer)
{
    mf_node_wake(node);
}

/* ---- life ---- */

static void file_read_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_lines_close(&s->lines);
    mf_fields_done(&s->fields);
    s->has_header = s->has_first = s->is_held = false;
}

/* A regular file shows at once whether it has the columns; others may not have begun. */
static int look_at_columns(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    char *text;
    size_t len;
    int rc;

    s->has_header = !s->lines.is_csv || !c->header;
    if (!s->lines.is_csv)
        return c->columns.count ? 0 : mf_fields_take_object(&s->fields, node, c->path, err);
    if (!c->header)
        return mf_fields_take_order(&s->fields, node, err);
    if (!s->lines.is_regular)
        return 0;
    do
        rc = mf_lines_next(&s->lines, &text, &len, err);
    while (rc == MF_LINES_GOT && !len);
    if (rc != MF_LINES_GOT)
        return rc < 0 ? rc : mf_fail(err, MF_EINVAL, "`%s` is empty", c->path);
    s->has_header = true;
    return mf_fields_take_header(&s->fields, node, text, len, (char)c->separator, err);
}

static int file_read_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    char separator = format_of(c) == MF_FILE_CSV ? (char)c->separator : 0;
    int rc = mf_lines_open(&s->lines, c->path, separator, err);

    if (rc < 0)
        return rc;
    mf_fields_make(&s->fields, node, &c->columns, c->time);
    rc = look_at_columns(node, err);
    if (rc < 0) {
        file_read_stop(node);
        return rc;
    }
    if (s->resume_offset && !mf_lines_seek(&s->lines, s->resume_offset, s->resume_line))
        mf_node_log(node, MF_LOG_NOTICE, "`%s` is shorter than before: it is read from the start",
                    c->path);
    s->resume_offset = 0;
    return 0;
}

static void file_read_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);
    struct mf_value path = mf_value_new_text(c->path);

    if (s->lines.is_open && s->lines.is_regular) {
        mf_state_put(out, "path", &path);
        mf_state_put_int(out, "offset", (int64_t)(s->is_held ? s->record_offset : s->lines.offset));
        mf_state_put_int(out, "line", (int64_t)(s->is_held ? s->record_line : s->lines.lines));
    }
    mf_value_drop(path);
}

static int file_read_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    const struct mf_value *path = mf_state_get(in, "path");
    struct mf_value mine = mf_value_new_text(c->path);
    int64_t offset = 0, line = 0;

    if (path && mf_value_equal(path, &mine) && mf_state_get_int(in, "offset", &offset) &&
        mf_state_get_int(in, "line", &line)) {
        s->resume_offset = (uint64_t)offset;
        s->resume_line = (uint64_t)line;
    }
    mf_value_drop(mine);
    return 0;
}

static const struct mf_choice rates[] = {
    {"max", AS_FAST_AS_POSSIBLE, "As fast as the flow takes the records."},
    {"1x", 1, "As fast as it happened."},
    {"10x", 10, "Ten times as fast."},
    {"60x", 60, "An hour in a minute."},
    {"3600x", 3600, "An hour in a second."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "path",
        MF_STRING(path),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "File to read, relative to the directory the program runs in; `-` is standard "
                   "input.",
    },
    {
        "columns",
        MF_STRINGS(columns),
        .summary = "Names in the CSV header, or keys of the JSON objects, that become outputs; "
                   "without it the first record says.",
    },
    {
        "time",
        MF_STRING(time),
        .summary = "Column with the time at which the record was true: ISO 8601, or seconds since "
                   "1970.",
    },
    {
        "rate",
        MF_CHOICE(rate, rates),
        .fallback = "max",
        .summary = "How fast to read; anything but `max` goes by the times in the file.",
    },
    MF_FILE_OPTION_FORMAT,
    MF_FILE_OPTION_SEPARATOR,
    {
        "header",
        MF_BOOL(header),
        .fallback = "true",
        .summary = "Whether the first record of CSV holds the names of the columns; without it "
                   "`columns` names them from left to right.",
    },
    {0},
};

const struct mf_kind mf_kind_file_read = {
    .name = "file.read",
    .summary = "Reads records from a CSV or JSON lines file, one per turn.",
    .doc =
        "Each column is an output. Its name is the column's in small letters, with `_` for all "
        "that is neither letter nor digit: `Power (W)` is the output `power_w`. `type` and `unit` "
        "of the node hold for all of them.\n"
        "\n"
        "Without `columns` the file must be there when the flow is checked, because its first "
        "record says which outputs there are. With `columns` it may come later: as long as it "
        "cannot be read the node tries again and its outputs are `bad`.\n"
        "\n"
        "A cell of CSV that reads as a number is one, `true` and `false` are bool, all else is "
        "text; `type: text` keeps every cell as text. An empty cell, a missing key and `null` say "
        "nothing. A line that cannot be used (cells missing, not JSON, no time) is rejected with "
        "its number and the rest goes on. A record may have 1 MiB and 1000 cells.\n"
        "\n"
        "A FIFO or terminal is asked 50 times a second and holds nothing up. A FIFO is read on "
        "when "
        "its writer goes and another one comes.",
    .example = "meter: {file.read: meter.csv, columns: [power, voltage], time: time, rate: 60x}\n"
               "high:  {when: \"meter.power > 3000\"}\n",
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 2,
    .flags = MF_KIND_SOURCE,
    .state_version = 1,
    .check = file_read_check,
    .add_ports = file_read_add_ports,
    .start = file_read_start,
    .pull = file_read_pull,
    .timeout = file_read_timeout,
    .save = file_read_save,
    .restore = file_read_restore,
    .stop = file_read_stop,
    .destroy = file_read_stop,
};
