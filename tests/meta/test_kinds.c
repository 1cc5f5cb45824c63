/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* What every kind of node and link promises, whoever wrote it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/cli/reference.h"
#include "engine/config/render.h"
#include "engine/graph/guard.h"
#include "engine/graph/registry.h"
#include "nodes/kinds.h"

/* Compiles text; the diagnostics as short lines, notes left out. */
static void compile_text(const char *text, struct mf_buf *out)
{
    struct mf_arena *arena = mf_arena_new();
    struct mf_sources *sources = mf_sources_new();
    struct mf_flow_setup setup = {.no_env = true};
    struct mf_diags diags;
    struct mf_flow flow;

    mf_diags_init(&diags, sources);
    mf_flow_init(&flow, arena, sources, &diags);
    mf_flow_read_text(&flow, "example", text, strlen(text), &setup);
    mf_graph_free(mf_compile(&flow));
    if (diags.errors || diags.warnings)
        mf_diags_render(&diags, MF_DIAG_SHORT, (struct mf_diag_counts){0}, false, out);
    mf_flow_done(&flow);
    mf_diags_done(&diags);
    mf_sources_free(sources);
    mf_arena_free(arena);
}

static bool is_sentence(const char *text)
{
    return text && isupper((unsigned char)text[0]) && mf_text_ends(text, ".") &&
           !mf_text_ends(text, "..");
}

static unsigned faults;

static void expect(bool ok, const char *what, const char *who, const char *detail)
{
    if (ok)
        return;
    faults++;
    print_error("%s: %s%s%s\n", who, what, detail ? ": " : "", detail ? detail : "");
}

static void check_options(const char *who, const struct mf_option *options)
{
    unsigned mains = 0;

    for (; options && options->name; options++) {
        expect(mf_text_is_name(options->name, strlen(options->name)), "not a name", who,
               options->name);
        expect(is_sentence(options->summary), "summary is not a sentence", who, options->name);
        expect(!(options->flags & MF_OPT_REQUIRED) || !options->fallback,
               "required, but has a fallback", who, options->name);
        expect(options->type->syntax != NULL, "type says no syntax", who, options->name);
        mains += (options->flags & MF_OPT_PRIMARY) != 0;
        if (options->type == &mf_type_choice)
            for (const struct mf_choice *choice = options->of; choice->name; choice++)
                expect(is_sentence(choice->summary), "choice without a sentence", who,
                       choice->name);
    }
    expect(mains <= 1, "has several main options", who, NULL);
}

static void check_example(const char *who, const char *example)
{
    struct mf_buf text = {0}, out = {0};

    expect(example != NULL, "has no example", who, NULL);
    if (!example)
        return;
    mf_reference_example(example, &text);
    compile_text(mf_buf_text(&text), &out);
    expect(out.len == 0, "the example does not validate", who, mf_buf_text(&out));
    expect(strstr(example, who) != NULL, "the example does not show the kind", who, NULL);
    mf_buf_done(&text);
    mf_buf_done(&out);
}

static void check_ports(const struct mf_kind *kind)
{
    for (const struct mf_port *port = kind->ports; port && port->name; port++) {
        expect(mf_text_is_name(port->name, strlen(port->name)), "port is not a name", kind->name,
               port->name);
        expect(is_sentence(port->summary), "port summary is not a sentence", kind->name,
               port->name);
        expect(port->types != 0, "port without types", kind->name, port->name);
    }
}

/* Every kind says what it is in sentences, names its ports and options well, and shows an example
 * that validates. */
static void kinds_are_documented(void **state)
{
    (void)state;
    faults = 0;
    for (const struct mf_kind *const *at = mf_registry()->nodes; *at; at++) {
        const struct mf_kind *kind = *at;

        expect(is_sentence(kind->summary), "summary is not a sentence", kind->name, NULL);
        expect(kind->doc && strlen(kind->doc) > 80, "has no long text", kind->name, NULL);
        check_options(kind->name, kind->options);
        check_ports(kind);
        check_example(kind->name, kind->example);
    }
    for (const struct mf_link_kind *const *at = mf_registry()->links; *at; at++) {
        expect(is_sentence((*at)->summary), "summary is not a sentence", (*at)->name, NULL);
        expect((*at)->doc && strlen((*at)->doc) > 80, "has no long text", (*at)->name, NULL);
        check_options((*at)->name, (*at)->options);
        check_example((*at)->name, (*at)->example);
    }
    assert_int_equal(faults, 0);
}

