/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The options of guarded outputs, and the types that only they have.
 *
 * What these mean depends on the input (its unit, whether it is a number at all), which is known
 * only when types and units have been inferred: ramp and failsafe are kept as written until then.
 */

#include <string.h>

#include "engine/config/schema.h"
#include "engine/graph/guard_priv.h"

static bool wrong(struct mf_load *load, const struct mf_option *option, const struct mf_tree *tree,
                  const struct mf_error *err)
{
    mf_diag(load->diags, MF_ERROR, 205, tree->at, "`%s` wants %s: %s", mf_type_key(load, option),
            option->type->syntax, err->text);
    return false;
}

/* ---- ramp ---- */

static bool ramp_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_guard_ramp ramp = {.at = tree->at};
    struct mf_error err;

    if (!text)
        return false;
    if (mf_quantity_read(text, tree->count, &ramp.number, &ramp.unit, &ramp.has_unit, &err) < 0)
        return wrong(load, option, tree, &err);
    if (!(ramp.number > 0))
        return mf_type_mismatch(load, option, tree, "a change per time above 0");
    *(struct mf_guard_ramp *)ret = ramp;
    return true;
}

static const struct mf_type type_ramp = {
    .name = "ramp",
    .syntax = "a change per time such as 500 W/s; without a unit, per second",
    .size = sizeof(struct mf_guard_ramp),
    .read = ramp_read,
    .schema = mf_schema_text,
};

/* ---- failsafe ---- */

static const char after[] = " after ";

/* The last one: a text may hold the word. */
static const char *find_after(const char *text)
{
    const char *found = NULL;

    for (const char *at = strstr(text, after); at; at = strstr(at + 1, after))
        found = at;
    return found;
}

static bool failsafe_time(struct mf_load *load, const struct mf_option *option,
                          const struct mf_tree *tree, const char *text, int64_t *ret)
{
    struct mf_error err;

    if (mf_duration_read(text, strlen(text), false, ret, &err) < 0)
        return wrong(load, option, tree, &err);
    if (*ret > 0)
        return true;
    return mf_type_mismatch(load, option, tree, "`after` and a time above 0");
}

static bool failsafe_read(struct mf_load *load, const struct mf_option *option,
                          const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree), *time;
    struct mf_guard_failsafe failsafe = {.at = tree->at, .mode = MF_FAILSAFE_VALUE};
    size_t len;

    if (!text)
        return false;
    time = find_after(text);
    len = time ? (size_t)(time - text) : tree->count;
    if (time && !failsafe_time(load, option, tree, time + strlen(after), &failsafe.after))
        return false;
    if (tree->is_plain && mf_text_eq(text, len, "keep")) {
        if (time)
            return mf_type_mismatch(load, option, tree,
                                    "`keep` alone, which has no time, or a value and a time");
        failsafe.mode = MF_FAILSAFE_KEEP;
    }
    failsafe.text = mf_arena_strndup(load->arena, text, len);
    failsafe.len = len;
    *(struct mf_guard_failsafe *)ret = failsafe;
    return true;
}

static const struct mf_type type_failsafe = {
    .name = "failsafe",
    .syntax = "a value, `VALUE after TIME`, or `keep`",
    .size = sizeof(struct mf_guard_failsafe),
    .read = failsafe_read,
    .schema = mf_schema_text,
};

/* ---- the table ---- */

#define MF_CONFIG struct mf_guard_asked
const struct mf_option mf_guard_options[] = {
    {"actuator", MF_BOOL(is_marked), .fallback = "false",
     .summary = "Whether the node moves something physical: then the options below guard what it "
                "writes. Some kinds always do."},
    {"limit", MF_SPAN_OF(limit), MF_GIVEN(has_limit), .unit = "@in",
     .summary = "Range that is never left: what is outside becomes the nearer end."},
    {"ramp", &type_ramp, MF_MEMBER(MF_CONFIG, ramp, struct mf_guard_ramp), MF_GIVEN(has_ramp),
     .summary = "How fast the output may change; it moves in steps."},
    {"ramp_step", MF_DURATION(step), .fallback = "1s", MF_LIMITS(0.01, 3600), MF_GIVEN(has_step),
     .summary = "Time between two steps of the ramp."},
    {"refresh", MF_DURATION(refresh), MF_LIMITS(0.01, 3.2e9), MF_GIVEN(has_refresh),
     .summary = "Write the value again after this time without a write, as long as there is a "
                "good one."},
    {"failsafe", &type_failsafe, MF_MEMBER(MF_CONFIG, failsafe, struct mf_guard_failsafe),
     MF_GIVEN(has_failsafe),
     .summary = "What is written when the input is dead, and at the end; with `after`, also when "
                "it is silent that long. `keep` leaves the output as it is."},
    {"priority", MF_STRINGS(priority), MF_GIVEN(has_priority),
     .summary = "Names of inputs, and `manual` for what `set` says: the first that has a good "
                "value counts."},
    {0},
};
#undef MF_CONFIG

bool mf_is_guard_option(const char *key)
{
    for (const struct mf_option *option = mf_guard_options; option->name; option++)
        if (strcmp(option->name, key) == 0)
            return true;
    return false;
}
