/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Guarded outputs: what is checked and settled while a flow is compiled. See guard.h.
 *
 * Everything that could only show when a pump is running is said here: a limit in the wrong unit,
 * a failsafe that the limit forbids, two inputs that nobody has put in order.
 */

#include <math.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/config/schema.h"
#include "engine/graph/guard_priv.h"
#include "engine/value/codec.h"

/* ---- load: may these options be here ---- */

/* Where to put them: a sink is the end of the way, a transform is not. */
static void no_output(struct mf_compile *compile, struct mf_draft *draft,
                      const struct mf_tree_pair *pair)
{
    const struct mf_kind *kind = draft->def->kind;
    struct mf_diag *diag = mf_diag(compile->diags, MF_ERROR, 606, pair->key->at,
                                   "`%s` guards an output to something physical, and `%s` has none",
                                   pair->key->text, kind->name);

    if (kind->flags & MF_KIND_SINK)
        mf_diag_help(diag, "leave it out");
    else
        mf_diag_help(diag, "give it to the node that writes, such as `mqtt.publish`");
}

static void not_marked(struct mf_compile *compile, const struct mf_draft *draft,
                       const struct mf_tree_pair *pair)
{
    mf_diag_help(mf_diag(compile->diags, MF_ERROR, 607, pair->key->at,
                         "`%s` is for actuators, and this `%s` is not said to be one",
                         pair->key->text, draft->def->kind->name),
                 "add `actuator: true` if it moves something physical");
}

static const struct mf_tree_pair *first_but_mark(const struct mf_tree_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(pairs[i].key->text, "actuator") != 0)
            return &pairs[i];
    return NULL;
}

bool mf_guard_load(struct mf_compile *compile, struct mf_draft *draft, struct mf_load *load,
                   const struct mf_tree_pair *pairs, size_t count)
{
    const struct mf_kind *kind = draft->def->kind;
    struct mf_guard_asked *asked;

    if (!mf_kind_can_act(kind)) {
        for (size_t i = 0; i < count; i++)
            no_output(compile, draft, &pairs[i]);
        return !count;
    }
    asked = mf_arena_alloc(compile->arena, sizeof(*asked));
    if (!mf_load_options(load, mf_guard_options, draft->item->name, draft->item->at, NULL, pairs,
                         count, NULL, asked))
        return false;
    if (kind->flags & MF_KIND_ACTUATOR || asked->is_marked) {
        draft->guard = asked;
    } else if (first_but_mark(pairs, count)) {
        not_marked(compile, draft, first_but_mark(pairs, count));
        return false;
    }
    return true;
}

bool mf_guard_check_queue(struct mf_compile *compile, const struct mf_draft *draft)
{
    const struct mf_tree_pair *queue = mf_flow_option(draft->item, "queue");

    if (!queue || draft->common.queue.mode != MF_QUEUE_SPOOL)
        return true;
    mf_diag_help(mf_diag(compile->diags, MF_ERROR, 613, queue->value->at,
                         "`%s` moves something physical, and must not be told after a restart what "
                         "it was to do before",
                         draft->item->name),
                 "leave `queue` out: the latest value waits");
    return false;
}

/* ---- wire: the order of the inputs ---- */

static bool is_called(struct mf_compile *compile, const struct mf_in_def *in, const char *name)
{
    return strcmp(in->label, name) == 0 || strcmp(in->from->name, name) == 0 ||
           strcmp(mf_compile_source(compile, in), name) == 0;
}

static int find_input(struct mf_compile *compile, const struct mf_def *def, const char *name)
{
    for (unsigned i = 0; i < def->in_count; i++)
        if (strcmp(def->ins[i].label, name) == 0)
            return (int)i;
    for (unsigned i = 0; i < def->in_count; i++)
        if (is_called(compile, &def->ins[i], name))
            return (int)i;
    return -1;
}

static struct mf_span priority_at(const struct mf_draft *draft, size_t i)
{
    const struct mf_tree *tree = mf_flow_option(draft->item, "priority")->value;

    return tree->kind == MF_TREE_LIST && i < tree->count ? tree->items[i].value->at : tree->at;
}

static bool wrong_order(struct mf_compile *compile, struct mf_draft *draft, struct mf_span at,
                        const char *name, const char *what, const char *help)
{
    mf_diag_help(mf_diag(compile->diags, MF_ERROR, 609, at, "`%s` %s", name, what), "%s", help);
    draft->failed = true;
    return false;
}

