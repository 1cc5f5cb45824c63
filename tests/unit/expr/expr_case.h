/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * One expression as it stands in a flow file, with inputs of certain types, units and values:
 * parsed, wired by name, checked and run.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/expr/expr.h"

/* An input; the list is ended by {0}. */
struct input {
    const char *name;
    uint32_t types;
    const char *unit; /* NULL: none */
    struct mf_value value;
};

struct expr_case {
    struct mf_sources *sources;
    struct mf_diags diags;
    struct mf_arena *arena;
    const struct mf_source *source;
    struct mf_expr *expr; /* NULL after a fault */
    struct mf_expr_slot result;
    struct mf_msg inputs[16];
};

/* The document `x: '…'`, so that places go through the quotes of YAML. */
static inline const struct mf_tree *case_scalar(struct expr_case *c, const char *text)
{
    struct mf_buf yaml = {0};
    const struct mf_tree *tree;

    mf_buf_puts(&yaml, "x: '");
    for (const char *t = text; *t; t++)
        mf_buf_puts(&yaml, *t == '\'' ? "''" : (char[]){*t, 0});
    mf_buf_puts(&yaml, "'\n");
    c->source = mf_sources_add(c->sources, "flow.yaml", mf_buf_text(&yaml), yaml.len);
    tree = mf_compose(c->source, 0, c->source->len, c->arena, &c->diags);
    mf_buf_done(&yaml);
    assert_non_null(tree);
    return mf_tree_get(tree, "x", NULL);
}

static inline const struct mf_unit *case_unit(struct expr_case *c, const char *name)
{
    struct mf_unit *unit = mf_arena_alloc(c->arena, sizeof(*unit));
    struct mf_error err;

    if (!name)
        return NULL;
    assert_int_equal(mf_unit_read(name, strlen(name), unit, &err), 0);
    return unit;
}

/* As the compiler does: the longest input whose name the ref begins with. */
static inline void case_wire(struct expr_case *c, const struct input *inputs)
{
    size_t count;
    struct mf_expr_ref *refs = mf_expr_refs(c->expr, &count);

    for (size_t i = 0; i < count; i++) {
        refs[i].input = UINT32_MAX;
        for (uint32_t k = 0; inputs && inputs[k].name; k++) {
            size_t len = strlen(inputs[k].name);

            if (strncmp(refs[i].name, inputs[k].name, len) == 0 &&
                (refs[i].name[len] == 0 || refs[i].name[len] == '.')) {
                refs[i].used = (uint32_t)len;
                refs[i].input = k;
            }
        }
        if (refs[i].input == UINT32_MAX)
            fail_msg("`%s` is no input of the test", refs[i].name);
    }
}

static inline void case_open(struct expr_case *c, const char *text, const struct input *inputs,
                             const char *wanted)
{
    struct mf_expr_slot slots[16];
    size_t count = 0;

    memset(c, 0, sizeof(*c));
    c->sources = mf_sources_new();
    mf_diags_init(&c->diags, c->sources);
    c->arena = mf_arena_new();
    c->expr = mf_expr_parse(c->arena, &c->diags, case_scalar(c, text));
    if (!c->expr)
        return;
    case_wire(c, inputs);
    for (; inputs && inputs[count].name; count++) {
        slots[count] = (struct mf_expr_slot){inputs[count].types, case_unit(c, inputs[count].unit)};
        c->inputs[count].value = inputs[count].value;
    }
    if (!mf_expr_check(c->expr, slots, count, case_unit(c, wanted), &c->diags, &c->result))
        c->expr = NULL;
}

static inline void case_close(struct expr_case *c)
{
    mf_arena_free(c->arena);
    mf_diags_done(&c->diags);
    mf_sources_free(c->sources);
}

/* Appends the result with its unit, `bad: reason` when there is none; texts in quotes; floats that
 * are whole with a point. */
static inline void case_run(struct expr_case *c, struct mf_buf *out)
{
    struct mf_value value;
    const char *reason = "no reason";

    if (!mf_expr_run(c->expr, c->inputs, &value, &reason)) {
        mf_buf_printf(out, "bad: %s", reason);
        return;
    }
    assert_true(c->result.types & MF_T(value.type));
    if (value.type == MF_TEXT)
        mf_buf_putc(out, '"');
    if (value.type == MF_NULL)
        mf_buf_puts(out, "nil");
    else
        mf_value_print(&value, out);
    if (value.type == MF_TEXT)
        mf_buf_putc(out, '"');
    if (value.type == MF_NUMBER && value.number > -1e15 && value.number < 1e15 &&
        value.number == (double)(int64_t)value.number)
        mf_buf_puts(out, ".0");
    if (c->result.unit)
        mf_buf_printf(out, " %s", c->result.unit->name);
    mf_value_drop(value);
}

/* Appends each diagnostic as `code <the marked text> message; help`, one in a line. */
static inline void case_faults(struct expr_case *c, struct mf_buf *out)
{
    for (size_t i = 0; i < c->diags.count; i++) {
        const struct mf_diag *d = c->diags.list[i];

        mf_buf_printf(out, "%s%u <", i ? "\n" : "", d->code);
        assert_true(d->at.end <= c->source->len && d->at.start <= d->at.end);
        mf_buf_put(out, c->source->text + d->at.start, d->at.end - d->at.start);
        mf_buf_printf(out, "> %s", d->message);
        if (d->help)
            mf_buf_printf(out, "; %s", d->help);
    }
}

/* What comes out of an expression: its result, or what is said about it. */
static inline char *case_outcome(const char *text, const struct input *inputs, const char *wanted)
{
    struct mf_buf out = {0};
    struct expr_case c;

    case_open(&c, text, inputs, wanted);
    if (c.diags.errors == 0) {
        assert_non_null(c.expr);
        case_run(&c, &out);
        if (c.diags.count)
            mf_buf_putc(&out, '\n');
    } else {
        assert_null(c.expr);
    }
    case_faults(&c, &out);
    case_close(&c);
    return mf_buf_take(&out);
}

static inline void case_expect(const char *text, const struct input *inputs, const char *wanted,
                               const char *expected)
{
    char *outcome = case_outcome(text, inputs, wanted);

    if (strcmp(outcome, expected) != 0)
        fail_msg("%s\n  gives  %s\n  wanted %s", text, outcome, expected);
    mf_free(outcome);
}
