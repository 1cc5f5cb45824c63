/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* The node reference for a terminal and as Markdown; nothing in it is written anywhere but in the
 * descriptors. */

#include "engine/cli/reference.h"

#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/cli/reference_parts.h"
#include "engine/graph/compile_priv.h"
#include "engine/graph/guard.h"

enum { NAME_COLUMN = 18 };

/* What text and Markdown have in common: one subject, seen through its parts. */
struct subject {
    const char *name, *summary, *doc, *example;
    const struct mf_option *options;
    const struct mf_port *ports; /* NULL for links */
    const char *link;            /* kind of link it hangs on, or NULL */
    uint32_t flags;
    bool is_link;
};

static struct subject of_node(const struct mf_kind *kind)
{
    return (struct subject){kind->name,
                            kind->summary,
                            kind->doc,
                            kind->example,
                            kind->options,
                            kind->ports,
                            kind->link ? kind->link->name : NULL,
                            kind->flags,
                            false};
}

static struct subject of_link(const struct mf_link_kind *kind)
{
    return (struct subject){.name = kind->name,
                            .summary = kind->summary,
                            .doc = kind->doc,
                            .example = kind->example,
                            .options = kind->options,
                            .is_link = true};
}

/* What it says about guarded outputs, a sentence; NULL: it has none. */
static const char *acts(const struct subject *subject)
{
    if (subject->flags & MF_KIND_ACTUATOR)
        return "This is an actuator.";
    if (subject->flags & MF_KIND_MAY_ACT)
        return "With `actuator: true` this is an actuator.";
    return NULL;
}

void mf_reference_example(const char *example, struct mf_buf *buf)
{
    if (mf_text_starts(example, "moat-flow:")) {
        mf_buf_puts(buf, example);
        return;
    }
    mf_buf_puts(buf, "moat-flow: 1\nnodes:\n");
    while (*example) {
        size_t len = strcspn(example, "\n");

        mf_buf_puts(buf, len ? "  " : "");
        mf_buf_put(buf, example, len);
        mf_buf_putc(buf, '\n');
        example += len + (example[len] == '\n');
    }
}

/* ---- text ---- */

static void put_padded(struct mf_buf *buf, const char *text)
{
    size_t columns = mf_text_columns(text, strlen(text));

    mf_buf_printf(buf, "  %s%*s", text, columns < NAME_COLUMN ? (int)(NAME_COLUMN - columns) : 1,
                  "");
}

static void text_option(const struct mf_option *option, struct mf_buf *buf)
{
    put_padded(buf, option->name);
    mf_buf_printf(buf, "%s\n  %*s", option->summary, NAME_COLUMN, "");
    if (option->flags & MF_OPT_PRIMARY)
        mf_buf_puts(buf, "behind the kind; ");
    mf_option_facts(option, "", buf);
    mf_buf_putc(buf, '\n');
    if (option->type == &mf_type_choice)
        for (const struct mf_choice *choice = option->of; choice->name; choice++)
            mf_buf_printf(buf, "  %*s  %s: %s\n", NAME_COLUMN, "", choice->name, choice->summary);
}

static void text_ports(const struct subject *subject, enum mf_dir dir, const char *title,
                       struct mf_buf *buf)
{
    bool is_first = true;

    for (const struct mf_port *port = subject->ports; port && port->name; port++) {
        if (port->dir != dir)
            continue;
        mf_buf_puts(buf, is_first ? title : "");
        is_first = false;
        put_padded(buf, port->name);
        mf_buf_printf(buf, "%s\n  %*s", port->summary, NAME_COLUMN, "");
        mf_port_facts(port, buf);
        mf_buf_putc(buf, '\n');
    }
}

static void text_subject(const struct subject *subject, struct mf_buf *buf)
{
    struct mf_buf example = {0};

    mf_buf_printf(buf, "%s: %s\n", subject->name, subject->summary);
    if (subject->doc)
        mf_buf_printf(buf, "\n%s%s", subject->doc, mf_text_ends(subject->doc, "\n") ? "" : "\n");
    if (subject->example) {
        mf_reference_example(subject->example, &example);
        mf_buf_printf(buf, "\nExample:\n\n%s", mf_buf_text(&example));
        mf_buf_done(&example);
    }
    text_ports(subject, MF_IN, "\nInputs:\n", buf);
    text_ports(subject, MF_OUT, "\nOutputs:\n", buf);
    if (subject->options && subject->options->name)
        mf_buf_puts(buf, "\nOptions:\n");
    for (const struct mf_option *option = subject->options; option && option->name; option++)
        text_option(option, buf);
    if (!subject->is_link)
        mf_buf_puts(buf, "\nOptions that every node understands: moat-flow nodes common\n");
    if (acts(subject))
        mf_buf_printf(buf, "%s Its guard: moat-flow nodes actuator\n", acts(subject));
}

static void text_actuator(struct mf_buf *buf)
{
    mf_buf_puts(buf, "Options that guard an output to something physical:\n");
    for (const struct mf_option *option = mf_guard_options; option->name; option++)
        text_option(option, buf);
}

static void text_common(struct mf_buf *buf)
{
    mf_buf_puts(buf, "Options that every node understands:\n");
    for (const struct mf_option *option = mf_common_options; option->name; option++)
        text_option(option, buf);
}

bool mf_reference_kind(const char *name, struct mf_buf *buf)
{
    const struct mf_kind *kind = mf_registry_node(name);
    const struct mf_link_kind *link = mf_registry_link(name);
    struct subject subject;

    if (strcmp(name, "common") == 0) {
        text_common(buf);
        return true;
    }
    if (strcmp(name, "actuator") == 0) {
        text_actuator(buf);
        return true;
    }
    if (!kind && !link)
        return false;
    subject = kind ? of_node(kind) : of_link(link);
    text_subject(&subject, buf);
    if (kind && link) {
        mf_buf_putc(buf, '\n');
        subject = of_link(link);
        text_subject(&subject, buf);
    }
    return true;
}

