/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* The node reference as JSON, for editors and other programs. */

#include <string.h>

#include "engine/base/text.h"
#include "engine/cli/reference.h"
#include "engine/cli/reference_parts.h"

static void put_text(const char *key, const char *text, struct mf_buf *buf)
{
    mf_buf_printf(buf, "\"%s\":", key);
    if (text)
        mf_text_quote_json(buf, text, strlen(text));
    else
        mf_buf_puts(buf, "null");
}

static void put_options(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, ",\"options\":[");
    for (bool is_first = true; option && option->name; option++, is_first = false) {
        mf_buf_puts(buf, is_first ? "{" : ",{");
        put_text("name", option->name, buf);
        mf_buf_putc(buf, ',');
        put_text("type", option->type->name, buf);
        mf_buf_putc(buf, ',');
        put_text("default", option->fallback, buf);
        mf_buf_putc(buf, ',');
        put_text("unit", option->unit, buf);
        mf_buf_printf(buf, ",\"main\":%s,\"required\":%s,",
                      option->flags & MF_OPT_PRIMARY ? "true" : "false",
                      option->flags & MF_OPT_REQUIRED ? "true" : "false");
        put_text("summary", option->summary, buf);
        mf_buf_putc(buf, '}');
    }
    mf_buf_putc(buf, ']');
}

static void put_ports(const struct mf_port *port, struct mf_buf *buf)
{
    mf_buf_puts(buf, ",\"ports\":[");
    for (bool is_first = true; port && port->name; port++, is_first = false) {
        bool is_first_type = true;

        mf_buf_puts(buf, is_first ? "{" : ",{");
        put_text("name", port->name, buf);
        mf_buf_printf(buf, ",\"direction\":\"%s\",\"types\":[", port->dir == MF_IN ? "in" : "out");
        for (unsigned type = 0; type < MF_VALUE_TYPES; type++) {
            if (!(port->types & MF_T(type)))
                continue;
            mf_buf_printf(buf, "%s\"%s\"", is_first_type ? "" : ",", mf_value_type_names[type]);
            is_first_type = false;
        }
        mf_buf_puts(buf, "],");
        put_text("unit", port->unit, buf);
        mf_buf_printf(buf, ",\"optional\":%s,", port->flags & MF_PORT_OPTIONAL ? "true" : "false");
        put_text("summary", port->summary, buf);
        mf_buf_putc(buf, '}');
    }
    mf_buf_putc(buf, ']');
}

static void put_head(const char *kind, const char *name, const char *summary, const char *doc,
                     const char *example, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{");
    put_text("what", kind, buf);
    mf_buf_putc(buf, ',');
    put_text("name", name, buf);
    mf_buf_putc(buf, ',');
    put_text("summary", summary, buf);
    mf_buf_putc(buf, ',');
    put_text("doc", doc, buf);
    mf_buf_putc(buf, ',');
    put_text("example", example, buf);
}

bool mf_reference_json(const char *name_or_null, struct mf_buf *buf)
{
    const struct mf_kind_set *set = mf_registry();
    bool is_found = false;

    mf_buf_putc(buf, '[');
    for (const struct mf_kind *const *kind = set->nodes; *kind; kind++) {
        if (name_or_null && strcmp((*kind)->name, name_or_null) != 0)
            continue;
        mf_buf_puts(buf, is_found ? ",\n" : "\n");
        is_found = true;
        put_head("node", (*kind)->name, (*kind)->summary, (*kind)->doc, (*kind)->example, buf);
        mf_buf_putc(buf, ',');
        put_text("link", (*kind)->link ? (*kind)->link->name : NULL, buf);
        put_ports((*kind)->ports, buf);
        put_options((*kind)->options, buf);
        mf_buf_putc(buf, ',');
        put_text("actuator",
                 (*kind)->flags & MF_KIND_ACTUATOR  ? "always"
                 : (*kind)->flags & MF_KIND_MAY_ACT ? "where marked"
                                                    : NULL,
                 buf);
        mf_buf_putc(buf, '}');
    }
    for (const struct mf_link_kind *const *link = set->links; *link; link++) {
        if (name_or_null && strcmp((*link)->name, name_or_null) != 0)
            continue;
        mf_buf_puts(buf, is_found ? ",\n" : "\n");
        is_found = true;
        put_head("link", (*link)->name, (*link)->summary, (*link)->doc, (*link)->example, buf);
        put_options((*link)->options, buf);
        mf_buf_putc(buf, '}');
    }
    mf_buf_puts(buf, "\n]\n");
    return is_found;
}
