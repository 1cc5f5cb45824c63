/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * curve: a function given by points, straight lines between them.
 */

#include "engine/graph/node.h"
#include "rules/amount.h"

enum { OUT };
enum { POINTS_MAX = 10000 };

struct point {
    struct mf_amount x, y;
};

struct curve {
    struct point *points;
    size_t count;  /* 0: not known, parts of it come from a variable that is missing */
    double *x, *y; /* settled by infer(): in the units of input and output */
};

struct config {
    struct curve *curve;
    bool extrapolate;
};

/* ---- the points: [[0, 10], [20 °C, 30 °C]] ---- */

static bool point_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, struct point *ret)
{
    if (tree->kind != MF_TREE_LIST || tree->count != 2)
        return mf_type_mismatch(load, option, tree, "a point `[x, y]`");
    return mf_amount_read(load, option, tree->items[0].value, &ret->x) &&
           mf_amount_read(load, option, tree->items[1].value, &ret->y);
}

static bool curve_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    struct curve *curve = mf_arena_alloc(load->arena, sizeof(*curve));
    bool ok = true, is_known = true;

    if (tree->kind != MF_TREE_LIST || tree->count < 2 || tree->count > POINTS_MAX)
        return mf_type_mismatch(load, option, tree, "a list of 2 to 10000 points `[x, y]`");
    curve->points = mf_arena_alloc(load->arena, tree->count * sizeof(*curve->points));
    for (uint32_t i = 0; i < tree->count; i++) {
        struct point *point = &curve->points[i];

        if (!point_read(load, option, tree->items[i].value, point))
            ok = false;
        else if (!point->x.is_known || !point->y.is_known)
            is_known = false;
    }
    curve->count = ok && is_known ? tree->count : 0;
    *(struct curve **)ret = curve;
    return ok;
}

static void curve_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_printf(buf,
                  "{\"type\":\"array\",\"minItems\":2,\"maxItems\":%d,\"items\":{\"type\":"
                  "\"array\",\"minItems\":2,\"maxItems\":2,\"items\":",
                  POINTS_MAX);
    mf_type_quantity.schema(option, buf);
    mf_buf_puts(buf, "}}");
}

static const struct mf_type type_curve = {
    .name = "points",
    .syntax = "a list of points such as [[0, 10], [20, 30 °C]]",
    .size = sizeof(struct curve *),
    .read = curve_read,
    .schema = curve_schema,
};

/* ---- units ---- */

static const struct mf_unit *unit_of_y(const struct curve *curve, const struct mf_unit *asked)
{
    for (size_t i = 0; i < curve->count && !asked; i++)
        if (curve->points[i].y.has_unit)
            asked = &curve->points[i].y.unit;
    return asked;
}

static bool settle_points(struct mf_infer *infer, struct curve *curve, const struct mf_unit *y_unit)
{
    const struct mf_unit *x_unit = mf_infer_unit(infer, 0);

    for (size_t i = 0; i < curve->count; i++) {
        struct point *point = &curve->points[i];

        if (!mf_amount_settle(infer, &point->x, x_unit, false, "x of the curve") ||
            !mf_amount_settle(infer, &point->y, y_unit, false, "y of the curve"))
            return false;
        curve->x[i] = point->x.number;
        curve->y[i] = point->y.number;
        if (i > 0 && curve->x[i] <= curve->x[i - 1]) {
            mf_diag_help(mf_diag(mf_infer_check(infer)->diags, MF_ERROR, 220, point->x.at,
                                 "the points of a curve must be in order, each x above the one "
                                 "before"),
                         "sort the points, and give each x once");
            return false;
        }
    }
    return true;
}

static void curve_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    struct mf_arena *arena = mf_infer_arena(infer);
    const struct mf_unit *y_unit = unit_of_y(c->curve, mf_infer_asked_unit(infer));
    struct mf_unit unit;

    if (y_unit) { /* the point it stands in is about to be settled */
        unit = *y_unit;
        y_unit = &unit;
    }
    mf_infer_set(infer, OUT, MF_T(MF_NUMBER), y_unit);
    c->curve->x = mf_arena_alloc(arena, (c->curve->count + 1) * sizeof(double));
    c->curve->y = mf_arena_alloc(arena, (c->curve->count + 1) * sizeof(double));
    settle_points(infer, c->curve, y_unit);
}

/* ---- the node ---- */

/* Index of the point at the start of the stretch that `x` lies in, or is nearest to. */
static size_t find_stretch(const struct curve *curve, double x)
{
    size_t low = 0, high = curve->count - 1;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (x >= curve->x[middle])
            low = middle;
        else
            high = middle;
    }
    return low;
}

static double interpolate(const struct curve *curve, bool extrapolate, double x)
{
    size_t last = curve->count - 1, i;
    double share;

    if (!extrapolate && x <= curve->x[0])
        return curve->y[0];
    if (!extrapolate && x >= curve->x[last])
        return curve->y[last];
    i = find_stretch(curve, x);
    share = (x - curve->x[i]) / (curve->x[i + 1] - curve->x[i]);
    /* In this form both ends of the stretch come out exactly. */
    return curve->y[i] * (1 - share) + curve->y[i + 1] * share;
}

static void curve_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);

    mf_node_emit_number(node, OUT, interpolate(c->curve, c->extrapolate, mf_msg_number(msg)));
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), MF_PORT_MANY, .summary = "Where on the curve."},
    {"out", MF_OUT, MF_T(MF_NUMBER), .summary = "The value of the curve there."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "points",
        .type = &type_curve,
        .offset = MF_MEMBER(MF_CONFIG, curve, struct curve *),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "The points `[x, y]`, in order of x.",
    },
    {
        "extrapolate",
        MF_BOOL(extrapolate),
        .fallback = "false",
        .flags = MF_OPT_LIVE,
        .summary = "Go on in a straight line outside of the points, instead of keeping the value "
                   "at the end.",
    },
    {0},
};

const struct mf_kind mf_kind_curve = {
    .name = "curve",
    .summary = "Gives y for x on a line through points.",
    .doc = "Between two points the line is straight. Below the first and above the last one the "
           "value of that point holds, unless `extrapolate: true` continues the line.\n"
           "\n"
           "An x with a unit is converted to that of the input, one without is in it already. "
           "The result is in the node's `unit:`, or in the unit of the first y that has one. "
           "For a lookup without anything in between use `map`.",
    .example = "outside: {sim.wave: sine, min: -10, max: 20, unit: °C, every: 1min}\n"
               "flow_temp: {curve: [[-15, 55], [0, 42], [20, 25]], from: outside, unit: °C}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .flags = MF_KIND_PURE,
    .infer = curve_infer,
    .receive = curve_receive,
};
