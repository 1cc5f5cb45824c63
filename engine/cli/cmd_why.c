/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * why: the causal chain of a value, for people. What the engine answers is described in
 * engine/run/trace.h.
 *
 *   heat = true, good, 3s old                                    when, hall.yaml:9
 *     took the way `then`
 *     ← quiet = 18.2 °C, good, 3s old *                          deadband, hall.yaml:8
 *         held by deadband: 0.2 °C, 1s ago
 *
 * A star marks the input whose message led to the value.
 */

#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/cli/ask.h"
#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/value/codec.h"
#include "engine/value/field.h"

enum { STEP = 4, VALUE_COLUMNS = 80, PLACE_COLUMN = 64 };

static void put_field(const struct mf_value *map, const char *key, struct mf_buf *buf)
{
    int len;
    const char *text = mf_field_text(map, key, &len);

    mf_text_printable(buf, text, (size_t)len, 400);
}

static bool has_text(const struct mf_value *map, const char *key)
{
    int len;

    mf_field_text(map, key, &len);
    return len > 0;
}

static void put_age(double age, struct mf_buf *buf)
{
    if (age < 0.001 || age > 1e9)
        return;
    mf_buf_puts(buf, ", ");
    mf_duration_print(age < 1 ? (int64_t)(age * 1000) * MF_MS : (int64_t)floor(age) * MF_SEC, buf);
    mf_buf_puts(buf, " old");
}

static void put_value(const struct mf_value *map, struct mf_buf *buf)
{
    const struct mf_value *value = mf_field(map, "value");
    struct mf_buf text = {.limit = 16 * 1024};

    if (value)
        mf_value_print(value, &text);
    mf_text_printable(buf, mf_buf_text(&text), text.len, VALUE_COLUMNS);
    mf_buf_done(&text);
    mf_buf_puts(buf, has_text(map, "unit") ? " " : "");
    put_field(map, "unit", buf);
}

/* " = 18.2 °C, good, 3s old", or that there is nothing. */
static void put_says(const struct mf_value *map, struct mf_buf *buf)
{
    if (!has_text(map, "quality")) {
        mf_buf_puts(buf, " has not said anything yet");
        return;
    }
    mf_buf_puts(buf, " = ");
    put_value(map, buf);
    mf_buf_puts(buf, ", ");
    put_field(map, "quality", buf);
    if (has_text(map, "reason"))
        mf_buf_puts(buf, " (");
    put_field(map, "reason", buf);
    mf_buf_puts(buf, has_text(map, "reason") ? ")" : "");
    put_age(mf_field_number(map, "age", 0), buf);
}

static void indent(unsigned depth, struct mf_buf *buf)
{
    for (unsigned i = 0; i < depth; i++)
        mf_buf_putc(buf, ' ');
}

static void put_held(const struct mf_value *node, unsigned depth, struct mf_buf *buf)
{
    for (size_t i = 0; i < mf_field_count(node, "held"); i++) {
        const struct mf_value *held = mf_field_at(node, "held", i);

        indent(depth, buf);
        mf_buf_puts(buf, "held by ");
        put_field(held, "by", buf);
        mf_buf_puts(buf, has_text(held, "detail") ? ": " : "");
        put_field(held, "detail", buf);
        mf_buf_putc(buf, '\n');
    }
}

/* What stands below the line of a node, but for its inputs. */
static void put_notes(const struct mf_value *node, unsigned depth, struct mf_buf *buf)
{
    double due = mf_field_number(node, "due", -1);

    if (has_text(node, "guard")) {
        indent(depth, buf);
        mf_buf_puts(buf, "written: ");
        put_field(node, "guard", buf);
        mf_buf_putc(buf, '\n');
    }
    if (has_text(node, "branch")) {
        indent(depth, buf);
        mf_buf_puts(buf, "took the way `");
        put_field(node, "branch", buf);
        mf_buf_puts(buf, "`\n");
    }
    put_held(node, depth, buf);
    if (due >= 0) {
        indent(depth, buf);
        mf_buf_puts(buf, "its timer runs out in ");
        mf_duration_print((int64_t)ceil(due) * MF_SEC, buf);
        mf_buf_putc(buf, '\n');
    }
}

static void put_place(const struct mf_value *node, size_t line_start, struct mf_buf *buf)
{
    size_t columns = mf_text_columns(buf->data + line_start, buf->len - line_start);

    indent(columns < PLACE_COLUMN ? (unsigned)(PLACE_COLUMN - columns) : 2, buf);
    put_field(node, "kind", buf);
    mf_buf_puts(buf, ", ");
    put_field(node, "at", buf);
    mf_buf_putc(buf, '\n');
}

