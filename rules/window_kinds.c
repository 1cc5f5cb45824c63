/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The kinds that window.c is the node of: one descriptor each, alike but for name and words.
 */

#include <string.h>

#include "rules/per.h"
#include "rules/window.h"

enum { OUT };

#define SAMPLES_MAX 1000000

#define MF_CONFIG struct mf_window_config
static const struct mf_option options[] = {
    {
        "window",
        MF_DURATION(window),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Length of the window.",
    },
    {
        "every",
        MF_DURATION(every),
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Time between two results; by default that of the window, so that windows "
                   "follow each other without overlap.",
    },
    {
        "sliding",
        MF_BOOL(sliding),
        .fallback = "false",
        .summary = "Give a result with each message, over the window that ends with it.",
    },
    {
        "time_weighted",
        MF_BOOL(time_weighted),
        .fallback = "false",
        .summary = "Each value counts for as long as it held, and the one before the window "
                   "counts too.",
    },
    {
        "samples",
        MF_INTEGER(samples),
        .fallback = "10000",
        MF_LIMITS(1, SAMPLES_MAX),
        .summary = "Most values that a sliding or overlapping window, or a median, holds; when "
                   "there are more, the oldest is left out and counted.",
    },
    {0},
};

static void window_check(const void *config, struct mf_check *check)
{
    const struct mf_window_config *c = config;
    bool is_sum = strcmp(check->item->kind, "sum") == 0;
    struct mf_diag *diag;

    if (c->sliding && c->every) {
        diag = mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "every"),
                       "`sliding` gives a result with each message, so `every` has no meaning");
        mf_diag_help(diag, "leave `sliding` out: with `every` shorter than the window, windows "
                           "overlap");
    } else if (c->every > c->window) {
        diag = mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "every"),
                       "`every` is longer than the window, so some values would count nowhere");
        mf_diag_help(diag, "make the window at least as long");
    }
    if (!c->time_weighted || (!is_sum && strcmp(check->item->kind, "count") != 0))
        return;
    diag = mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "time_weighted"),
                   "`%s` counts messages, so `time_weighted` has no meaning", check->item->kind);
    if (is_sum)
        mf_diag_help(diag, "for value times time use `integrate`");
    else
        mf_diag_help(diag, "leave it out");
}

static void sum_infer(struct mf_infer *infer, const void *config)
{
    if (mf_infer_inputs(infer))
        mf_per_refuse_offset(infer, 0, "sum");
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER) | MF_T(MF_BOOL), MF_PORT_ANY_AGE,
     .summary = "Numbers, or booleans: true counts as 1, false as 0."},
    {"out", MF_OUT, MF_T(MF_NUMBER), .unit = "@in", .summary = "The result of the window."},
    {0},
};

static const struct mf_port count_ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_ANY_AGE, .summary = "Messages of any type."},
    {"out", MF_OUT, MF_T(MF_INT), .summary = "How many there were in the window."},
    {0},
};

#define DOC                                                                                        \
    "\n\n"                                                                                         \
    "Windows follow each other and stand on the wall clock: `1h` begins at the full hour, `1d` "   \
    "at "                                                                                          \
    "midnight, in UTC. With `every` there is a result that often, each over the whole window. "    \
    "With `sliding: true` there is one with each message, over the window that ends with it, and " \
    "another one when an old message leaves it; this looks at all values each time.\n"             \
    "\n"                                                                                           \
    "A message belongs to the window of its own time, so a recording gives the same results as "   \
    "the live flow did; the result carries the time of the window's end. A window is closed by "   \
    "the first message after it, or when its time is over; the first one may be short. A message " \
    "that comes after its window was closed is left out, logged and counted. Where time leaps "    \
    "over more than a window, nothing is sent for what lies between; when the clock was set "      \
    "back, the open window is closed early. What is still open at the end of the program is not "  \
    "sent.\n"                                                                                      \
    "\n"                                                                                           \
    "With `time_weighted: true` each value counts for as long as it held, which is right for "     \
    "inputs that speak only on change: the weighted mean of a boolean is its share of the time. "  \
    "A value does not hold while the input is stale or bad.\n"                                     \
    "\n"                                                                                           \
    "Stale and bad messages do not count. While the input is not good the output is not either, "  \
    "including results that are due then; with the first good message the last result is good "    \
    "again. A reload disturbs no window, unless its length changes."