static unsigned count_inputs(const struct mf_kind *kind)
{
    unsigned count = 0;

    for (const struct mf_port *port = kind->ports; port && port->name; port++)
        count += port->dir == MF_IN;
    return count;
}

/* What a kind says of itself fits together: state is saved and restored or neither, who delivers
 * has a queue, who touches the world does not claim to be pure. */
static void descriptors_are_consistent(void **state)
{
    (void)state;
    faults = 0;
    for (const struct mf_kind *const *at = mf_registry()->nodes; *at; at++) {
        const struct mf_kind *kind = *at;

        expect(!kind->save == !kind->restore, "save without restore", kind->name, NULL);
        expect(!kind->save || kind->state_version, "saves state without a version", kind->name,
               NULL);
        expect(!(kind->receive && kind->run), "has receive and run", kind->name, NULL);
        expect(!(kind->flags & MF_KIND_PURE) || !(kind->flags & (MF_KIND_SINK | MF_KIND_ACTUATOR)),
               "pure, but writes", kind->name, NULL);
        expect(!(kind->flags & MF_KIND_ACTUATOR) || kind->writes, "an actuator says what it writes",
               kind->name, NULL);
        expect(!mf_kind_can_act(kind) || kind->flags & MF_KIND_WRITES, "acts, but does not write",
               kind->name, NULL);
        expect(!mf_kind_can_act(kind) || (!kind->run && count_inputs(kind) == 1),
               "an actuator is told one value, by receive() or deliver()", kind->name, NULL);
        expect(!kind->timers || kind->timeout, "has timers, but no timeout", kind->name, NULL);
        expect(kind->timers <= 8, "has too many timers", kind->name, NULL);
    }
    assert_int_equal(faults, 0);
}

static void load_fallback(const char *who, const struct mf_option *option)
{
    struct mf_arena *arena = mf_arena_new();
    struct mf_sources *sources = mf_sources_new();
    struct mf_diags diags;
    struct mf_loaded into = {0};
    struct mf_option table[2] = {*option, {0}};
    struct mf_load load = {arena, &diags, &into};
    struct mf_buf out = {0};

    mf_diags_init(&diags, sources);
    table[0].has = 0;
    into.config = mf_arena_alloc(arena, option->offset + 4096);
    mf_load_options(&load, table, who, (struct mf_span){0}, NULL, NULL, 0, NULL, into.config);
    if (diags.errors || diags.warnings)
        mf_diags_render(&diags, MF_DIAG_SHORT, (struct mf_diag_counts){0}, false, &out);
    expect(out.len == 0, option->name, who, mf_buf_text(&out));
    mf_buf_done(&out);
    mf_diags_done(&diags);
    mf_sources_free(sources);
    mf_arena_free(arena);
}

/* Every fallback is legal text for its own option. */
static void fallbacks_parse(void **state)
{
    unsigned count = 0;

    (void)state;
    faults = 0;
    for (const struct mf_kind *const *at = mf_registry()->nodes; *at; at++)
        for (const struct mf_option *option = (*at)->options; option && option->name; option++)
            if (option->fallback) {
                load_fallback((*at)->name, option);
                count++;
            }
    for (const struct mf_link_kind *const *at = mf_registry()->links; *at; at++)
        for (const struct mf_option *option = (*at)->options; option && option->name; option++)
            if (option->fallback) {
                load_fallback((*at)->name, option);
                count++;
            }
    assert_int_equal(faults, 0);
    assert_true(count > 20);
}

/* The list of kinds is sorted and no name stands twice. */
static void names_are_unique(void **state)
{
    (void)state;
    for (const struct mf_kind *const *at = mf_registry()->nodes; at[0] && at[1]; at++)
        assert_true(strcmp(at[0]->name, at[1]->name) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_documented),
        cmocka_unit_test(descriptors_are_consistent),
        cmocka_unit_test(fallbacks_parse),
        cmocka_unit_test(names_are_unique),
    };

    mf_registry_set(mf_kinds());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