/* Who is meant by a name that is none of the inputs'. */
static bool no_input(struct mf_compile *compile, struct mf_draft *draft, struct mf_span at,
                     const char *name)
{
    const struct mf_def *def = draft->def;
    struct mf_nearest nearest;
    const char *help = "name what `from` names, and `manual`";

    mf_nearest_init(&nearest, name);
    mf_nearest_add(&nearest, "manual");
    for (unsigned i = 0; i < def->in_count; i++)
        mf_nearest_add(&nearest, mf_compile_source(compile, &def->ins[i]));
    if (nearest.best)
        help = mf_arena_printf(compile->flow->arena, "did you mean `%s`?", nearest.best);
    return wrong_order(compile, draft, at, name, "is no input of this node", help);
}

static bool stands_there(const struct mf_guard_def *guard, int input)
{
    for (unsigned i = 0; i < guard->order_count; i++)
        if (guard->order[i] == input)
            return true;
    return false;
}

static bool read_order(struct mf_compile *compile, struct mf_draft *draft,
                       struct mf_guard_def *guard)
{
    const struct mf_texts *names = &draft->guard->priority;
    struct mf_def *def = draft->def;

    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->list[i];
        int input = find_input(compile, def, name);

        if (input < 0 && strcmp(name, "manual") != 0)
            return no_input(compile, draft, priority_at(draft, i), name);
        if (input < 0)
            input = MF_GUARD_MANUAL;
        if (stands_there(guard, input))
            return wrong_order(compile, draft, priority_at(draft, i), name,
                               "stands in `priority` twice", "leave one out");
        guard->order[guard->order_count++] = (int16_t)input;
    }
    for (unsigned i = 0; i < def->in_count; i++)
        if (!stands_there(guard, (int)i))
            return wrong_order(compile, draft, priority_at(draft, names->count),
                               mf_compile_source(compile, &def->ins[i]),
                               "is not in `priority`, so nobody would listen to it",
                               "put it in its place, or take it out of `from`");
    return true;
}

bool mf_guard_wire(struct mf_compile *compile, struct mf_draft *draft)
{
    struct mf_def *def = draft->def;
    struct mf_guard_asked *asked = draft->guard;
    struct mf_guard_def *guard;

    if (!asked || draft->failed)
        return true;
    guard = mf_arena_alloc(compile->arena, sizeof(*guard));
    guard->order = mf_arena_alloc(compile->arena, (def->in_count + asked->priority.count + 1) *
                                                      sizeof(*guard->order));
    def->guard = asked->def = guard;
    if (def->in_count > 1 && !asked->has_priority) {
        mf_diag_help(mf_diag(compile->diags, MF_ERROR, 608, mf_wire(def, &def->ins[1])->at,
                             "`%s` moves something physical, and nothing says which of its %u "
                             "inputs counts",
                             def->name, def->in_count),
                     "add `priority: [%s, %s]` in the order that you want",
                     mf_compile_source(compile, &def->ins[0]),
                     mf_compile_source(compile, &def->ins[1]));
        draft->failed = true;
        return false;
    }
    guard->has_priority = asked->has_priority;
    if (asked->has_priority && !read_order(compile, draft, guard))
        return false;
    if (!asked->has_priority)
        for (unsigned i = 0; i < def->in_count; i++)
            guard->order[guard->order_count++] = (int16_t)i;
    if (!stands_there(guard, MF_GUARD_MANUAL)) {
        memmove(guard->order + 1, guard->order, guard->order_count * sizeof(*guard->order));
        guard->order[0] = MF_GUARD_MANUAL;
        guard->order_count++;
    }
    return true;
}

/* ---- values as people write them ---- */

static bool read_word(const char *text, size_t len, bool *ret)
{
    for (const struct mf_bool_word *word = mf_bool_words; word->text; word++)
        if (mf_text_eq(text, len, word->text)) {
            *ret = word->value;
            return true;
        }
    return false;
}

static int to_unit(const struct mf_guard_def *guard, const struct mf_unit *unit, double *number,
                   struct mf_error *err)
{
    struct mf_linear linear;
    char a[64], b[64];

