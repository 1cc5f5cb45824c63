/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Names in tests: which node and port a pair of `set:`, `fail:`, `expect:` or `series:` means. */

#include <string.h>

#include "engine/cli/test_priv.h"

/* ---- names ---- */

static void unknown_node(struct mf_test_reading *r, const struct mf_tree *key)
{
    struct mf_diag *diag = mf_diag(r->file->diags, MF_ERROR, MF_CODE_TEST_NODE, key->at,
                                   "the flow has no node `%.100s`", key->text);
    const char *nearest = mf_flow_nearest(r->file->flow, NULL, key->text);

    if (nearest)
        mf_diag_help(diag, "did you mean `%s`?", nearest);
    r->failed = true;
}

/* A node by its full name, also one that a part does not show: tests may look inside. *ret_rest is
 * the port, "" without one. */
static const struct mf_def *find_def(const struct mf_test_file *file, const char *name,
                                     const char **ret_rest)
{
    struct mf_name found = mf_flow_lookup(file->flow, NULL, name, strlen(name));
    const char *dot = strrchr(name, '.');
    const struct mf_def *def = NULL;

    *ret_rest = found.node ? found.rest : "";
    if (found.node)
        def = mf_map_get(&file->graph->by_name, found.node->name);
    if (!def)
        def = mf_map_get(&file->graph->by_name, name);
    if (!def && dot) {
        def = mf_map_get_n(&file->graph->by_name, name, (size_t)(dot - name));
        *ret_rest = dot + 1;
    }
    return def;
}

static const struct mf_def *find(struct mf_test_reading *r, const struct mf_tree *key,
                                 const char **ret_rest)
{
    const struct mf_def *def = find_def(r->file, key->text, ret_rest);

    if (!def)
        unknown_node(r, key);
    return def;
}

static void list_outputs(const struct mf_def *def, struct mf_diag *diag)
{
    struct mf_buf names = {.limit = 400};

    for (unsigned i = 0; i < def->out_count; i++)
        mf_buf_printf(&names, "%s`%s`", i ? ", " : "", def->outs[i].name);
    mf_diag_help(diag, "its outputs are %s", mf_buf_text(&names));
    mf_buf_done(&names);
}

/* -1 after reporting. */
static int find_output(struct mf_test_reading *r, const struct mf_def *def, struct mf_span at,
                       const char *port)
{
    int output = mf_def_output(def, port);
    struct mf_diag *diag;

    if (output >= 0)
        return output;
    r->failed = true;
    if (*port)
        diag = mf_diag(r->file->diags, MF_ERROR, MF_CODE_TEST_PORT, at,
                       "`%s` has no output `%.100s`", def->name, port);
    else
        diag = mf_diag(r->file->diags, MF_ERROR, MF_CODE_TEST_PORT, at,
                       "`%s` has several outputs, so it takes a map of them", def->name);
    list_outputs(def, diag);
    return -1;
}

static struct mf_test_port port_of(const struct mf_def *def, unsigned output, const char *name)
{
    return (struct mf_test_port){name, def->outs[output].types, def->outs[output].unit};
}

/* ---- set, fail ---- */

/* False after reporting. */
static bool is_played(struct mf_test_reading *r, const struct mf_def *def,
                      const struct mf_tree *key)
{
    uint32_t flags = def->kind->flags;
    struct mf_diag *diag;

    if (def->out_count && !(flags & (MF_KIND_PURE | MF_KIND_TIME)))
        return true;
    r->failed = true;
    diag = mf_diag(r->file->diags, MF_ERROR, MF_CODE_TEST_NO_SOURCE, key->at,
                   "`%s` is not a source: `%s` %s", def->name, def->kind->name,
                   !def->out_count          ? "has no output"
                   : (flags & MF_KIND_TIME) ? "runs by the clock of the test"
                                            : "makes its output of its inputs");
    mf_diag_help(diag, def->out_count && !(flags & MF_KIND_TIME)
                           ? "set the sources that it takes its values from"
                           : "leave it out");
    return false;
}

static bool set_output(struct mf_test_reading *r, const struct mf_def *def, unsigned output,
                       const char *name, const struct mf_tree *value, struct mf_test_sets *sets)
{
    struct mf_test_port port = port_of(def, output, name);
    struct mf_test_set *set = &sets->list[sets->count];

    *set = (struct mf_test_set){.at = value->at, .def = def, .output = output};
    if (!mf_test_value_read(r->load, value, &port, &set->value)) {
        r->failed = true;
        return false;
    }
    sets->count++;
    return true;
}

