/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * akumuli.write: values become rows of a time series, with the time at which they were true.
 */

#include <math.h>

#include "engine/base/buf.h"
#include "nodes/akumuli/link.h"
#include "nodes/akumuli/series.h"

struct config {
    const char *series, *link;
    double scale;
};

struct state {
    struct mf_akumuli_writer writer;
    struct mf_buf name; /* reused */
};

static double number_of(const struct mf_value *value)
{
    return value->type == MF_BOOL ? value->boolean : mf_value_as_number(value);
}

static int write_deliver(struct mf_node *node, const struct mf_letter *letter, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    double number = number_of(&letter->msg.value) * c->scale;
    int rc;

    mf_buf_clear(&s->name);
    rc = mf_akumuli_fill(c->series, mf_letter_port(letter), letter->node_name, &s->name, err);
    if (rc < 0)
        return rc;
    if (!isfinite(number))
        return mf_fail(err, MF_EINVAL, "%s: not a finite number", mf_buf_text(&s->name));
    return mf_akumuli_write(mf_node_link(node), &s->writer, letter, mf_buf_text(&s->name), number,
                            err);
}

static int write_start(struct mf_node *node, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_akumuli_writer_begin(&s->writer, node);
    return 0;
}

static void write_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_akumuli_writer_end(mf_node_link(node), &s->writer);
}

static void write_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_buf_done(&s->name);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_NUMERIC | MF_T(MF_BOOL), MF_PORT_MANY | MF_PORT_NAMED,
     .summary = "Numbers to store; a bool is 1 or 0."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"series", &mf_type_akumuli_series, MF_MEMBER(MF_CONFIG, series, const char *),
     .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Metric and tags, `power site=home phase={port}`; `{port}` and `{node}` are filled "
                "with where the value comes from."},
    {"link", MF_STRING(link), .flags = MF_OPT_LINK,
     .summary = "Link of kind `akumuli`; may be left out where the flow has only one."},
    {"scale", MF_REAL(scale), .fallback = "1",
     .summary = "What is stored is the value times this."},
    {0},
};

const struct mf_kind mf_kind_akumuli_write = {
    .name = "akumuli.write",
    .summary = "Stores values in a series of an Akumuli database.",
    .doc = "The row has the time at which the value was true. A series only grows: what is older "
           "than the last row that was sent is refused and logged. Tags are sorted by name, as the "
           "database does; a series has at least one tag. Numbers are stored in the unit they "
           "have; only what is good is stored.",
    .example = "moat-flow: 1\n"
               "links: {tsdb: {akumuli: 'tcp:tsdb.lan'}}\n"
               "nodes:\n"
               "  house: {sim.home: , every: 5s}\n"
               "  save: {akumuli.write: 'power site=home what={port}', from: 'house.*'}\n",
    .link = &mf_link_kind_akumuli,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .flags = MF_KIND_SINK,
    .start = write_start,
    .deliver = write_deliver,
    .stop = write_stop,
    .destroy = write_destroy,
};
