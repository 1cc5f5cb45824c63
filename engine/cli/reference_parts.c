/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* See reference_parts.h. */

#include "engine/cli/reference_parts.h"

#include <math.h>

#include "engine/base/num.h"
#include "engine/base/text.h"

static const char *const simulation[] = {"sim.", NULL};
static const char *const rules[] = {"lua", "task", "when", NULL};

const struct mf_kind_group mf_kind_groups[] = {
    {"Time", MF_KIND_TIME, NULL},
    {"Simulation", 0, simulation},
    {"Rules", 0, rules},
    {"Sources and sinks", MF_KIND_SOURCE | MF_KIND_SINK | MF_KIND_ACTUATOR, NULL},
    {"Transforms", UINT32_MAX, NULL},
    {0},
};

static bool is_named(const struct mf_kind_group *group, const char *name)
{
    for (const char *const *prefix = group->prefixes; prefix && *prefix; prefix++)
        if (mf_text_starts(name, *prefix))
            return true;
    return false;
}

const struct mf_kind_group *mf_kind_group(const struct mf_kind *kind)
{
    const struct mf_kind_group *group = mf_kind_groups;

    while (group[1].title && !(kind->flags & group->flags) && !is_named(group, kind->name))
        group++;
    return group;
}

static void put_number(double number, const char *open, struct mf_buf *buf)
{
    char text[MF_NUM_TEXT];

    if (isinf(number)) {
        mf_buf_puts(buf, open);
        return;
    }
    mf_num_print_double(number, text);
    mf_buf_puts(buf, text);
}

static void put_limits(const struct mf_option *option, struct mf_buf *buf)
{
    if (!(option->min < option->max))
        return;
    mf_buf_puts(buf, "; from ");
    put_number(option->min, "any", buf);
    mf_buf_puts(buf, " to ");
    put_number(option->max, "any", buf);
    if (option->type == &mf_type_duration)
        mf_buf_puts(buf, " s");
    else if (option->unit && option->unit[0] != '@')
        mf_buf_printf(buf, " %s", option->unit);
}

void mf_option_facts(const struct mf_option *option, const char *quote, struct mf_buf *buf)
{
    mf_buf_puts(buf, option->type->syntax);
    if (option->unit && option->unit[0] == '@')
        mf_buf_printf(buf, ", in the unit of %s", option->unit + 1);
    else if (option->unit)
        mf_buf_printf(buf, ", in %s", option->unit);
    if (option->fallback)
        mf_buf_printf(buf, "; default %s%s%s", quote, *option->fallback ? option->fallback : "\"\"",
                      quote);
    put_limits(option, buf);
    if (option->flags & MF_OPT_REQUIRED)
        mf_buf_puts(buf, "; required");
    if (option->flags & MF_OPT_SECRET)
        mf_buf_puts(buf, "; never printed");
    if (option->deprecated)
        mf_buf_printf(buf, "; no longer wanted: %s", option->deprecated);
}

void mf_port_facts(const struct mf_port *port, struct mf_buf *buf)
{
    char types[96];

    mf_buf_puts(buf, mf_types_print(port->types, types));
    if (port->unit && port->unit[0] == '@')
        mf_buf_printf(buf, ", unit of %s", port->unit + 1);
    else if (port->unit)
        mf_buf_printf(buf, ", %s", port->unit);
    if (port->flags & MF_PORT_OPTIONAL)
        mf_buf_puts(buf, "; optional");
    if (port->flags & MF_PORT_MANY)
        mf_buf_puts(buf, "; takes several nodes");
    if (port->flags & MF_PORT_NAMED)
        mf_buf_puts(buf, "; any number of inputs by name");
    if (port->flags & MF_PORT_APART)
        mf_buf_puts(buf, "; closes no loop");
    if (port->flags & MF_PORT_DELAYED)
        mf_buf_puts(buf, "; delivered in the next turn");
    if (port->flags & (MF_PORT_ANY_AGE | MF_PORT_TOLD | MF_PORT_APART))
        mf_buf_puts(buf, "; also gets values that are stale or bad");
}
