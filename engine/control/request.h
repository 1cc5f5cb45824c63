/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Requests: what a client asks of a running engine through its control socket.
 *
 * A request is one JSON object on a line, `{"do": "why", "node": "alarm"}`. The answer is any
 * number of `{"line": …}`, then one `{"done": …}` or `{"error": {"exit": 1, "message": "…"}}`,
 * where `exit` is the code with which the command ends. `{"dropped": 3}` among them stands for
 * lines that a slow client did not get. A client asks one thing at a time; when it closes its end
 * it takes the request back. Whoever has something to answer writes a struct mf_request_kind in a
 * file of its own and names it in the table of requests.c. Everything runs on the loop thread;
 * nothing may block.
 */

#include <stdbool.h>
#include <stddef.h>

#include "engine/value/value.h"

struct mf_control;
struct mf_engine;
struct mf_loop;
struct mf_request;

struct mf_request_kind {
    const char *name;    /* "why" */
    const char *summary; /* one sentence with a full stop */
    size_t data_size;    /* zeroed, one per request */
    /* Answers at once, or keeps the request and answers later. Data and arguments live until it
     * returns, even when it has answered; what it says after its answer goes nowhere. */
    void (*begin)(struct mf_request *request);
    /* The client went away, or the engine ends, before the answer was given: no more answers.
     * NULL: nothing to do. */
    void (*drop)(struct mf_request *request);
};
extern const struct mf_request_kind *const mf_request_kinds[]; /* ended by NULL */

void *mf_request_data(const struct mf_request *request);
struct mf_engine *mf_request_engine(const struct mf_request *request);
struct mf_loop *mf_request_loop(const struct mf_request *request);
const struct mf_control *mf_request_control(const struct mf_request *request);

/* Arguments: borrowed, NULL if absent. The texts refuse the request when what came is not a text;
 * the second one also when nothing came. Then they return NULL, too. */
const struct mf_value *mf_request_arg(const struct mf_request *request, const char *name);
const char *mf_request_text(struct mf_request *request, const char *name);
const char *mf_request_need_text(struct mf_request *request, const char *name);
/* The text of a value inside of an argument, as above; `name` is for the refusal. */
const char *mf_request_copy_text(struct mf_request *request, const struct mf_value *value,
                                 const char *name);
/* Has it been answered or refused? To be asked in begin(), after a look at the arguments. */
bool mf_request_is_over(const struct mf_request *request);

/* Is there room for another line? False counts as a line that was dropped, so that whoever asks
 * need not make one. */
bool mf_request_has_room(struct mf_request *request);
/* One `line` of a longer answer; taken. False: the client does not keep up, and the line was
 * dropped. */
bool mf_request_say_take(struct mf_request *request, struct mf_value line);
/* The end of the answer; taken. The request is gone afterwards. */
void mf_request_done_take(struct mf_request *request, struct mf_value result);
void mf_request_refuse(struct mf_request *request, int exit_code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
