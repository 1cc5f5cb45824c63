/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * modbus serve: a device of a few registers, for trials. It is a flow of two nodes: a
 * `modbus.server`, and one that prints what comes out of it.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/cli/modbus_commands.h"
#include "engine/cli/modbus_list.h"
#include "engine/graph/registry.h"
#include "engine/run/loop_uv.h"

extern const struct mf_kind mf_kind_modbus_server;

enum { UNIT_MAX = 255, LINE_MAX_BYTES = 1024, WORDS = 4 };

/* Of this process; the node that prints finds it here. */
static struct {
    struct mf_loop *loop;
    int code;
} serving;

/* ---- what is written ---- */

enum { TIMER_LOOK, TIMERS };

#define LOOK (10 * MF_MS) /* whether the server could be started */

static int told_start(struct mf_node *node, struct mf_error *err)
{
    mf_node_arm(node, TIMER_LOOK, LOOK);
    return 0;
}

/* A server that cannot begin is tried again for ever in a flow; here somebody waits for it. */
static void told_timeout(struct mf_node *node, unsigned timer)
{
    const struct mf_node *door = mf_engine_node(mf_loop_engine(serving.loop), "door");

    if (door->phase != MF_NODE_FAILED)
        return;
    serving.code = MF_EXIT_PEER;
    mf_loop_end(serving.loop);
}

static void told_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    struct mf_buf text = {0}, shown = {0};

    mf_value_print(&msg->value, &text);
    mf_text_printable(&shown, mf_buf_text(&text), text.len, SIZE_MAX);
    printf("%s\t%s\n", mf_node_input_label(node, mf_node_current(node)), mf_buf_text(&shown));
    fflush(stdout);
    mf_buf_done(&text);
    mf_buf_done(&shown);
}

static const struct mf_port told_ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_MANY | MF_PORT_OPTIONAL, .summary = "What was written."},
    {0},
};

static const struct mf_kind told_kind = {
    .name = "modbus.told",
    .summary = "Prints what others write.",
    .ports = told_ports,
    .timers = TIMERS,
    .flags = MF_KIND_SOURCE,
    .start = told_start,
    .timeout = told_timeout,
    .receive = told_receive,
};

/* ---- registers ---- */

/* The text of a flow while it grows: `units` of one unit, by area. */
struct table {
    const struct mf_args *args;
    struct mf_buf areas[WORDS];
    unsigned count;
};

static void put_value(const struct mf_modbus_spec *spec, const uint16_t *words, struct mf_buf *buf)
{
    if (spec->number.type == MF_MODBUS_BIT)
        mf_buf_puts(buf, *words ? "true" : "false"); /* `on` is a text elsewhere */
    else if (spec->number.type == MF_MODBUS_TEXT)
        mf_text_quote_json(buf, spec->value, strlen(spec->value));
    else
        mf_buf_puts(buf, spec->value);
}

static int add_register(struct table *table, const char *text, struct mf_error *err)
{
    const char *type = mf_args_get(table->args, "type");
    struct mf_modbus_spec spec;
    struct mf_buf *buf;
    uint16_t words[MF_MODBUS_VALUE_WORDS];
    int rc = mf_modbus_spec_read(text, type, &spec, err);

    if (rc < 0)
        return rc;
    if (!spec.value)
        return mf_fail(err, MF_EINVAL, "`%s` has no value; write `%s=…`", text, text);
    if (spec.is_bytes || spec.number.is_inverted)
        return mf_fail(err, MF_EINVAL, "`%s`: bytes and `X` are not served", text);
    rc = mf_modbus_spec_words(&spec, words, err);
    if (rc < 0)
        return rc;
    buf = &table->areas[spec.area];
    for (unsigned i = 0; i < mf_modbus_spec_count(&spec); i++) {
        mf_buf_printf(buf, "%s%u: {type: %s, words: %s, bytes: %s", buf->len ? ", " : "",
                      spec.first + i * spec.number.words, mf_modbus_types[spec.number.type].name,
                      spec.number.has_low_word_first ? "little" : "big",
                      spec.number.has_low_byte_first ? "little" : "big");
        if (!mf_modbus_type_words(spec.number.type))
            mf_buf_printf(buf, ", length: %u", spec.number.words);
        mf_buf_puts(buf,
                    mf_modbus_is_writable(spec.area) ? ", writable: true, value: " : ", value: ");
        put_value(&spec, words, buf);
        mf_buf_putc(buf, '}');
        table->count++;
    }
    return 0;
}