#define WINDOW_KIND(word, id, kind_ports, kind_infer, kind_summary, kind_doc, kind_example)        \
    static int word##_create(struct mf_node *node, struct mf_error *err)                           \
    {                                                                                              \
        return mf_window_create(node, id);                                                         \
    }                                                                                              \
    const struct mf_kind mf_kind_##word = {                                                        \
        .name = #word,                                                                             \
        .summary = kind_summary,                                                                   \
        .doc = kind_doc DOC,                                                                       \
        .example = kind_example,                                                                   \
        .ports = kind_ports,                                                                       \
        .options = options,                                                                        \
        .config_size = sizeof(struct mf_window_config),                                            \
        .state_size = sizeof(struct mf_window_state),                                              \
        .timers = 1,                                                                               \
        .flags = MF_KIND_PURE | MF_KIND_STATEFUL,                                                  \
        .state_version = 1,                                                                        \
        .check = window_check,                                                                     \
        .infer = kind_infer,                                                                       \
        .create = word##_create,                                                                   \
        .start = mf_window_start,                                                                  \
        .receive = mf_window_receive,                                                              \
        .timeout = mf_window_timeout,                                                              \
        .save = mf_window_save,                                                                    \
        .restore = mf_window_restore,                                                              \
        .destroy = mf_window_destroy,                                                              \
    };

#define EXAMPLE_INPUT "power: {sim.wave: walk, min: 0, max: 5000, unit: W, every: 1s}\n"

WINDOW_KIND(mean, MF_WINDOW_MEAN, ports, NULL, "Gives the mean of the values in a window of time.",
            "The arithmetic mean, in the unit of the input; a mean of °C is in °C. A window "
            "without values has no result.",
            EXAMPLE_INPUT "quarter: {mean: 15min, from: power}\n")

WINDOW_KIND(median, MF_WINDOW_MEDIAN, ports, NULL,
            "Gives the median of the values in a window of time.",
            "Half of the values are below it; of an even number it is the mean of the two in the "
            "middle. A single wild value does not show, which makes it a good filter for sensors "
            "that are wrong at times. A window without values has no result. The values of a "
            "window are kept, up to `samples`.",
            EXAMPLE_INPUT "clean: {median: 10s, from: power, sliding: true}\n")

WINDOW_KIND(min, MF_WINDOW_MIN, ports, NULL, "Gives the smallest value in a window of time.",
            "The smallest value, in the unit of the input. A window without values has no result.",
            EXAMPLE_INPUT "base_load: {min: 1h, from: power, every: 5min}\n")

WINDOW_KIND(max, MF_WINDOW_MAX, ports, NULL, "Gives the largest value in a window of time.",
            "The largest value, in the unit of the input. A window without values has no result.",
            EXAMPLE_INPUT "peak: {max: 1d, from: power}\n")

WINDOW_KIND(sum, MF_WINDOW_SUM, ports, sum_infer, "Adds up the values in a window of time.",
            "The sum of the values, in the unit of the input, as for the pulses of a rain gauge. "
            "A window without values gives 0. Units with an arbitrary zero (°C) are refused "
            "(MF0203), and so is `time_weighted` (MF0220): energy from power is `integrate`.",
            "rain: {sim.wave: noise, min: 0, max: 0.3, unit: mm, every: 10s}\n"
            "hourly: {sum: 1h, from: rain}\n")

WINDOW_KIND(count, MF_WINDOW_COUNT, count_ports, NULL, "Counts the messages in a window of time.",
            "The number of messages of any type, as a whole number without a unit. A window "
            "without messages gives 0. `time_weighted` is refused (MF0220).",
            EXAMPLE_INPUT "per_minute: {count: 1min, from: power}\n")

WINDOW_KIND(first, MF_WINDOW_FIRST, ports, NULL, "Gives the first value in a window of time.",
            "The value with the earliest time, in the unit of the input; with `time_weighted`, the "
            "one that held at the beginning of the window. A window without values has no result.",
            EXAMPLE_INPUT "opening: {first: 1h, from: power}\n")

WINDOW_KIND(last, MF_WINDOW_LAST, ports, NULL, "Gives the last value in a window of time.",
            "The value with the latest time, in the unit of the input. A window without values "
            "has no result, unless `time_weighted` lets the one before it count.",
            EXAMPLE_INPUT "closing: {last: 1h, from: power}\n")
