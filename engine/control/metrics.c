/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See metrics.h. All samples of a metric stand together, so the table is the outer loop. */

#include "engine/control/metrics.h"

#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/value/field.h"

#define PREFIX "moat_flow_"

/* Where in the status the samples of a metric are. */
enum scope {
    ENGINE,
    HEALTH,
    STORE,
    CONTROL,
    HTTP,
    LIVE, /* the engine, with the fingerprint of its flow */
    LINKS,
    LINK_NUMBERS, /* a map of them: one sample each, with its key as `name` */
    NODES,
    NODE_NUMBERS,
    QUEUES, /* of nodes */
    GUARDS,
    OUTPUTS,
};

struct metric {
    enum scope scope;
    const char *field;
    const char *name;
    const char *help;
    const char *equals; /* the sample is 1 where the field is this text, else 0; NULL: its number */
};

static const struct metric metrics[] = {
    {ENGINE, "generation", "generation", "Number of the running generation.", NULL},
    {ENGINE, "on_trial", "generation_on_trial", "1 while it may be swapped back.", NULL},
    {ENGINE, "refused", "reload_refused", "1 when the last reload was refused.", NULL},
    {LIVE, "generation", "config_info", "Number of the running generation, and what it is.", NULL},
    {ENGINE, "nodes", "nodes", "Nodes of the running generation.", NULL},
    {ENGINE, "turns", "turns_total", "Turns of the scheduler.", NULL},
    {ENGINE, "timers", "timers", "Armed timers.", NULL},
    {ENGINE, "waiting", "waiting_messages", "Messages that sinks have not delivered.", NULL},
    {ENGINE, "dropped", "dropped_values_total",
     "Values dropped because too many waited for their turn.", NULL},
    {ENGINE, "trail_bytes", "trail_bytes", "Memory of what sinks remember of their writes.", NULL},
    {HEALTH, "healthy", "healthy", "1 when everything is fresh and delivered.", NULL},
    {STORE, "dead", "dead_letters", "Letters that were refused for good.", NULL},
    {STORE, "dead_dropped", "dead_letters_dropped_total", "Dead letters that had to leave.", NULL},
    {STORE, "commits", "store_commits_total", "Commits of the state store.", NULL},
    {STORE, "bytes", "store_written_bytes_total", "Bytes written to the log of the store.", NULL},
    {STORE, "failures", "store_failures_total", "Writes of the state store that failed.", NULL},
    {CONTROL, "callers", "control_callers", "Callers on the control socket.", NULL},
    {CONTROL, "requests", "control_requests_total", "Requests by the control socket.", NULL},
    {CONTROL, "refused", "control_refused_callers_total", "Callers sent away: too many.", NULL},
    {CONTROL, "faults", "control_faulty_requests_total", "Requests that were no requests.", NULL},
    {CONTROL, "dropped", "control_dropped_lines_total", "Lines that slow callers lost.", NULL},
    {HTTP, "requests", "http_requests_total", "Requests by HTTP.", NULL},
    {HTTP, "denied", "http_denied_requests_total", "Requests by HTTP without the token.", NULL},
    {LINKS, "state", "link_up", "1 while the link is up.", "up"},
    {LINKS, "ups", "link_ups_total", "Times that the link came up.", NULL},
    {LINKS, "failures", "link_failures", "Failures in a row.", NULL},
    {LINK_NUMBERS, "counters", "link_counter_total", "What the kind of link counts.", NULL},
    {LINK_NUMBERS, "gauges", "link_gauge", "What the kind of link measures.", NULL},
    {NODES, "state", "node_failed", "1 while the node waits to be started again.", "failed"},
    {NODES, "runs", "node_runs_total", "Runs of the node.", NULL},
    {NODES, "rejected", "node_rejected_total", "Messages that the node could not use.", NULL},
    {NODES, "skipped", "node_skipped_total", "Messages not written: not good, or read-only.", NULL},
    {NODES, "held", "node_held_total", "Messages that the node held back.", NULL},
    {NODE_NUMBERS, "counters", "node_counter_total", "What the kind of node counts.", NULL},
    {NODE_NUMBERS, "gauges", "node_gauge", "What the kind of node measures.", NULL},
    {QUEUES, "waiting", "queue_waiting", "Letters that wait.", NULL},
    {QUEUES, "in_flight", "queue_in_flight", "Letters handed over and not confirmed.", NULL},
    {QUEUES, "capacity", "queue_capacity", "Letters that fit.", NULL},
    {QUEUES, "delivered", "queue_delivered_total", "Letters delivered.", NULL},
    {QUEUES, "dropped", "queue_dropped_total", "Letters dropped because the queue was full.", NULL},
    {QUEUES, "refused", "queue_refused_total", "Letters refused by the other side.", NULL},
    {QUEUES, "spool_bytes", "spool_bytes", "Bytes of letters on disk.", NULL},
    {QUEUES, "spool_limit", "spool_limit_bytes", "Bytes that fit on disk; 0: no spool.", NULL},
    {GUARDS, "is_set", "output_set_by_hand", "1 while `set` holds the output.", NULL},
    {GUARDS, "writes", "output_writes_total", "Writes of the output.", NULL},
    {GUARDS, "limited", "output_limited_total", "Writes that a limit changed.", NULL},
    {GUARDS, "failsafes", "output_failsafes_total", "Times the failsafe value was taken.", NULL},
    {OUTPUTS, "count", "messages_total", "Messages of the output.", NULL},
    {OUTPUTS, "quality", "good", "1 while the value is good.", "good"},
    {OUTPUTS, "age", "age_seconds", "Age of the value.", NULL},
    {OUTPUTS, "value", "value", "The value, of numbers and booleans.", NULL},
};

