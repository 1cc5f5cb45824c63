/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * new: a commented starter file to put into an editor.
 *
 * `flow` and `part` are written here; the starter of a kind is made from its descriptor: its
 * example, and behind it every option as a comment.
 */

#include <string.h>

#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/cli/reference.h"
#include "engine/cli/reference_parts.h"

static const char flow_text[] =
    "# A flow: nodes that take values from each other. Check it with `moat-flow validate FILE`,\n"
    "# run it with `moat-flow run FILE`, list the kinds of nodes with `moat-flow nodes`.\n"
    "moat-flow: 1\n"
    "title: My first flow\n"
    "\n"
    "# Connections that nodes share. Take away the `#` when there is a broker.\n"
    "# links:\n"
    "#   broker: {mqtt: mqtt://localhost:1883}\n"
    "\n"
    "# A node is one line: name, kind, options. Its name is also the name of its signal.\n"
    "nodes:\n"
    "  # Where values come from: here a simulated meter; with a broker it could be\n"
    "  # power: {mqtt.subscribe: meter/power, link: broker, format: number, unit: W}\n"
    "  power: {sim.wave: sine, every: 1s, period: 20s, min: 0, max: 2000, unit: W}\n"
    "\n"
    "  # Transforms: pass a value on only when it has moved by more than 50 W.\n"
    "  quiet: {deadband: 50 W, from: power}\n"
    "\n"
    "  # An expression names the nodes it needs; units are checked and converted.\n"
    "  high:  {when: quiet > 1.5 kW}\n"
    "\n"
    "  # Where values go.\n"
    "  show:  {log: notice, from: [quiet, high], message: \"{node} is {value}\"}\n";

static const char part_text[] =
    "# A part: nodes that a flow can use many times, as in\n"
    "#   use:\n"
    "#     kitchen: {part: room.yaml, sensor: kitchen/temperature, target: 19 °C}\n"
    "moat-flow: 1\n"
    "part: A room\n"
    "params:\n"
    "  sensor: {type: text}\n"
    "  target: {type: number, unit: °C, default: 21 °C, range: 5..30}\n"
    "nodes:\n"
    "  temp: {mqtt.subscribe: \"${sensor}\", format: number, unit: °C}\n"
    "  cold: {when: \"temp < ${target}\"}\n"
    "# What users of the part may name; without it, all its nodes.\n"
    "outputs: {temp: temp, cold: cold}\n";

static const struct {
    const char *name, *text;
} files[] = {
    {"flow", flow_text},
    {"part", part_text},
};

static void put_options(const struct mf_option *option, struct mf_buf *buf)
{
    if (option && option->name)
        mf_buf_puts(buf, "\n# Options:\n");
    for (; option && option->name; option++) {
        mf_buf_printf(buf, "#   %s: ", option->name);
        if (option->flags & MF_OPT_PRIMARY)
            mf_buf_puts(buf, "(the value behind the kind) ");
        mf_buf_printf(buf, "%s (", option->summary);
        mf_option_facts(option, "`", buf);
        mf_buf_puts(buf, ")\n");
    }
}

static bool put_kind(const char *name, struct mf_buf *buf)
{
    const struct mf_kind *kind = mf_registry_node(name);
    const struct mf_link_kind *link = mf_registry_link(name);
    const char *summary = kind ? kind->summary : link ? link->summary : NULL;
    const char *example = kind ? kind->example : link ? link->example : NULL;

    if (!summary)
        return false;
    mf_buf_printf(buf, "# %s: %s\n# More: moat-flow nodes %s\n", name, summary, name);
    mf_reference_example(example, buf);
    put_options(kind ? kind->options : link->options, buf);
    return true;
}

static int list_starters(void)
{
    struct mf_buf buf = {0};

    mf_buf_puts(&buf, "flow\npart\n");
    for (const struct mf_kind *const *kind = mf_registry()->nodes; *kind; kind++)
        mf_buf_printf(&buf, "%s\n", (*kind)->name);
    mf_cli_write(1, &buf);
    mf_buf_done(&buf);
    return MF_EXIT_OK;
}

static int unknown(const struct mf_args *args)
{
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, args->operands[0]);
    mf_registry_nearest(&nearest);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        mf_nearest_add(&nearest, files[i].name);
    if (nearest.best)
        return mf_usage_error(args->command, "there is no starter for `%s`; did you mean `%s`?",
                              args->operands[0], nearest.best);
    return mf_usage_error(args->command, "there is no starter for `%s`; `moat-flow new` lists them",
                          args->operands[0]);
}

static int run(const struct mf_args *args)
{
    struct mf_buf buf = {0};
    bool is_found = false, ok;

    if (args->operand_count == 0)
        return list_starters();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strcmp(files[i].name, args->operands[0]) == 0) {
            mf_buf_puts(&buf, files[i].text);
            is_found = true;
        }
    if (!is_found)
        is_found = put_kind(args->operands[0], &buf);
    ok = is_found && mf_cli_write(1, &buf);
    mf_buf_done(&buf);
    return is_found ? ok ? MF_EXIT_OK : MF_EXIT_WRONG : unknown(args);
}

const struct mf_command mf_command_new = {
    .name = "new",
    .operands = "[flow|part|KIND]",
    .summary = "Print a commented starter file.",
    .examples =
        "moat-flow new flow > flow.yaml       # a small flow that runs at once\n"
        "moat-flow new part > room.yaml       # something to use many times\n"
        "moat-flow new mqtt.subscribe         # a flow with this kind and all its options\n",
    .words = mf_words_starters,
    .max_operands = 1,
    .run = run,
};
