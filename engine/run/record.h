/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Records: what the sources of a running flow said, so that it can be said again.
 *
 * A record is JSON lines. The first is the head, the last the end; between them one line for each
 * message of a source, in order:
 *
 *   {"moat-flow-record":1,"start":"2026-03-29T00:55:00.25Z","zone":"Europe/Berlin"}
 *   {"at":0,"node":"power","value":812.5,"unit":"W","time":1774745700000000000}
 *   {"at":1000000000,"node":"meter","port":"voltage","value":230.0,"unit":"V"}
 *   {"at":1000000000,"next":true,"node":"door","value":true}
 *   {"at":5000000000,"node":"power","value":812.5,"unit":"W","quality":"stale","reason":"timeout"}
 *   {"at":60000000000,"end":true}
 *
 *   zone     that of the machine, left out where it is not known
 *   at       ns since the start, by the clock that only runs forward
 *   next     as late as the line before, but a turn of its own
 *   node     the source; port: its output, left out where it is called `out`
 *   value    as JSON: a number with a point or an exponent is a number, one without an int. What
 *            JSON cannot say exactly (bytes, paths) is MessagePack in base64, under "msgpack"; in
 * it a text that is not UTF-8 is bytes. unit     of the number, as the flow has it time     when it
 * was true, ns since 1970; left out where it is start + at quality, reason   where it is not good;
 * again: nothing new but its quality lost     so many lines before this one could not be kept
 *
 * A source is every node that is neither pure nor of time: with its messages and the clock, all
 * others do what they did. What the sources had said before the record began stands at 0.
 */

#include "engine/run/engine.h"
#include "engine/run/observe.h"

#define MF_RECORD_LINE (4u * 1024 * 1024) /* bytes of one line; longer messages are not kept */

/* ---- writing ---- */

struct mf_recorder {
    struct mf_observer observer;
    struct mf_engine *engine;
    const char *only; /* pattern for names of nodes; NULL: all. Borrowed. */
    /* One line, without its end. False: it was not kept. */
    bool (*line)(void *arg, const char *text, size_t len);
    void *arg;
    int64_t start_mono, start_wall;
    int64_t last_at;
    uint64_t last_turn;
    uint64_t lines, lost; /* messages kept; not kept since the last one that was */
    struct mf_buf text;
};

/* Writes the head and what the sources said last; from then on each message of theirs. */
void mf_recorder_start(struct mf_recorder *recorder, struct mf_engine *engine, const char *only,
                       bool (*line)(void *arg, const char *text, size_t len), void *arg);
/* Writes the end. */
void mf_recorder_stop(struct mf_recorder *recorder);
/* Nobody reads any more: no end. */
void mf_recorder_drop(struct mf_recorder *recorder);

/* Is this a node whose messages are recorded, and played again? */
static inline bool mf_record_is_source(const struct mf_kind *kind)
{
    return !(kind->flags & (MF_KIND_PURE | MF_KIND_TIME));
}

/* ---- reading ---- */

struct mf_record_entry {
    int64_t at;
    bool is_end, is_next;
    int64_t lost;
    struct mf_value fields;           /* owns the texts */
    struct mf_value node, port, unit; /* texts, or null; of `fields` */
    struct mf_msg msg;                /* time: -1 where it is start + at */
};

enum { MF_RECORD_ZONE = 80 };
struct mf_record_head {
    int64_t start;             /* wall ns */
    char zone[MF_RECORD_ZONE]; /* "": not known */
};

/* Reads the first line. */
int mf_record_read_head(const char *line, size_t len, struct mf_record_head *ret,
                        struct mf_error *err);
/* Reads any other line. On success the entry wants to be dropped. */
int mf_record_read(const char *line, size_t len, struct mf_record_entry *ret, struct mf_error *err);
void mf_record_entry_drop(struct mf_record_entry *entry);
/* Makes the message fit for an output: its type, its unit. Negative when it cannot. */
int mf_record_fit(struct mf_record_entry *entry, const struct mf_out_def *out,
                  struct mf_error *err);
