/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See overview.h: printing, from the map alone. */

#include <math.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/run/overview.h"
#include "engine/value/field.h"
#include "engine/value/unit.h"

enum { VALUE_COLUMNS = 60 };

static void put_field(const struct mf_value *map, const char *key, struct mf_buf *buf)
{
    int len;
    const char *text = mf_field_text(map, key, &len);

    mf_text_printable(buf, text, (size_t)len, 400);
}

static bool is_text(const struct mf_value *map, const char *key, const char *wanted)
{
    int len;
    const char *text = mf_field_text(map, key, &len);

    return mf_text_eq(text, (size_t)len, wanted);
}

static bool has_text(const struct mf_value *map, const char *key)
{
    int len;

    mf_field_text(map, key, &len);
    return len > 0;
}

static long long count_of(const struct mf_value *map, const char *key)
{
    return mf_field_int(map, key, 0);
}

/* ", 3 not written"; nothing for none. */
static void put_count(const struct mf_value *map, const char *key, const char *what,
                      struct mf_buf *buf)
{
    if (count_of(map, key))
        mf_buf_printf(buf, ", %lld %s", count_of(map, key), what);
}

/* "generation 18 (reload at …), on trial" */
static void put_generation(const struct mf_value *part, struct mf_buf *buf)
{
    int64_t until = mf_field_int(part, "confirm_until", 0);
    char time[MF_TIME_TEXT];

    mf_time_print(mf_field_int(part, "since", 0) / MF_SEC * MF_SEC, time);
    mf_buf_printf(buf, "generation %lld (", count_of(part, "generation"));
    put_field(part, "by", buf);
    mf_buf_printf(buf, " at %s)", time);
    if (until) {
        mf_time_print(until / MF_SEC * MF_SEC, time);
        mf_buf_printf(buf, ", reverts at %s unless confirmed", time);
    } else if (mf_field_bool(part, "on_trial", false)) {
        mf_buf_puts(buf, ", on trial");
    }
}

void mf_overview_print_engine(const struct mf_value *part, bool all, struct mf_buf *buf)
{
    put_generation(part, buf);
    mf_buf_printf(buf,
                  "%s: %lld nodes, %lld links, %lld turns, %lld timers, %lld "
                  "messages wait, %lld values dropped\n",
                  mf_field_bool(part, "read_only", false) ? ", read-only" : "",
                  count_of(part, "nodes"), count_of(part, "links"), count_of(part, "turns"),
                  count_of(part, "timers"), count_of(part, "waiting"), count_of(part, "dropped"));
}

void mf_overview_print_health(const struct mf_value *part, bool all, struct mf_buf *buf)
{
    size_t count = mf_field_count(part, "reasons");

    mf_buf_puts(buf, mf_field_bool(part, "healthy", false) ? "healthy\n" : "not healthy:\n");
    for (size_t i = 0; i < count; i++) {
        size_t len;
        const struct mf_value *reason = mf_field_at(part, "reasons", i);
        const char *text = reason->type == MF_TEXT ? mf_value_text(reason, &len) : NULL;

        if (!text)
            continue;
        mf_buf_puts(buf, "  ");
        mf_text_printable(buf, text, len, 400);
        mf_buf_putc(buf, '\n');
    }
}

static void print_numbers(const struct mf_value *numbers, struct mf_buf *buf)
{
    if (!numbers || numbers->type != MF_MAP)
        return;
    for (size_t i = 0; i < mf_value_count(numbers); i++) {
        mf_buf_puts(buf, ", ");
        mf_value_print(mf_value_key(numbers, i), buf);
        mf_buf_putc(buf, ' ');
        mf_value_print(mf_value_at(numbers, i), buf);
    }
}

void mf_overview_print_links(const struct mf_value *part, bool all, struct mf_buf *buf)
{
    for (size_t i = 0; i < mf_value_count(part); i++) {
        const struct mf_value *link = mf_value_at(part, i);

        mf_buf_puts(buf, "link ");
        put_field(link, "name", buf);
        mf_buf_puts(buf, " (");
        put_field(link, "kind", buf);
        mf_buf_puts(buf, "): ");
        put_field(link, "state", buf);
        put_count(link, "failures", "failures in a row", buf);
        if (has_text(link, "error"))
            mf_buf_puts(buf, ": ");
        put_field(link, "error", buf);
        print_numbers(mf_field(link, "counters"), buf);
        print_numbers(mf_field(link, "gauges"), buf);
        mf_buf_putc(buf, '\n');
    }
}

void mf_overview_print_store(const struct mf_value *part, bool all, struct mf_buf *buf)
{
    if (count_of(part, "dead"))
        mf_buf_printf(buf, "%lld dead letters", count_of(part, "dead"));
    if (count_of(part, "dead")) {
        put_count(part, "dead_dropped", "dropped", buf);
        mf_buf_puts(buf, ": moat-flow dlq ls\n");
    }
    if (!mf_field_bool(part, "is_open", false) || !(all || has_text(part, "error")))
        return;
    mf_buf_printf(buf, "store: %lld commits, %lld changes, %lld bytes", count_of(part, "commits"),
                  count_of(part, "changes"), count_of(part, "bytes"));
    put_count(part, "failures", "failures", buf);
    if (has_text(part, "error"))
        mf_buf_puts(buf, ": ");
    put_field(part, "error", buf);
    mf_buf_putc(buf, '\n');
}