static void put_inputs(const struct mf_value *node, unsigned depth, struct mf_buf *buf);

static void put_input(const struct mf_value *input, unsigned depth, struct mf_buf *buf)
{
    const struct mf_value *from = mf_field(input, "from");
    size_t start = buf->len;
    bool is_map = from && from->type == MF_MAP;

    indent(depth, buf);
    mf_buf_puts(buf, "← ");
    put_field(input, "node", buf);
    put_says(input, buf);
    mf_buf_puts(buf, mf_field_bool(input, "is_cause", false) ? " *" : "");
    if (is_map) {
        put_place(from, start, buf);
        put_notes(from, depth + STEP, buf);
        put_inputs(from, depth + STEP, buf);
    } else {
        mf_buf_puts(buf, mf_field_bool(input, "seen", false) ? "  (as elsewhere)\n" : "  …\n");
    }
}

static void put_inputs(const struct mf_value *node, unsigned depth, struct mf_buf *buf)
{
    for (size_t i = 0; i < mf_field_count(node, "inputs"); i++)
        put_input(mf_field_at(node, "inputs", i), depth, buf);
}

static void put_chain(const struct mf_value *chain, unsigned depth, struct mf_buf *buf)
{
    size_t start = buf->len;

    indent(depth, buf);
    put_field(chain, "node", buf);
    if (has_text(chain, "output"))
        put_says(chain, buf);
    put_place(chain, start, buf);
    put_notes(chain, depth + STEP, buf);
    put_inputs(chain, depth + STEP, buf);
}

static void put_written(const struct mf_value *answer, bool with_chains, struct mf_buf *buf)
{
    size_t count = mf_field_count(answer, "written");

    if (count)
        mf_buf_puts(buf, with_chains ? "" : "\nwritten, the newest first:\n");
    for (size_t i = 0; i < count; i++) {
        const struct mf_value *entry = mf_field_at(answer, "written", i);

        mf_buf_puts(buf, with_chains ? "\n" : "  ");
        put_field(entry, "time", buf);
        mf_buf_puts(buf, "  ");
        put_value(entry, buf);
        mf_buf_putc(buf, '\n');
        if (!with_chains)
            continue;
        if (mf_field(entry, "chain") && mf_field(entry, "chain")->type == MF_MAP)
            put_chain(mf_field(entry, "chain"), STEP, buf);
        else
            mf_buf_puts(buf, "    there was no room for its chain\n");
    }
}

static int run(const struct mf_args *args)
{
    struct mf_buf text = {0};
    struct mf_value answer;
    struct mf_ask ask;
    int rc;

    if (args->operand_count != 1)
        return mf_usage_error(args->command, "say which node: `why NODE`");
    mf_ask_begin(&ask, "why");
    mf_ask_text(&ask, "node", args->operands[0]);
    rc = mf_ask(args, &ask, MF_ASK_TIMEOUT, &answer);
    if (rc != MF_EXIT_OK)
        return rc;
    if (mf_args_has(args, "json")) {
        mf_json_write_pretty(&answer, &text);
        mf_buf_putc(&text, '\n');
    } else {
        put_chain(mf_field(&answer, "chain"), 0, &text);
        put_written(&answer, mf_args_has(args, "history"), &text);
    }
    if (!mf_cli_write(1, &text))
        rc = MF_EXIT_WRONG;
    mf_buf_done(&text);
    mf_value_drop(answer);
    return rc;
}

static const struct mf_flag flags[] = {
    {"history", 0, NULL, NULL,
     "Of a sink: also the chains of what it wrote before, as they were at that time.", NULL},
    {"json", 0, NULL, NULL, "Show everything, as one JSON object.", NULL},
    {0},
};

const struct mf_command mf_command_why = {
    .name = "why",
    .operands = "NODE",
    .summary = "Show why a node of a running engine says what it says.",
    .examples = "moat-flow why heating             # value, branch, inputs, what held it back\n"
                "moat-flow why meter.power         # one of several outputs\n"
                "moat-flow why charger --history   # what was written last night, and why\n",
    .doc =
        "Shows the value with unit, quality and age, the way the node took, what keeps it from\n"
        "saying more (deadband, limit, a stale input, an override, a queue, …), and the same for\n"
        "each node that it depends on. A star marks the input whose message led to the value.\n"
        "\n"
        "Sinks remember the last 16 things they wrote, each with its chain as it was then: "
        "guarded\n"
        "outputs each change, others at most one per second.\n",
    .flags = flags,
    .words = mf_words_nodes,
    .max_operands = 1,
    .traits = MF_CMD_ASKS_ENGINE,
    .run = run,
};