/* ---- samples ---- */

/* {name="…",…}: label and field are pairs, ended by NULL. */
struct labels {
    const struct mf_value *map;
    const char *const *pairs;
    const struct mf_value *outer; /* with its name as `node`; NULL: none */
    const struct mf_value *key;   /* as `name`; NULL: none */
};

/* Backslash, quote and newline are all that need an escape. */
static void put_label(const struct mf_value *map, const char *field, const char *label,
                      bool is_first, struct mf_buf *buf)
{
    int len;
    const char *text = mf_field_text(map, field, &len);

    mf_buf_printf(buf, "%s%s=\"", is_first ? "" : ",", label);
    for (int i = 0; i < len; i++) {
        if (text[i] == '\n')
            mf_buf_puts(buf, "\\n");
        else if (text[i] == '"' || text[i] == '\\')
            mf_buf_printf(buf, "\\%c", text[i]);
        else
            mf_buf_putc(buf, text[i]);
    }
    mf_buf_putc(buf, '"');
}

static void put_labels(const struct labels *labels, struct mf_buf *buf)
{
    bool is_first = true;

    if (!labels)
        return;
    mf_buf_putc(buf, '{');
    if (labels->outer) {
        put_label(labels->outer, "name", "node", is_first, buf);
        is_first = false;
    }
    for (const char *const *pair = labels->pairs; *pair; pair += 2) {
        put_label(labels->map, pair[1], pair[0], is_first, buf);
        is_first = false;
    }
    if (labels->key) {
        size_t len;
        const char *text = mf_value_text(labels->key, &len);

        mf_buf_printf(buf, ",name=\"%.*s\"", (int)len, text); /* kinds choose plain words */
    }
    mf_buf_putc(buf, '}');
}

/* False: there is no number in it. */
static bool number_of(const struct metric *metric, const struct mf_value *map, double *ret)
{
    const struct mf_value *field = mf_field(map, metric->field);
    size_t len;
    const char *text;

    if (!field || field->type == MF_NULL)
        return false;
    if (metric->equals) {
        text = field->type == MF_TEXT ? mf_value_text(field, &len) : NULL;
        *ret = text && mf_text_eq(text, len, metric->equals);
        return text != NULL;
    }
    if (field->type == MF_BOOL)
        *ret = field->boolean;
    else if (MF_T(field->type) & MF_T_NUMERIC)
        *ret = mf_value_as_number(field);
    return field->type == MF_BOOL || (MF_T(field->type) & MF_T_NUMERIC);
}

static void put_number(const struct metric *metric, double number, const struct labels *labels,
                       struct mf_buf *buf)
{
    char text[MF_NUM_TEXT];

