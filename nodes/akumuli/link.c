/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The akumuli link: rows for the time series database, over RESP.
 *
 * Rows of one turn are collected and sent together. Nothing comes back when all is well,
 * so that a row counts as stored when SETTLE has passed without a word (rows.h). With
 * `dictionary` a connection begins with a table of the series that are known by then, and their
 * rows carry a number instead of the name.
 */

#include "nodes/akumuli/link.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "nodes/akumuli/reply.h"
#include "nodes/akumuli/rows.h"
#include "nodes/akumuli/series.h"
#include "nodes/net/stream.h"

enum { PORT = 8282 };
#define SETTLE (300 * MF_MS)         /* the server's own client waits as long before it closes */
#define SETTLE_CAREFUL (100 * MF_MS) /* for a row that is alone under way */

struct config {
    struct mf_net_address place;
    bool dictionary;
    int64_t batch, query_port;
};

struct state {
    struct mf_stream stream; /* first */
    struct mf_akumuli_rows rows;
    struct mf_buf batch; /* rows that are not handed to the stream yet */
    int64_t batched;     /* rows in it */
    struct mf_akumuli_reply reply;
    struct mf_list waiting;
    bool is_serving;
};

/* ---- sending ---- */

static void flush(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    struct mf_buf batch = s->batch;

    if (s->batched == 0)
        return;
    memset(&s->batch, 0, sizeof(s->batch)); /* sending may lose the connection, and that the rows */
    s->batched = 0;
    mf_stream_send(link, batch.data, batch.len);
    mf_buf_done(&batch);
}

static void put_row(struct state *s, const struct mf_akumuli_series *series, const char *name,
                    int64_t time, double value)
{
    char number[MF_NUM_TEXT];

    mf_num_print_double(value, number);
    if (series->id)
        mf_buf_printf(&s->batch, ":%u\r\n", series->id);
    else
        mf_buf_printf(&s->batch, "+%s\r\n", name);
    mf_buf_printf(&s->batch, ":%lld\r\n+%s\r\n", (long long)time, number);
    s->batched++;
}

static void wait_for_room(struct state *s, struct mf_akumuli_writer *writer)
{
    if (mf_list_is_empty(&writer->in))
        mf_list_append(&s->waiting, &writer->in);
}

int mf_akumuli_write(struct mf_link *link, struct mf_akumuli_writer *writer,
                     const struct mf_letter *letter, const char *name, double value,
                     struct mf_error *err)
{
    const struct config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);
    struct mf_akumuli_series *series;

    if (!mf_stream_is_open(link))
        return MF_ELINK;
    if (!mf_akumuli_rows_have_room(&s->rows) ||
        (!mf_list_is_empty(&s->waiting) && !s->is_serving)) {
        wait_for_room(s, writer);
        return MF_ELINK;
    }
    if (letter->msg.time < 0)
        return mf_fail(err, MF_EINVAL, "%s: its time is before 1970", name);
    series = mf_akumuli_series_of(&s->rows, name);
    if (letter->msg.time < series->last)
        return mf_fail(err, MF_EINVAL,
                       "%s: its time is before that of the last one, and a series only grows",
                       name);
    series->last = letter->msg.time;
    put_row(s, series, name, letter->msg.time, value);
    mf_akumuli_rows_add(&s->rows, (struct mf_akumuli_row){.node = writer->node,
                                                          .letter = letter->number,
                                                          .series = series->name,
                                                          .sent = mf_link_mono(link),
                                                          .is_retry = letter->is_retry});
    if (s->batched >= c->batch)
        flush(link);
    if (!mf_stream_is_open(link)) /* lost in the writing */
        return MF_ELINK;
    mf_link_arm(link, 0);
    return MF_DELIVER_PENDING;
}

void mf_akumuli_query_url(const struct mf_link *link, struct mf_buf *buf)
{
    const struct config *c = mf_link_config(link);
    bool is_ip6 = strchr(c->place.host, ':') != NULL;

    mf_buf_printf(buf, is_ip6 ? "http://[%s]:%d/api/query" : "http://%s:%d/api/query",
                  c->place.host, (int)c->query_port);
}

void mf_akumuli_writer_begin(struct mf_akumuli_writer *writer, struct mf_node *node)
{
    mf_list_init(&writer->in);
    writer->node = node;
}

void mf_akumuli_writer_end(struct mf_link *link, struct mf_akumuli_writer *writer)
{
    struct state *s = mf_link_state(link);

    mf_list_remove(&writer->in);
    mf_akumuli_rows_forget(&s->rows, writer->node);
}

/* Those who were turned away, in order of asking. */
static void serve_waiting(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    while (!mf_list_is_empty(&s->waiting) && mf_akumuli_rows_have_room(&s->rows)) {
        struct mf_akumuli_writer *writer =
            mf_list_entry(s->waiting.next, struct mf_akumuli_writer, in);

        mf_list_remove(&writer->in);
        s->is_serving = true;
        mf_node_wake(writer->node);
        s->is_serving = false;
    }
}

static void akumuli_timeout(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    int64_t wait = s->rows.careful ? SETTLE_CAREFUL : SETTLE, now = mf_link_mono(link);

    flush(link);
    if (!mf_stream_is_open(link))
        return;
    mf_akumuli_rows_settle(&s->rows, now - wait);
    serve_waiting(link);
    flush(link);
    if (s->rows.count)
        mf_link_arm(link, s->rows.list[s->rows.first].sent + wait - now);
}