    if (!guard->unit)
        return mf_fail(err, MF_EINVAL, "the value has no unit here, so `%s` means nothing",
                       unit->name);
    if (!mf_unit_convert(unit, guard->unit, false, &linear))
        return mf_fail(err, MF_EINVAL, "the value is in %s (%s), which %s (%s) cannot be",
                       guard->unit->name, mf_unit_dimension(guard->unit, a), unit->name,
                       mf_unit_dimension(unit, b));
    if (!mf_unit_equal(unit, guard->unit))
        *number = mf_unit_convert_literal(&linear, *number);
    return MF_OK;
}

/* Not a number at all: 1 and no error. */
static int read_number(const struct mf_guard_def *guard, const char *text, size_t len,
                       struct mf_value *ret, struct mf_error *err)
{
    struct mf_unit unit;
    bool has_unit = false;
    double number;
    int rc;

    if (mf_quantity_read(text, len, &number, &unit, &has_unit, NULL) < 0)
        return 1;
    rc = has_unit ? to_unit(guard, &unit, &number, err) : MF_OK;
    if (rc < 0)
        return rc;
    if (!(guard->types & MF_T(MF_NUMBER)) ||
        (guard->types == MF_T_ANY && number == rint(number) && fabs(number) < 0x1p53)) {
        if (number != rint(number) || fabs(number) >= 0x1p63)
            return mf_fail(err, MF_EINVAL, "a whole number is wanted");
        *ret = mf_value_int((int64_t)number);
    } else {
        *ret = mf_value_number(number);
    }
    return MF_OK;
}

static int wanted(const struct mf_guard_def *guard, const char *text, size_t len,
                  struct mf_error *err)
{
    char types[96];

    return mf_fail(err, MF_EINVAL, "%s%s%s is wanted, `%.*s` came",
                   mf_types_print(guard->types & ~MF_T(MF_NULL), types), guard->unit ? " in " : "",
                   guard->unit ? guard->unit->name : "", (int)(len > 60 ? 60 : len), text);
}

int mf_guard_read(const struct mf_guard_def *guard, const char *text, size_t len,
                  struct mf_value *ret, struct mf_error *err)
{
    uint32_t types = guard->types;
    bool word;
    int rc;

    if (types & MF_T_NUMERIC) {
        rc = read_number(guard, text, len, ret, err);
        if (rc <= 0)
            return rc;
    }
    /* Where a text may stand, only the two plain words are not one. */
    if (types & MF_T(MF_BOOL) && read_word(text, len, &word) &&
        (!(types & MF_T(MF_TEXT)) || mf_text_eq(text, len, word ? "true" : "false"))) {
        *ret = mf_value_bool(word);
        return MF_OK;
    }
    if (types & (MF_T(MF_LIST) | MF_T(MF_MAP)) && len && strchr("[{", *text)) {
        rc = mf_json_read(text, len, ret, err);
        if (rc < 0 || types & MF_T(ret->type))
            return rc;
        mf_value_drop(*ret);
    }
    if (!(types & MF_T(MF_TEXT)))
        return wanted(guard, text, len, err);
    *ret = mf_value_new_text_n(text, len);
    return MF_OK;
}

void mf_guard_print(const struct mf_guard_def *guard, const struct mf_value *value,
                    struct mf_buf *buf)
{
    if (MF_T(value->type) & MF_T_NUMERIC)
        mf_quantity_print(mf_value_as_number(value), guard->unit, buf);
    else
        mf_value_print(value, buf);
}

/* ---- infer: settling ---- */

static struct mf_span option_at(const struct mf_infer *infer, const char *option)
{
    return mf_check_at(&infer->check, option);
}

/* Limits and ramps are for numbers; nothing else may slip past them. */
static bool narrow_to_numbers(struct mf_infer *infer, const char *option)
{
    struct mf_def *def = infer->def;
    char types[96];

    for (unsigned i = 0; i < def->in_count; i++) {
        struct mf_in_def *in = &def->ins[i];
        bool can_be_number = mf_kind_port(def, i)->types & MF_T(MF_NUMBER);

        if (!(in->types & MF_T_NUMERIC) || !can_be_number) {
            mf_diag_help(mf_diag(infer->compile->diags, MF_ERROR, 610, option_at(infer, option),
                                 "`%s` is for numbers, and `%s` gives %s", option,
                                 mf_compile_source(infer->compile, in),
                                 mf_types_print(in->types, types)),
                         "leave it out");
            return false;
        }
        if (in->types & ~(MF_T_NUMERIC | MF_T(MF_NULL)))
            in->is_checked = true;
        in->to_number |= (in->types & MF_T(MF_INT)) != 0;
        in->types = MF_T(MF_NUMBER) | (in->types & MF_T(MF_NULL));
    }
    return true;
}

