/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* What was expected and what came: the comparison, and the words for it. */

#include <math.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/cli/test_case.h"
#include "engine/value/codec.h"

enum { SHOWN = 200, LISTED = 8 }; /* bytes of one value; values of one list */

/* ---- words ---- */

static void put_value(const struct mf_value *value, const struct mf_unit *unit, struct mf_buf *buf)
{
    struct mf_buf text = {0};

    if (value->type == MF_NUMBER || (value->type == MF_INT && unit))
        mf_quantity_print(mf_value_as_number(value), unit, &text);
    else
        mf_json_write(value, &text);
    mf_text_printable(buf, mf_buf_text(&text), text.len, SHOWN);
    mf_buf_done(&text);
}

static void put_message(const struct mf_msg *msg, const struct mf_unit *unit, struct mf_buf *buf)
{
    if (msg->quality == MF_GOOD)
        put_value(&msg->value, unit, buf);
    else
        mf_buf_printf(buf, "%s (%s)", mf_quality_names[msg->quality],
                      msg->reason ? msg->reason : "no reason");
}

static void put_list(const struct mf_value *list, const struct mf_unit *unit, struct mf_buf *buf)
{
    size_t count = mf_value_count(list);

    mf_buf_putc(buf, '[');
    for (size_t i = 0; i < count && i < LISTED; i++) {
        mf_buf_puts(buf, i ? ", " : "");
        put_value(mf_value_at(list, i), unit, buf);
    }
    mf_buf_puts(buf, count > LISTED ? ", …]" : "]");
}

/* How far from 20 °C is in K. */
static void put_tolerance(double tolerance, const struct mf_unit *unit, struct mf_buf *buf)
{
    struct mf_unit delta;

    if (unit)
        mf_unit_delta(unit, &delta);
    mf_quantity_print(tolerance, unit ? &delta : NULL, buf);
}

static void put_expected(const struct mf_test_expect *expect, struct mf_buf *buf)
{
    const struct mf_unit *unit = expect->point.unit;

    switch (expect->form) {
    case MF_TEST_NONE:
        mf_buf_puts(buf, "nothing so far");
        break;
    case MF_TEST_STALE:
        mf_buf_puts(buf, "stale");
        break;
    case MF_TEST_BAD:
        mf_buf_puts(buf, "bad");
        break;
    case MF_TEST_VALUE:
        put_value(&expect->value, unit, buf);
        break;
    case MF_TEST_ABOUT:
        put_value(&expect->value, unit, buf);
        mf_buf_puts(buf, " ± ");
        put_tolerance(expect->tolerance, unit, buf);
        break;
    default:
        put_list(&expect->value, unit, buf);
    }
}

/* What an output says, a sink is given, and an actuator is told. */
static const char *verb(const struct mf_test_point *point)
{
    return point->output >= 0 ? "has said" : mf_test_is_told(point) ? "was told" : "was given";
}

/* "`alarm` is false", "`alarm` has said nothing" */
static void put_actual(const struct mf_test_expect *expect, const struct mf_test_probe *probe,
                       struct mf_buf *buf)
{
    if (!probe->is_known) {
        mf_buf_printf(buf, "%s nothing", verb(&expect->point));
        return;
    }
    mf_buf_printf(buf, "%s ", expect->point.output < 0 ? verb(&expect->point) : "is");
    put_message(&probe->last, expect->point.unit, buf);
}

/* ---- lists ---- */

/* Index of the first value that differs, or of the first that is missing or too much; as many as
 * are expected when all is well. */
static size_t find_difference(const struct mf_test_expect *expect,
                              const struct mf_test_probe *probe)
{
    size_t wanted = mf_value_count(&expect->value), i = 0;

    while (i < wanted && i < probe->count && i < MF_TEST_VALUES &&
           mf_test_value_equal(mf_value_at(&expect->value, i), &probe->values[i]))
        i++;
    return i;
}

static void put_difference(const struct mf_test_expect *expect, const struct mf_test_probe *probe,
                           struct mf_buf *buf)
{
    size_t at = find_difference(expect, probe), wanted = mf_value_count(&expect->value);
    const char *said = verb(&expect->point);