    mf_buf_printf(buf, PREFIX "%s", metric->name);
    put_labels(labels, buf);
    mf_num_print_double(number, text);
    mf_buf_printf(buf, " %s\n", text);
}

static void put_sample(const struct metric *metric, const struct mf_value *map,
                       const struct labels *labels, struct mf_buf *buf)
{
    double number;

    if (number_of(metric, map, &number))
        put_number(metric, number, labels, buf);
}

/* All that the kind itself counts or measures. */
static void put_numbers(const struct metric *metric, const struct mf_value *map,
                        const struct labels *labels, struct mf_buf *buf)
{
    const struct mf_value *numbers = mf_field(map, metric->field);

    for (size_t i = 0; numbers && numbers->type == MF_MAP && i < mf_value_count(numbers); i++) {
        struct labels named = *labels;

        named.key = mf_value_key(numbers, i);
        put_number(metric, mf_value_as_number(mf_value_at(numbers, i)), &named, buf);
    }
}

/* ---- scopes ---- */

static void put_links(const struct metric *metric, const struct mf_value *status,
                      struct mf_buf *buf)
{
    static const char *const pairs[] = {"link", "name", "kind", "kind", NULL};

    for (size_t i = 0; i < mf_field_count(status, "links"); i++) {
        const struct mf_value *link = mf_field_at(status, "links", i);
        struct labels labels = {link, pairs, NULL, NULL};

        if (metric->scope == LINK_NUMBERS)
            put_numbers(metric, link, &labels, buf);
        else
            put_sample(metric, link, &labels, buf);
    }
}

static void put_outputs(const struct metric *metric, const struct mf_value *node,
                        struct mf_buf *buf)
{
    static const char *const plain[] = {"output", "name", NULL};
    static const char *const with_unit[] = {"output", "name", "unit", "unit", NULL};
    bool is_value = strcmp(metric->field, "value") == 0;

    for (size_t i = 0; i < mf_field_count(node, "outputs"); i++) {
        const struct mf_value *out = mf_field_at(node, "outputs", i);

        put_sample(metric, out, &(struct labels){out, is_value ? with_unit : plain, node, NULL},
                   buf);
    }
}

static void put_nodes(const struct metric *metric, const struct mf_value *status,
                      struct mf_buf *buf)
{
    static const char *const pairs[] = {"node", "name", "kind", "kind", NULL};

    for (size_t i = 0; i < mf_field_count(status, "nodes"); i++) {
        const struct mf_value *node = mf_field_at(status, "nodes", i);
        struct labels labels = {node, pairs, NULL, NULL};

        if (metric->scope == OUTPUTS)
            put_outputs(metric, node, buf);
        else if (metric->scope == QUEUES)
            put_sample(metric, mf_field(node, "queue"), &labels, buf);
        else if (metric->scope == GUARDS)
            put_sample(metric, mf_field(node, "guard"), &labels, buf);
        else if (metric->scope == NODE_NUMBERS)
            put_numbers(metric, node, &labels, buf);
        else
            put_sample(metric, node, &labels, buf);
    }
}

static void put_metric(const struct metric *metric, const struct mf_value *status,
                       struct mf_buf *buf)
{
    static const char *const parts[] = {"engine", "health", "store", "control", "http"};
    static const char *const live[] = {"hash", "hash", "by", "by", NULL};
    const struct mf_value *engine = mf_field(status, "engine");
    bool is_counter = mf_text_ends(metric->name, "_total");

    mf_buf_printf(buf, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", metric->name,
                  metric->help, metric->name, is_counter ? "counter" : "gauge");
    if (metric->scope < LIVE)
        put_sample(metric, mf_field(status, parts[metric->scope]), NULL, buf);
    else if (metric->scope == LIVE)
        put_sample(metric, engine, &(struct labels){engine, live, NULL, NULL}, buf);
    else if (metric->scope == LINKS || metric->scope == LINK_NUMBERS)
        put_links(metric, status, buf);
    else
        put_nodes(metric, status, buf);
}

void mf_metrics_print(const struct mf_value *status, struct mf_buf *buf)
{
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
        put_metric(&metrics[i], status, buf);
}