/* ---- nodes ---- */

static void print_value(const struct mf_value *out, struct mf_buf *buf)
{
    const struct mf_value *value = mf_field(out, "value");
    struct mf_buf text = {.limit = 16 * 1024};

    if (value)
        mf_value_print(value, &text);
    mf_text_printable(buf, mf_buf_text(&text), text.len, VALUE_COLUMNS);
    mf_buf_done(&text);
    if (has_text(out, "unit"))
        mf_buf_putc(buf, ' ');
    put_field(out, "unit", buf);
}

static void print_output(const struct mf_value *out, struct mf_buf *buf)
{
    double age = mf_field_number(out, "age", 0);

    mf_buf_puts(buf, ", ");
    put_field(out, "name", buf);
    mf_buf_puts(buf, " = ");
    print_value(out, buf);
    if (!is_text(out, "quality", "good")) {
        mf_buf_puts(buf, " (");
        put_field(out, "quality", buf);
        if (has_text(out, "reason"))
            mf_buf_puts(buf, ", ");
        put_field(out, "reason", buf);
        mf_buf_putc(buf, ')');
    }
    if (age < 1 || age > 1e9)
        return;
    mf_buf_puts(buf, ", ");
    mf_duration_print((int64_t)floor(age) * MF_SEC, buf);
    mf_buf_puts(buf, " old");
}

static void print_queue(const struct mf_value *queue, struct mf_buf *buf)
{
    if (!queue || queue->type != MF_MAP)
        return;
    if (count_of(queue, "spool_limit"))
        mf_buf_printf(buf, ", queue %lld+%lld, spool %lld of %lld bytes",
                      count_of(queue, "waiting"), count_of(queue, "in_flight"),
                      count_of(queue, "spool_bytes"), count_of(queue, "spool_limit"));
    else
        mf_buf_printf(buf, ", queue %lld+%lld of %lld", count_of(queue, "waiting"),
                      count_of(queue, "in_flight"), count_of(queue, "capacity"));
    put_count(queue, "delivered", "delivered", buf);
    put_count(queue, "dropped", "dropped", buf);
    put_count(queue, "refused", "refused", buf);
}

/* Something that one wants to see without asking for it. */
static bool is_remarkable(const struct mf_value *node)
{
    const struct mf_value *queue = mf_field(node, "queue");

    if (!is_text(node, "state", "running") || count_of(node, "rejected") ||
        (mf_field(node, "guard") && mf_field(node, "guard")->type == MF_MAP))
        return true;
    if (count_of(queue, "waiting") || count_of(queue, "dropped") || count_of(queue, "refused"))
        return true;
    for (size_t i = 0; i < mf_field_count(node, "outputs"); i++) {
        const struct mf_value *out = mf_field_at(node, "outputs", i);

        if (has_text(out, "quality") && !is_text(out, "quality", "good"))
            return true;
    }
    return false;
}

static void print_node(const struct mf_value *node, struct mf_buf *buf)
{
    put_field(node, "name", buf);
    mf_buf_puts(buf, " (");
    put_field(node, "kind", buf);
    mf_buf_printf(buf, "): %lld runs", count_of(node, "runs"));
    if (!is_text(node, "state", "running")) {
        mf_buf_puts(buf, ", ");
        put_field(node, "state", buf);
    }
    put_count(node, "rejected", "unusable messages", buf);
    put_count(node, "skipped", "not written", buf);
    if (has_text(mf_field(node, "guard"), "text"))
        mf_buf_puts(buf, ", ");
    put_field(mf_field(node, "guard"), "text", buf);
    print_queue(mf_field(node, "queue"), buf);
    print_numbers(mf_field(node, "counters"), buf);
    print_numbers(mf_field(node, "gauges"), buf);
    for (size_t i = 0; i < mf_field_count(node, "outputs"); i++)
        if (has_text(mf_field_at(node, "outputs", i), "quality"))
            print_output(mf_field_at(node, "outputs", i), buf);
    mf_buf_putc(buf, '\n');
}

void mf_overview_print_nodes(const struct mf_value *part, bool all, struct mf_buf *buf)
{
    for (size_t i = 0; i < mf_value_count(part); i++)
        if (all || is_remarkable(mf_value_at(part, i)))
            print_node(mf_value_at(part, i), buf);
}

void mf_overview_print(const struct mf_value *overview, bool all, struct mf_buf *buf)
{
    for (const struct mf_overview_part *const *part = mf_overview_parts; *part; part++) {
        const struct mf_value *value = mf_field(overview, (*part)->name);

        if (value && (value->type == MF_MAP || value->type == MF_LIST))
            (*part)->print(value, all, buf);
    }
}