/* Without blanks and comment; the line is changed. */
static char *trim(char *line)
{
    char *end;

    line += strspn(line, " \t");
    line[strcspn(line, "#\r\n")] = 0;
    for (end = line + strlen(line); end > line && (end[-1] == ' ' || end[-1] == '\t');)
        *--end = 0;
    return line;
}

static int add_file(struct table *table, const char *path, struct mf_error *err)
{
    FILE *file = fopen(path, "re");
    char line[LINE_MAX_BYTES];
    struct mf_error own = {0};
    int rc = 0;

    if (!file)
        return mf_fail_sys(err, MF_EINVAL, errno, "cannot read `%s`", path);
    for (unsigned number = 1; rc == 0 && fgets(line, sizeof(line), file); number++) {
        const char *text = trim(line);

        if (*text && add_register(table, text, &own) < 0)
            rc = mf_fail(err, MF_EINVAL, "%s:%u: %s", path, number, own.text);
    }
    fclose(file);
    return rc;
}

static int add_all(struct table *table, const char *const *operands, size_t count,
                   struct mf_error *err)
{
    const char *path = mf_args_get(table->args, "table");
    int rc = path ? add_file(table, path, err) : 0;

    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add_register(table, operands[i], err);
    if (rc == 0 && !table->count)
        rc = mf_fail(err, MF_EINVAL, "say which registers: `holding:0=1`, or `--table FILE`");
    return rc;
}

/* ---- the command ---- */

static void started(void *arg, struct mf_loop *loop)
{
    serving.loop = loop;
}

static void put_flow(struct table *table, const char *place, int64_t unit, struct mf_buf *text)
{
    static const char *const line[][2] = {
        {"baud", "baud"}, {"parity", "parity"}, {"stop-bits", "stop_bits"}};
    bool has_ports = table->areas[MF_MODBUS_HOLDING].len || table->areas[MF_MODBUS_COIL].len;

    mf_buf_puts(text, "moat-flow: 1\nnodes:\n  door: {modbus.server: ");
    mf_text_quote_json(text, place, strlen(place));
    for (size_t i = 0; i < sizeof line / sizeof *line; i++)
        if (mf_args_has(table->args, line[i][0]))
            mf_buf_printf(text, ", %s: %s", line[i][1], mf_args_get(table->args, line[i][0]));
    mf_buf_printf(text, ", units: {%lld: {", (long long)unit);
    for (unsigned i = 0; i < WORDS; i++)
        if (table->areas[i].len)
            mf_buf_printf(text, "%s: {%s}, ", mf_modbus_area_names[i],
                          mf_buf_text(&table->areas[i]));
    mf_buf_printf(text, "}}}\n  told: {modbus.told: %s}\n", has_ports ? ", from: door.*" : "");
}

int mf_modbus_serve_command(const struct mf_args *args, const char *place,
                            const char *const *operands, size_t count)
{
    static const struct mf_kind *const nodes[] = {&mf_kind_modbus_server, &told_kind, NULL};
    static const struct mf_link_kind *const links[] = {NULL};
    static const struct mf_absent_kind absent[] = {{0}};
    static const struct mf_kind_set kinds = {nodes, links, absent};
    struct table table = {args};
    struct mf_graph *graph = NULL;
    struct mf_error err = {0};
    struct mf_buf text = {0};
    int64_t unit = 1;

    if (!mf_modbus_number_option(args, "unit", 0, UNIT_MAX, &unit))
        return MF_EXIT_USAGE;
    serving.code = MF_EXIT_USAGE;
    if (add_all(&table, operands, count, &err) < 0) {
        mf_usage_error(args->command, "%s", err.text);
    } else {
        put_flow(&table, place, unit, &text);
        graph = mf_modbus_compile(args, &kinds, mf_buf_text(&text));
    }
    for (unsigned i = 0; i < WORDS; i++)
        mf_buf_done(&table.areas[i]);
    mf_buf_done(&text);
    if (!graph)
        return MF_EXIT_USAGE;
    serving.code = MF_EXIT_OK;
    if (mf_modbus_run(graph, started, NULL) < 0)
        return MF_EXIT_PEER;
    return serving.code;
}
