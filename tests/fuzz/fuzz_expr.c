/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as an expression. The first byte chooses the types and units of the
 * inputs, names are spread over them; what parses and checks is run with several
 * sets of values. A fault is reported if and only if there is no code, its place
 * lies in the text, and a result is of a type that was promised.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/expr/expr.h"
#include "engine/value/codec.h"

enum { INPUTS = 8, ROUNDS = 3 };

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static struct mf_value json(const char *text)
{
    struct mf_value value = mf_value_null();
    struct mf_error err;

    demand(mf_json_read(text, strlen(text), &value, &err) == 0);
    return value;
}

static const struct mf_unit *unit(const char *name)
{
    static struct mf_unit units[INPUTS];
    static unsigned next;
    struct mf_unit *result = &units[next++ % INPUTS];
    struct mf_error err;

    demand(mf_unit_read(name, strlen(name), result, &err) == 0);
    return result;
}

/* Inputs of all sorts, in an order that `seed` turns. */
static void make_slots(struct mf_expr_slot slots[INPUTS], unsigned seed)
{
    const struct mf_expr_slot all[INPUTS] = {
        {MF_T(MF_NUMBER), unit("W")},
        {MF_T(MF_NUMBER), unit("°C")},
        {MF_T_NUMERIC, NULL},
        {MF_T(MF_BOOL), NULL},
        {MF_T(MF_TEXT), NULL},
        {MF_T_ANY, NULL},
        {MF_T(MF_LIST) | MF_T(MF_MAP), NULL},
        {MF_T(MF_NUMBER), unit("%")},
    };

    for (unsigned i = 0; i < INPUTS; i++)
        slots[i] = all[(i + seed) % INPUTS];
}

/* A value of the promised type, or none yet. */
static struct mf_value make_value(uint32_t types, unsigned round)
{
    static const double numbers[] = {0, -2.5, 1e300};

    if (round == 1 && types & MF_T(MF_NULL))
        return mf_value_null();
    if (types & MF_T(MF_MAP))
        return json(round ? "{\"a\":{\"b\":[1,2,\"x\"]},\"temp\":3}"
                          : "[1,\"zwei\",null,{\"a\":1}]");
    if (types & MF_T(MF_INT) && round)
        return mf_value_int(round == 1 ? INT64_MIN : 3);
    if (types & MF_T(MF_NUMBER))
        return mf_value_number(numbers[round]);
    if (types & MF_T(MF_BOOL))
        return mf_value_bool(round & 1);
    return mf_value_new_text(round ? "a text that is longer than a handle" : "on");
}

static void run(const struct mf_expr *expr, const struct mf_expr_slot *slots, uint32_t types,
                unsigned round)
{
    struct mf_msg inputs[INPUTS] = {{{0}}};
    struct mf_value result;
    const char *reason = NULL;

    for (unsigned i = 0; i < INPUTS && round < ROUNDS; i++)
        inputs[i].value = make_value(slots[i].types, round);
    if (mf_expr_run(expr, inputs, &result, &reason)) {
        demand(types & MF_T(result.type));
        if (mf_expr_constant(expr))
            demand(mf_value_equal(mf_expr_constant(expr), &result));
        mf_value_drop(result);
    } else {
        demand(reason && *reason);
    }
    for (unsigned i = 0; i < INPUTS; i++)
        mf_value_drop(inputs[i].value);
}

static const char *rename_ref(void *arg, const struct mf_expr_ref *ref)
{
    return ref->name;
}

static void check(struct mf_expr *expr, unsigned seed, struct mf_diags *diags)
{
    struct mf_expr_slot slots[INPUTS], result;
    struct mf_buf text = {0};
    size_t count, errors = diags->errors;
    struct mf_expr_ref *refs = mf_expr_refs(expr, &count);

    for (size_t i = 0; i < count; i++) {
        refs[i].used = (uint32_t)strcspn(refs[i].name, ".");
        refs[i].input = (uint32_t)(i + refs[i].used) % INPUTS;
    }
    mf_expr_print(expr, rename_ref, NULL, &text);
    make_slots(slots, seed);
    if (mf_expr_check(expr, slots, INPUTS, seed & 8 ? unit("kW") : NULL, diags, &result)) {
        demand(diags->errors == errors);
        for (unsigned round = 0; round <= ROUNDS; round++)
            run(expr, slots, result.types, round);
    } else {
        demand(diags->errors > 0); /* the same fault is not said twice */
    }
    mf_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mf_sources *sources = mf_sources_new();
    struct mf_arena *arena = mf_arena_new();
    unsigned seed = size ? *data : 0;
    const char *text = size ? (const char *)data + 1 : "";
    size_t len = size ? size - 1 : 0;
    const struct mf_source *source = mf_sources_add(sources, "fuzz", text, len);
    struct mf_tree scalar = {.kind = MF_TREE_SCALAR, .is_plain = true, .count = (uint32_t)len};
    struct mf_diags diags;
    struct mf_expr *expr;

    mf_diags_init(&diags, sources);
    scalar.text = mf_arena_strndup(arena, text, len);
    scalar.at = (struct mf_span){source->number, 0, (uint32_t)source->len};
    if (memchr(text, 0, len) == NULL) {
        expr = mf_expr_parse(arena, &diags, &scalar);
        demand((expr == NULL) == (diags.errors > 0));
        for (unsigned i = 0; expr && i < 2; i++)
            check(expr, seed + i, &diags);
    }
    for (size_t i = 0; i < diags.count; i++)
        demand(diags.list[i]->at.start <= diags.list[i]->at.end &&
               diags.list[i]->at.end <= source->len);
    mf_diags_done(&diags);
    mf_arena_free(arena);
    mf_sources_free(sources);
    return 0;
}