static const char *port_name(const struct mf_test_file *file, const struct mf_tree *key,
                             const char *port)
{
    return mf_arena_printf(file->arena, "%s.%s", key->text, port);
}

/* `{meter: {voltage: 230 V, current: 2 A}}`. A map that names no output is a value, where there is
 * an output that takes one; so is any map where that is the only output. */
static bool has_map_of_ports(const struct mf_def *def, const char *rest,
                             const struct mf_tree *value)
{
    int first = mf_def_output(def, "");

    if (*rest || value->kind != MF_TREE_MAP || def->out_count == 0 ||
        (def->out_count == 1 && (def->outs[0].types & MF_T(MF_MAP))))
        return false;
    for (uint32_t i = 0; i < value->count; i++)
        if (mf_def_output(def, value->pairs[i].key->text) >= 0)
            return true;
    return first < 0 || !(def->outs[first].types & MF_T(MF_MAP));
}

void mf_test_read_set(struct mf_test_reading *r, const struct mf_tree_pair *pair,
                      struct mf_test_sets *sets)
{
    const char *rest;
    const struct mf_def *def = find(r, pair->key, &rest);
    const struct mf_tree *value = pair->value;
    int output;

    if (!def || !is_played(r, def, pair->key))
        return;
    if (!has_map_of_ports(def, rest, value)) {
        output = find_output(r, def, pair->key->at, rest);
        if (output >= 0)
            set_output(r, def, (unsigned)output, pair->key->text, value, sets);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        const struct mf_tree *port = value->pairs[i].key;

        output = find_output(r, def, port->at, port->text);
        if (output >= 0)
            set_output(r, def, (unsigned)output, port_name(r->file, pair->key, port->text),
                       value->pairs[i].value, sets);
    }
}

/* What the engine itself says: no news in time is stale, and so is what hangs on a broken link. */
static bool read_reason(struct mf_test_reading *r, const struct mf_tree *tree,
                        struct mf_test_set *set)
{
    static const char *const known =
        "`stale`, `bad`, `timeout`, `link down`, `not decodable`, `wrong type`, `out of range`, "
        "`field missing`, `script error`, `not a number`, `device error`";
    const char *text = tree->kind == MF_TREE_SCALAR ? tree->text : "";
    const char *reason = mf_reason_by_name(text);

    if (strcmp(text, "stale") == 0)
        reason = mf_reason_timeout;
    else if (strcmp(text, "bad") == 0)
        reason = mf_reason_device;
    if (!reason) {
        mf_diag_help(mf_diag(r->file->diags, MF_ERROR, MF_CODE_TEST_REASON, tree->at,
                             "`fail` wants the reason why a source is not good, %s%.60s%s came",
                             *text ? "`" : "", *text ? text : mf_tree_kind_name(tree),
                             *text ? "`" : ""),
                     "the reasons are %s", known);
        return false;
    }
    set->reason = reason;
    set->quality = reason == mf_reason_timeout || reason == mf_reason_link ? MF_STALE : MF_BAD;
    return true;
}

void mf_test_read_fail(struct mf_test_reading *r, const struct mf_tree_pair *pair,
                       struct mf_test_sets *sets)
{
    const char *rest;
    const struct mf_def *def = find(r, pair->key, &rest);
    struct mf_test_set *set = &sets->list[sets->count];

    if (!def || !is_played(r, def, pair->key))
        return;
    *set = (struct mf_test_set){.at = pair->value->at, .def = def};
    if (*rest)
        find_output(r, def, pair->key->at, rest);
    if (read_reason(r, pair->value, set))
        sets->count++;
    else
        r->failed = true;
}

/* ---- expect ---- */

static void expect_point(struct mf_test_reading *r, struct mf_test_point point, const char *name,
                         uint32_t types, const struct mf_tree *value,
                         struct mf_test_expects *expects)
{
    struct mf_test_expect *expect = &expects->list[expects->count];
    struct mf_test_port port = {name, types, point.unit};

    *expect = (struct mf_test_expect){.at = value->at, .name = name, .point = point};
    if (mf_test_expect_read(r->load, value, &port, expects->is_prefix, expect))
        expects->count++;
    else
        r->failed = true;
}

static void expect_output(struct mf_test_reading *r, const struct mf_def *def, struct mf_span at,
                          const char *port, const char *name, const struct mf_tree *value,
                          struct mf_test_expects *expects)
{
    int output = find_output(r, def, at, port);
    const struct mf_out_def *out = output >= 0 ? &def->outs[output] : NULL;