/* The unit of the input's change per second. */
static void per_second(const struct mf_unit *unit, struct mf_unit *ret)
{
    struct mf_unit delta, second;

    mf_unit_read("s", 1, &second, NULL);
    mf_unit_delta(unit, &delta);
    mf_unit_divide(&delta, &second, ret);
}

static void settle_ramp(struct mf_infer *infer, struct mf_guard_def *guard)
{
    const struct mf_guard_ramp *ramp = &infer->def->draft->guard->ramp;
    struct mf_linear linear;
    struct mf_unit unit;
    char a[64], b[64];
    struct mf_diag *diag;

    guard->ramp = ramp->number;
    if (!ramp->has_unit)
        return;
    if (!guard->unit) {
        diag = mf_diag(infer->compile->diags, MF_ERROR, 611, ramp->at,
                       "the ramp is in %s, but the input has no unit", ramp->unit.name);
        mf_diag_help(diag, "write a number, which is per second, or say `unit:` at the input");
        return;
    }
    per_second(guard->unit, &unit);
    if (mf_unit_convert(&ramp->unit, &unit, true, &linear)) {
        guard->ramp = mf_unit_convert_literal(&linear, ramp->number);
        return;
    }
    diag = mf_diag(infer->compile->diags, MF_ERROR, 611, ramp->at,
                   "the ramp is in %s, but the input is in %s: its change is in %s",
                   ramp->unit.name, guard->unit->name, unit.name);
    mf_diag_label(diag, "%s, expected %s", mf_unit_dimension(&ramp->unit, a),
                  mf_unit_dimension(&unit, b));
    mf_diag_help(diag, "write how much of %s it may change per time, such as `10 %s`",
                 guard->unit->name, unit.name);
}

static void wrong_failsafe(struct mf_infer *infer, const struct mf_guard_failsafe *asked,
                           const char *why, const char *help)
{
    mf_diag_help(mf_diag(infer->compile->diags, MF_ERROR, 612, asked->at,
                         "the failsafe value cannot be written: %s", why),
                 "%s", help);
}

static void settle_failsafe(struct mf_infer *infer, struct mf_guard_def *guard)
{
    const struct mf_guard_failsafe *asked = &infer->def->draft->guard->failsafe;
    struct mf_error err = {0};
    struct mf_buf limit = {0};
    double number;

    guard->failsafe = asked->mode;
    guard->after = asked->after;
    if (asked->mode != MF_FAILSAFE_VALUE)
        return;
    if (mf_guard_read(guard, asked->text, asked->len, &guard->safe, &err) < 0) {
        wrong_failsafe(infer, asked, err.text, "give a value as the input has them, or `keep`");
        return;
    }
    mf_type_keep_value(infer->compile->arena, guard->safe);
    if (!(MF_T(guard->safe.type) & MF_T_NUMERIC))
        return;
    number = mf_value_as_number(&guard->safe);
    if (number >= guard->low && number <= guard->high)
        return;
    mf_quantity_print(number, guard->unit, &limit);
    mf_buf_puts(&limit, " is outside of `limit`");
    wrong_failsafe(infer, asked, mf_buf_text(&limit), "widen the limit, or take a value within");
    mf_buf_done(&limit);
}

/* What people forget, where it can do harm. */
static void warn_unguarded(struct mf_infer *infer)
{
    const struct mf_guard_asked *asked = infer->def->draft->guard;
    const char *what = asked->has_failsafe ? "`limit`"
                       : asked->has_limit  ? "`failsafe`"
                                           : "`limit` and no `failsafe`";

    if ((asked->has_limit && asked->has_failsafe) ||
        infer->def->guard->types & ~(MF_T_NUMERIC | MF_T(MF_NULL)))
        return;
    mf_diag_help(mf_diag(infer->compile->diags, MF_WARNING, 605, infer->def->draft->item->kind_at,
                         "`%s` moves something physical and has no %s", infer->def->name, what),
                 asked->has_failsafe
                     ? "add `limit: a..b`, what the thing can take"
                     : "add `failsafe: VALUE after TIME`, or `keep` where nothing is better");
}