    if (at >= probe->count)
        mf_buf_printf(buf, "%s %zu value%s", said, probe->count, probe->count == 1 ? "" : "s");
    else if (at >= MF_TEST_VALUES)
        mf_buf_printf(buf, "%s more than the %d values that are kept", said, MF_TEST_VALUES);
    else {
        mf_buf_printf(buf, "%s ", said);
        put_value(&probe->values[at], expect->point.unit, buf);
        mf_buf_printf(buf, " as value %zu", at + 1);
    }
    if (at < wanted) {
        mf_buf_printf(buf, ", expected ");
        put_value(mf_value_at(&expect->value, at), expect->point.unit, buf);
        if (at >= probe->count)
            mf_buf_printf(buf, " as value %zu", at + 1);
    } else {
        mf_buf_printf(buf, ", expected %zu value%s", wanted, wanted == 1 ? "" : "s");
    }
}

/* ---- the comparison ---- */

static bool is_met(const struct mf_test_expect *expect, const struct mf_test_probe *probe)
{
    const struct mf_msg *last = &probe->last;
    bool is_good = probe->is_known && last->quality == MF_GOOD;

    switch (expect->form) {
    case MF_TEST_NONE:
        return !probe->is_known;
    case MF_TEST_STALE:
        return probe->is_known && last->quality == MF_STALE;
    case MF_TEST_BAD:
        return probe->is_known && last->quality == MF_BAD;
    case MF_TEST_VALUE:
        return is_good && mf_test_value_equal(&expect->value, &last->value);
    case MF_TEST_ABOUT:
        return is_good && (MF_T(last->value.type) & MF_T_NUMERIC) &&
               fabs(mf_value_as_number(&last->value) - mf_value_as_number(&expect->value)) <=
                   expect->tolerance * (1 + 1e-12);
    case MF_TEST_PREFIX:
        return find_difference(expect, probe) == mf_value_count(&expect->value);
    default:
        return find_difference(expect, probe) == mf_value_count(&expect->value) &&
               probe->count == mf_value_count(&expect->value);
    }
}

static void add_event(struct mf_diag *diag, const struct mf_test_event *event)
{
    const struct mf_def *from = event->from;
    const char *output = event->is_told ? "" : from->outs[event->output].name;
    bool is_named = from->out_count > 1 && strcmp(output, "out") != 0;
    struct mf_buf at = {0}, text = {0};

    mf_duration_print(event->at, &at);
    put_message(&event->msg, event->unit, &text);
    mf_diag_related(diag, (struct mf_span){0}, "at %s %s %s%s%s = %s", mf_buf_text(&at),
                    event->is_in     ? "in: "
                    : event->is_told ? "told:"
                                     : "out:",
                    from->name, is_named ? "." : "", is_named ? output : "", mf_buf_text(&text));
    mf_buf_done(&at);
    mf_buf_done(&text);
}

static void add_events(struct mf_diag *diag, const struct mf_test_watch *watch)
{
    size_t first = watch->event_count > MF_TEST_EVENTS ? watch->event_count - MF_TEST_EVENTS : 0;

    for (size_t i = first; i < watch->event_count; i++)
        add_event(diag, &watch->events[i % MF_TEST_EVENTS]);
    if (watch->event_count == 0)
        mf_diag_related(diag, (struct mf_span){0}, "nothing reached `%s` and nothing left it",
                        watch->def->name);
}

static void fail(const struct mf_test_case *test, const struct mf_test_expect *expect,
                 const struct mf_test_probe *probe, int64_t at, struct mf_diags *diags)
{
    bool is_list = expect->form == MF_TEST_ALL || expect->form == MF_TEST_PREFIX;
    struct mf_buf actual = {0}, expected = {0}, moment = {0};
    struct mf_diag *diag;

    if (is_list) {
        put_difference(expect, probe, &actual);
    } else {
        put_actual(expect, probe, &actual);
        mf_buf_puts(&expected, ", expected ");
        put_expected(expect, &expected);
    }
    mf_duration_print(at, &moment);
    diag = mf_diag(diags, MF_ERROR, test->is_example ? MF_CODE_EXAMPLE_FAILED : MF_CODE_TEST_FAILED,
                   expect->at, "%s: at %s `%s` %s%s", test->name, mf_buf_text(&moment),
                   expect->name, mf_buf_text(&actual), mf_buf_text(&expected));
    mf_diag_label(diag, "%s", mf_buf_text(&actual));
    add_events(diag, probe->watch);
    mf_buf_done(&actual);
    mf_buf_done(&expected);
    mf_buf_done(&moment);
}

bool mf_test_check(const struct mf_test_case *test, const struct mf_test_expect *expect,
                   const struct mf_test_probe *probe, int64_t at, struct mf_diags *diags)
{
    if (is_met(expect, probe))
        return true;
    fail(test, expect, probe, at, diags);
    return false;
}
