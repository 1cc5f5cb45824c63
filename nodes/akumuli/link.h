/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the writers on an akumuli link ask of it. */

#include "engine/base/list.h"
#include "engine/graph/link.h"
#include "engine/graph/node.h"

extern const struct mf_link_kind mf_link_kind_akumuli;

/* "http://tsdb.lan:8181/api/query" */
void mf_akumuli_query_url(const struct mf_link *link, struct mf_buf *buf);

struct mf_akumuli_writer {
    struct mf_list in; /* of those that wait for room, or alone */
    struct mf_node *node;
};
void mf_akumuli_writer_begin(struct mf_akumuli_writer *writer, struct mf_node *node);
/* What is under way for it is no longer its business. */
void mf_akumuli_writer_end(struct mf_link *link, struct mf_akumuli_writer *writer);

/* One value of a series. MF_DELIVER_PENDING: mf_node_settle() follows. MF_ELINK: not now, the node
 * is woken. MF_EINVAL: older than the last one of its series. */
int mf_akumuli_write(struct mf_link *link, struct mf_akumuli_writer *writer,
                     const struct mf_letter *letter, const char *series, double value,
                     struct mf_error *err);
