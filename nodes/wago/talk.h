/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The talk with a WAGO controller: commands that wait, those under way, and monitors that run.
 *
 * No I/O and no clock. Replies have no number: each belongs to the oldest command under way,
 * whoever asked it and whether they still want to know. Signals go to their monitor by its id.
 *
 *   mf_wago_talk_want(&talk, &ask)
 *   mf_wago_talk_send(&talk, &buf)           what can go out now
 *   mf_wago_talk_hear(&talk, &said, &err)    what came: calls done() and said()
 *   mf_wago_talk_end(&talk)                  the connection is gone
 */

#include "engine/base/list.h"
#include "nodes/wago/line.h"

enum {
    MF_WAGO_COMMAND = 64,   /* bytes of a command, with the NUL */
    MF_WAGO_UNDER_WAY = 64, /* commands at a time; more wait */
    MF_WAGO_BUCKETS = 64,
};

/* Something that runs on the controller and says so. */
struct mf_wago_monitor {
    struct mf_list in; /* the talk's; alone while `id` is 0 */
    int64_t id;        /* 0: it does not run, as far as is known */
    bool outlives;     /* drives an output, and does so when nobody listens any more */
    /* MF_WAGO_SIGNAL, or MF_WAGO_GONE, when `id` is 0 already. */
    void (*said)(struct mf_wago_monitor *monitor, const struct mf_wago_said *said);
    void *owner;
};

struct mf_wago_ask {
    struct mf_list in; /* of those that wait, or alone */
    char text[MF_WAGO_COMMAND];
    struct mf_wago_monitor *monitor; /* that it creates, or NULL */
    bool is_under_way;
    /* `said`: the reply, of which MF_WAGO_FAILED says why in its text; NULL: the connection is
     * gone. */
    void (*done)(struct mf_wago_ask *ask, const struct mf_wago_said *said);
    void *owner;
};

struct mf_wago_under_way {
    struct mf_wago_ask *ask; /* NULL: nobody wants to know any more */
    bool creates, is_kept;   /* a monitor; if not, it is deleted when nobody wants it any more */
};

struct mf_wago_talk {
    struct mf_list waiting;
    struct mf_wago_under_way ring[MF_WAGO_UNDER_WAY];
    unsigned first, count; /* of it */
    struct mf_list monitors[MF_WAGO_BUCKETS];
    size_t monitor_count;
    uint64_t commands, signals, failures;
};

void mf_wago_talk_init(struct mf_wago_talk *talk);
/* Ends everything: done() of all that waits or is under way, no monitor runs. What is wanted from
 * within done() is the caller's business to refuse. */
void mf_wago_talk_end(struct mf_wago_talk *talk);

void mf_wago_ask_init(struct mf_wago_ask *ask,
                      void (*done)(struct mf_wago_ask *ask, const struct mf_wago_said *said),
                      void *owner);
void mf_wago_ask_print(struct mf_wago_ask *ask, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool mf_wago_ask_is_open(const struct mf_wago_ask *ask);
/* An ask that is open already stays as it is. */
void mf_wago_talk_want(struct mf_wago_talk *talk, struct mf_wago_ask *ask);
/* A command that nobody wants the reply to. */
void mf_wago_talk_tell(struct mf_wago_talk *talk, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes an ask back: done() is not called. */
void mf_wago_talk_forget(struct mf_wago_talk *talk, struct mf_wago_ask *ask);

void mf_wago_monitor_init(struct mf_wago_monitor *monitor,
                          void (*said)(struct mf_wago_monitor *monitor,
                                       const struct mf_wago_said *said),
                          void *owner);
/* It runs already, under that id. */
void mf_wago_talk_adopt(struct mf_wago_talk *talk, struct mf_wago_monitor *monitor, int64_t id);
/* No longer listens; what runs goes on. */
void mf_wago_talk_let_go(struct mf_wago_talk *talk, struct mf_wago_monitor *monitor);

/* Appends the commands that may go now. */
void mf_wago_talk_send(struct mf_wago_talk *talk, struct mf_buf *buf);
bool mf_wago_talk_may_send(const struct mf_wago_talk *talk);
/* Appends all that waits, past the limit: nobody will hear the replies. mf_wago_talk_end() follows.
 */
void mf_wago_talk_send_last(struct mf_wago_talk *talk, struct mf_buf *buf);
/* Negative, with a sentence: nobody asked for that. */
int mf_wago_talk_hear(struct mf_wago_talk *talk, const struct mf_wago_said *said,
                      struct mf_error *err);