static void list_row(const char *name, const char *summary, struct mf_buf *buf)
{
    put_padded(buf, name);
    mf_buf_printf(buf, "%s\n", summary);
}

void mf_reference_list(struct mf_buf *buf)
{
    const struct mf_kind_set *set = mf_registry();

    for (const struct mf_kind_group *group = mf_kind_groups; group->title; group++) {
        bool is_first = true;

        for (const struct mf_kind *const *kind = set->nodes; *kind; kind++) {
            if (mf_kind_group(*kind) != group)
                continue;
            mf_buf_printf(buf, "%s%s%s", is_first ? group->title : "", is_first ? ":\n" : "", "");
            is_first = false;
            list_row((*kind)->name, (*kind)->summary, buf);
        }
        mf_buf_puts(buf, is_first ? "" : "\n");
    }
    if (*set->links)
        mf_buf_puts(buf, "Links:\n");
    for (const struct mf_link_kind *const *link = set->links; *link; link++)
        list_row((*link)->name, (*link)->summary, buf);
    if (set->absent->name)
        mf_buf_puts(buf, "\nNot built in:\n");
    for (const struct mf_absent_kind *absent = set->absent; absent->name; absent++)
        mf_buf_printf(buf, "  %-*sneeds %s\n", NAME_COLUMN, absent->name, absent->needs);
    mf_buf_puts(buf, "\nMore about each: moat-flow nodes KIND\n");
}

/* ---- Markdown ---- */

/* A cell of a table: the bar ends it. */
static void md_cell(const char *text, struct mf_buf *buf)
{
    for (; *text; text++)
        mf_buf_puts(buf, *text == '|' ? "\\|" : (char[]){*text, 0});
}

static void md_options(const struct mf_option *options, struct mf_buf *buf)
{
    if (!options || !options->name)
        return;
    mf_buf_puts(buf, "\n| option | value | meaning |\n|---|---|---|\n");
    for (; options->name; options++) {
        struct mf_buf facts = {0};

        mf_option_facts(options, "`", &facts);
        mf_buf_printf(buf, "| `%s`%s | ", options->name,
                      options->flags & MF_OPT_PRIMARY ? " (behind the kind)" : "");
        md_cell(mf_buf_text(&facts), buf);
        mf_buf_puts(buf, " | ");
        md_cell(options->summary, buf);
        if (options->type == &mf_type_choice)
            for (const struct mf_choice *choice = options->of; choice->name; choice++) {
                mf_buf_printf(buf, "<br>`%s`: ", choice->name);
                md_cell(choice->summary, buf);
            }
        mf_buf_puts(buf, " |\n");
        mf_buf_done(&facts);
    }
}

static void md_ports(const struct subject *subject, struct mf_buf *buf)
{
    if (!subject->ports || !subject->ports->name)
        return;
    mf_buf_puts(buf, "\n| port | takes or gives | meaning |\n|---|---|---|\n");
    for (const struct mf_port *port = subject->ports; port->name; port++) {
        struct mf_buf facts = {0};

        mf_port_facts(port, &facts);
        mf_buf_printf(buf, "| %s `%s` | ", port->dir == MF_IN ? "in" : "out", port->name);
        md_cell(mf_buf_text(&facts), buf);
        mf_buf_puts(buf, " | ");
        md_cell(port->summary, buf);
        mf_buf_puts(buf, " |\n");
        mf_buf_done(&facts);
    }
}

static void md_subject(const struct subject *subject, struct mf_buf *buf)
{
    mf_buf_printf(buf, "\n### `%s`%s\n\n%s\n", subject->name, subject->is_link ? " (link)" : "",
                  subject->summary);
    if (subject->doc)
        mf_buf_printf(buf, "\n%s%s", subject->doc, mf_text_ends(subject->doc, "\n") ? "" : "\n");
    if (subject->example) {
        mf_buf_puts(buf, "\n```yaml\n");
        mf_reference_example(subject->example, buf);
        mf_buf_puts(buf, "```\n");
    }
    md_ports(subject, buf);
    md_options(subject->options, buf);
    if (acts(subject))
        mf_buf_printf(buf, "\n%s Its guard: [options of actuators](#options-of-actuators).\n",
                      acts(subject));
}

void mf_reference_markdown(struct mf_buf *buf)
{
    const struct mf_kind_set *set = mf_registry();

    mf_buf_puts(buf, "# Node reference\n\nMade by `moat-flow nodes --format md` from the "
                     "descriptors of the kinds.\n\n## Options that every node understands\n");
    md_options(mf_common_options, buf);
    mf_buf_puts(buf, "\n## Options of actuators\n\nThey guard what is written to something "
                     "physical; see [language.md](language.md#guarded-outputs).\n");
    md_options(mf_guard_options, buf);
    for (const struct mf_kind_group *group = mf_kind_groups; group->title; group++) {
        bool is_first = true;

        for (const struct mf_kind *const *kind = set->nodes; *kind; kind++) {
            struct subject subject = of_node(*kind);

            if (mf_kind_group(*kind) != group)
                continue;
            if (is_first)
                mf_buf_printf(buf, "\n## %s\n", group->title);
            is_first = false;
            md_subject(&subject, buf);
        }
    }
    mf_buf_puts(buf, *set->links ? "\n## Links\n" : "");
    for (const struct mf_link_kind *const *link = set->links; *link; link++) {
        struct subject subject = of_link(*link);

        md_subject(&subject, buf);
    }
}