    if (out)
        expect_point(r, (struct mf_test_point){def, output, -1, out->unit}, name, out->types, value,
                     expects);
}

static bool is_same_unit(const struct mf_unit *a, const struct mf_unit *b)
{
    return a == b || (a && b && mf_unit_equal(a, b));
}

/* A node without outputs shows what reaches it: through one input, or (-1) through all of them, in
 * order of arrival. */
static void expect_input(struct mf_test_reading *r, const struct mf_def *def, int input,
                         const char *name, const struct mf_tree *value,
                         struct mf_test_expects *expects)
{
    struct mf_test_point point = {def, -1, input, NULL};
    uint32_t types = 0;

    for (unsigned i = 0; i < def->in_count; i++) {
        const struct mf_in_def *in = &def->ins[i];

        if (input >= 0 && i != (unsigned)input)
            continue;
        point.unit = types && !is_same_unit(point.unit, in->unit) ? NULL : in->unit;
        types |= in->types;
    }
    expect_point(r, point, name, types, value, expects);
}

static int find_input(struct mf_test_reading *r, const struct mf_def *def,
                      const struct mf_tree *key, const char *label)
{
    struct mf_diag *diag;

    for (unsigned i = 0; i < def->in_count; i++)
        if (strcmp(def->ins[i].label, label) == 0)
            return (int)i;
    r->failed = true;
    diag = mf_diag(r->file->diags, MF_ERROR, MF_CODE_TEST_PORT, key->at,
                   "`%s` has no output and no input `%.100s`", def->name, label);
    if (def->in_count)
        mf_diag_help(diag, "name an input, such as `%s`", def->ins[0].label);
    return -1;
}

/* Whether the map names inputs, and is not a value. */
static bool is_by_input(const struct mf_def *def, const struct mf_tree *value)
{
    for (unsigned i = 0; value->kind == MF_TREE_MAP && i < def->in_count; i++)
        if (mf_tree_get(value, def->ins[i].label, NULL))
            return true;
    return false;
}

static void expect_sink(struct mf_test_reading *r, const struct mf_def *def, const char *rest,
                        const struct mf_tree_pair *pair, struct mf_test_expects *expects)
{
    const struct mf_tree *value = pair->value;
    int input;

    if (*rest) {
        input = find_input(r, def, pair->key, rest);
        if (input >= 0)
            expect_input(r, def, input, pair->key->text, value, expects);
        return;
    }
    if (!is_by_input(def, value)) {
        expect_input(r, def, -1, pair->key->text, value, expects);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        const struct mf_tree *key = value->pairs[i].key;

        input = find_input(r, def, key, key->text);
        if (input >= 0)
            expect_input(r, def, input, port_name(r->file, pair->key, key->text),
                         value->pairs[i].value, expects);
    }
}

void mf_test_read_expect(struct mf_test_reading *r, const struct mf_tree_pair *pair,
                         struct mf_test_expects *expects)
{
    const char *rest;
    const struct mf_def *def = find(r, pair->key, &rest);
    const struct mf_tree *value = pair->value;

    if (!def)
        return;
    if (def->out_count == 0) {
        expect_sink(r, def, rest, pair, expects);
        return;
    }
    if (!has_map_of_ports(def, rest, value) || mf_tree_get(value, "about", NULL)) {
        expect_output(r, def, pair->key->at, rest, pair->key->text, value, expects);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        const struct mf_tree *port = value->pairs[i].key;

        expect_output(r, def, port->at, port->text, port_name(r->file, pair->key, port->text),
                      value->pairs[i].value, expects);
    }
}

size_t mf_test_count_values(const struct mf_tree *map)
{
    size_t count = 0;

    for (uint32_t i = 0; map && i < map->count; i++)
        count += map->pairs[i].value->kind == MF_TREE_MAP ? map->pairs[i].value->count + 1 : 1;
    return count;
}

/* ---- series ---- */

bool mf_test_read_series(struct mf_test_reading *r, const struct mf_tree_pair *pair,
                         struct mf_test_series *ret)
{
    const char *rest;
    const struct mf_def *def = find(r, pair->key, &rest);
    struct mf_test_port port;
    int output;

    if (!def || !is_played(r, def, pair->key))
        return false;
    output = find_output(r, def, pair->key->at, rest);
    if (output < 0)
        return false;
    port = port_of(def, (unsigned)output, pair->key->text);
    ret->set = (struct mf_test_set){pair->value->at, def, (unsigned)output};
    if (mf_test_series_read(r->load, pair->value, &port, ret))
        return true;
    r->failed = true;
    return false;
}