/* ---- the connection ---- */

/* Rows of the series that are known so far go by number; compound names do not. */
static void send_dictionary(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    struct mf_buf table = {0};
    uint32_t count = 0;

    for (size_t i = 0; i < s->rows.series.count; i++) {
        struct mf_akumuli_series *series = s->rows.series.entries[i].value;

        series->id = ++count;
    }
    if (count) {
        mf_buf_printf(&table, "*%u\r\n", 2 * count);
        for (size_t i = 0; i < s->rows.series.count; i++)
            mf_buf_printf(&table, "+%s\r\n:%zu\r\n", s->rows.series.entries[i].key, i + 1);
        mf_stream_send(link, table.data, table.len);
    }
    mf_buf_done(&table);
}

static void opened(struct mf_link *link)
{
    const struct config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);

    mf_akumuli_reply_clear(&s->reply);
    if (c->dictionary)
        send_dictionary(link);
    if (mf_stream_is_open(link))
        mf_link_up(link);
}

static void closed(struct mf_link *link, const struct mf_error *err)
{
    struct state *s = mf_link_state(link);
    struct mf_error said = *err;
    struct mf_buf line = {0};

    mf_buf_clear(&s->batch);
    s->batched = 0;
    mf_akumuli_reply_print(&s->reply, &line);
    mf_akumuli_reply_clear(&s->reply);
    if (line.len)
        mf_fail(&said, MF_ELINK, "the database does not like a row: %.180s", mf_buf_text(&line));
    while (!mf_list_is_empty(&s->waiting))
        mf_list_remove(s->waiting.next);
    mf_akumuli_rows_fail(&s->rows, mf_buf_text(&line));
    mf_buf_done(&line);
    mf_link_down(link, &said);
}

/* Whatever comes is what is wrong. */
static void received(struct mf_link *link, const uint8_t *data, size_t len)
{
    struct state *s = mf_link_state(link);
    struct mf_error err = {0};

    if (!mf_akumuli_reply_put(&s->reply, data, len))
        return;
    mf_stream_close(link);
    mf_fail(&err, MF_ELINK, "the database closed the connection");
    closed(link, &err);
}

static const struct mf_stream_events events = {opened, closed, received, mf_link_stopped};

/* ---- life ---- */

static int akumuli_create(struct mf_link *link, struct mf_error *err)
{
    struct state *s = mf_link_state(link);

    mf_stream_init(link, &events, 0);
    mf_list_init(&s->waiting);
    return 0;
}

static void akumuli_start(struct mf_link *link)
{
    const struct config *c = mf_link_config(link);

    mf_stream_connect(link, &c->place);
}

static void akumuli_stop(struct mf_link *link)
{
    flush(link);
    mf_stream_stop(link);
}

static void akumuli_stats(const struct mf_link *link, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_link_state(link);

    put(arg, "rows_under_way", (double)s->rows.count, false);
    put(arg, "series", (double)s->rows.series.count, false);
}

static void akumuli_destroy(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    mf_stream_done(link);
    mf_akumuli_rows_done(&s->rows);
    mf_buf_done(&s->batch);
    mf_akumuli_reply_done(&s->reply);
}

/* ---- options ---- */

static const int default_port = PORT;

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"place", &mf_type_net_tcp, MF_MEMBER(MF_CONFIG, place, struct mf_net_address),
     .of = &default_port, .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Where: `tcp:host:port`, the database's RESP port (8282 if left out)."},
    {"dictionary", MF_BOOL(dictionary), .fallback = "false",
     .summary = "Send numbers instead of names for the series that are known when the connection "
                "is made."},
    {"batch", MF_INTEGER(batch), .fallback = "300", MF_LIMITS(1, 10000),
     .summary = "Rows that are sent in one piece at most; what comes in one moment is sent "
                "together."},
    {"query_port", MF_INTEGER(query_port), .fallback = "8181", MF_LIMITS(1, 65535),
     .summary = "The database's HTTP port on the same host, for `akumuli.read`."},
    {0},
};

const struct mf_link_kind mf_link_kind_akumuli = {
    .name = "akumuli",
    .summary = "A connection to an Akumuli time series database.",
    .doc = "The database takes rows without a word and, at the first it does not like, says why "
           "and closes. A row counts as delivered when nothing came for 0.3 s. After a fault the "
           "connection is made again; the row that was wrong is refused, and logged, with what "
           "the database said; those behind it are sent again, one at a time where the culprit "
           "cannot be told. At most 1000 rows are under way, the others wait in the queues of "
           "their nodes (`queue`).",
    .example = "moat-flow: 1\n"
               "links: {tsdb: {akumuli: 'tcp:tsdb.lan'}}\n"
               "nodes:\n"
               "  power: {sim.wave: sine, min: 0, max: 3000, unit: W, every: 5s}\n"
               "  save: {akumuli.write: power site=home, from: power}\n",
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .create = akumuli_create,
    .start = akumuli_start,
    .timeout = akumuli_timeout,
    .stats = akumuli_stats,
    .stop = akumuli_stop,
    .destroy = akumuli_destroy,
};