static const struct mf_tree *main_value(const struct mf_draft *draft)
{
    const struct mf_option *option = draft->def->kind->options;

    if (draft->item->main)
        return draft->item->main;
    for (; option && option->name; option++)
        if (option->flags & MF_OPT_PRIMARY && mf_flow_option(draft->item, option->name))
            return mf_flow_option(draft->item, option->name)->value;
    return NULL;
}

static size_t line_length(const char *text)
{
    return strcspn(text, "\n");
}

const char *mf_guard_next_thing(const char **target, struct mf_arena *arena)
{
    const char *thing = *target;
    size_t len;

    if (!thing || !*thing)
        return NULL;
    len = line_length(thing);
    *target = thing[len] ? thing + len + 1 : NULL;
    return mf_arena_printf(arena, "%.*s", (int)len, thing);
}

static bool names(const char *target, const char *thing, size_t len)
{
    for (; target; target = strchr(target, '\n') ? strchr(target, '\n') + 1 : NULL)
        if (line_length(target) == len && memcmp(target, thing, len) == 0)
            return true;
    return false;
}

bool mf_guard_is_within(const char *target, const char *other)
{
    for (size_t len; *target; target += len + (target[len] != 0)) {
        len = line_length(target);
        if (!names(other, target, len))
            return false;
    }
    return true;
}

/* Each line of it, with where the link leads in front. */
static const char *on_link(struct mf_compile *compile, const struct mf_link_def *link,
                           const char *target)
{
    struct mf_buf buf = {0};
    const char *thing;

    while ((thing = mf_guard_next_thing(&target, compile->arena)))
        mf_buf_printf(&buf, "%s%s%c%s", buf.len ? "\n" : "", link->leads_to, MF_GUARD_ON, thing);
    thing = mf_arena_strdup(compile->arena, mf_buf_text(&buf));
    mf_buf_done(&buf);
    return thing;
}

/* What a kind that always acts says, on its link. Of the others it is what stands behind the kind:
 * they tell of two writers only where two are always wrong, and here they are. */
const char *mf_guard_target(struct mf_compile *compile, const struct mf_draft *draft)
{
    const struct mf_def *def = draft->def;
    const struct mf_tree *main = main_value(draft);
    const char *target = NULL;

    if (!mf_kind_can_act(def->kind))
        return NULL;
    if (def->kind->writes)
        target = def->kind->writes(def->config, compile->arena);
    if (def->link && (def->kind->flags & MF_KIND_ACTUATOR))
        return target ? on_link(compile, def->link, target) : NULL;
    if (def->link && main && main->kind == MF_TREE_SCALAR && !strchr(main->text, '{'))
        return on_link(compile, def->link, main->text);
    return target;
}

static uint32_t types_of_inputs(const struct mf_def *def)
{
    uint32_t types = 0;

    for (unsigned i = 0; i < def->in_count; i++)
        types |= def->ins[i].types;
    return types;
}

void mf_guard_infer(struct mf_infer *infer)
{
    struct mf_draft *draft = infer->def->draft;
    const struct mf_guard_asked *asked = draft->guard;
    struct mf_guard_def *guard = asked ? asked->def : NULL;
    int in = mf_infer_in_port(infer->def->kind);

    if (!guard || in < 0)
        return;
    if ((asked->has_limit && !narrow_to_numbers(infer, "limit")) ||
        (asked->has_ramp && !narrow_to_numbers(infer, "ramp")))
        return;
    guard->types = types_of_inputs(infer->def);
    guard->unit = mf_infer_port_unit(infer->def, (unsigned)in);
    guard->low = asked->has_limit ? asked->limit.low : -INFINITY;
    guard->high = asked->has_limit ? asked->limit.high : INFINITY;
    guard->step = asked->step;
    guard->refresh = asked->refresh;
    guard->is_momentary =
        infer->def->kind->is_momentary && infer->def->kind->is_momentary(infer->def->config);
    guard->target = mf_guard_target(infer->compile, draft);
    if (asked->has_ramp)
        settle_ramp(infer, guard);
    if (asked->has_failsafe)
        settle_failsafe(infer, guard);
    if (!draft->loaded.is_unknown)
        warn_unguarded(infer);
}
