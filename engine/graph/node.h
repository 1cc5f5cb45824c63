/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A node as its kind sees it: config, state, inputs, emit, timers.
 *
 * Emitting queues, it never calls the reader; a node may emit at any time after start(): in a
 * turn the values reach the readers in the same turn, outside they open a new one. What is emitted
 * inherits time and cause of the message being handled, else the turn's time. While an input of the
 * node is not good, what it emits is not good either: the engine sees to that, a transform need not
 * think of it. No node ever sees libuv or the system clock, so every pure node runs in a test at
 * any speed.
 */

#include "engine/graph/kind.h"

/* ---- looking ---- */

const char *mf_node_name(const struct mf_node *node);
const void *mf_node_config(
    const struct mf_node *node); /* ask again each time: a reload may move it */
void *mf_node_state(const struct mf_node *node);
struct mf_link *mf_node_link(const struct mf_node *node);
int64_t mf_node_now(const struct mf_node *node);       /* wall ns of this turn */
int64_t mf_node_mono(const struct mf_node *node);      /* mono ns of this turn */
bool mf_node_is_read_only(const struct mf_node *node); /* run --read-only */
bool mf_node_is_once(const struct mf_node *node);      /* run --once */
bool mf_node_is_virtual(const struct mf_node *node);   /* virtual clock: a test, no device there */
/* A test measures coverage: for kinds with scripts. The second says that there is a line, or that
 * it runs. */
bool mf_node_is_covered(const struct mf_node *node);
void mf_node_saw_line(const struct mf_node *node, const char *file, uint32_t line, bool has_run);
bool mf_node_is_timeless(const struct mf_node *node); /* virtual clock: real time must not matter */
const struct mf_unit *mf_node_unit(const struct mf_node *node, unsigned out_port); /* NULL: none */
uint32_t mf_node_types(const struct mf_node *node, unsigned out_port); /* that it may emit */

/* ---- inputs, by index in order of wiring ---- */

unsigned mf_node_inputs(const struct mf_node *node);
const struct mf_msg *mf_node_input(const struct mf_node *node, unsigned input);
const struct mf_msg *mf_node_messages(
    const struct mf_node *node); /* the same, as an array for mf_expr_run() */
bool mf_node_input_has(const struct mf_node *node, unsigned input);      /* has had a message */
bool mf_node_input_is_new(const struct mf_node *node, unsigned input);   /* in this turn */
bool mf_node_input_is_quiet(const struct mf_node *node, unsigned input); /* previous() */
unsigned mf_node_input_port(const struct mf_node *node, unsigned input);
const char *mf_node_input_label(const struct mf_node *node,
                                unsigned input); /* name in `from`, or of the port it comes from */
const char *mf_node_input_node(const struct mf_node *node,
                               unsigned input); /* name of the node it comes from */
/* Last value of another output of the node that an input comes from; NULL if there is none. */
const struct mf_msg *mf_node_input_sibling(const struct mf_node *node, unsigned input,
                                           const char *output);
unsigned mf_node_current(
    const struct mf_node *node); /* input whose message receive() is handling */
const struct mf_unit *mf_node_input_unit(const struct mf_node *node,
                                         unsigned input); /* after conversion on the edge */

/* ---- outputs, by port index: the kind's output ports in order of the table, then the added ones.
 * Input ports do not count: the first output is 0. ---- */

unsigned mf_node_outputs(const struct mf_node *node);
const char *mf_node_output_name(const struct mf_node *node, unsigned out);
bool mf_node_output_is_read(const struct mf_node *node, unsigned out);  /* somebody listens */
bool mf_node_output_is_wired(const struct mf_node *node, unsigned out); /* … a node of the flow */
const struct mf_msg *mf_node_last(const struct mf_node *node, unsigned out); /* last emitted */

void mf_node_emit_number(struct mf_node *node, unsigned out,
                         double number); /* NaN, inf: emitted as bad */
void mf_node_emit_bool(struct mf_node *node, unsigned out, bool value);
void mf_node_emit_int(struct mf_node *node, unsigned out, int64_t value);
void mf_node_emit_take(struct mf_node *node, unsigned out, struct mf_value value);
/* The same value again, or as a whole: time, quality and all. */
void mf_node_emit_msg(struct mf_node *node, unsigned out, const struct mf_msg *msg);
/* With the time the value was true at the source. */
void mf_node_emit_take_at(struct mf_node *node, unsigned out, struct mf_value value, int64_t time);
/* For create(): the node judges its inputs itself, what it says is good although they are not. */
void mf_node_judge(struct mf_node *node);
/* Last value, not good, with a reason. */
void mf_node_emit_bad(struct mf_node *node, unsigned out, enum mf_quality quality,
                      const char *reason);
/* A message this node cannot use: counts it, logs it (rate-limited), and does what `on_error` says:
 * emits bad on all outputs, or drops it. */
void mf_node_reject(struct mf_node *node, const char *reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- for `why`: notes that cost a few stores; texts are constants ---- */

/* Which way the node took: "then". Holds until the next one, and ends what held it before. */
void mf_node_note_branch(struct mf_node *node, const char *branch);
/* The node kept a message, or a part of it, from going on: "deadband", its width in the unit of the
 * first output, or NaN. Holds until a later turn in which the node says something. */
void mf_node_held(struct mf_node *node, const char *by, double number);

/* ---- timers: mono time, numbered by the kind ---- */

void mf_node_arm(struct mf_node *node, unsigned timer,
                 int64_t after_ns); /* replaces an armed one */
void mf_node_arm_at(struct mf_node *node, unsigned timer, int64_t mono);
void mf_node_disarm(struct mf_node *node, unsigned timer);
bool mf_node_is_armed(const struct mf_node *node, unsigned timer);
int64_t mf_node_deadline(const struct mf_node *node,
                         unsigned timer); /* mono; MF_NEVER if not armed */

/* ---- sinks and pulled sources ---- */

void mf_node_wake(struct mf_node *node); /* try deliver() or pull() again */
void mf_node_settle(struct mf_node *node, uint64_t letter, int code, const char *reason);
/* Something waits to be delivered: what was delivered before is not wanted any more. */
bool mf_node_has_letters(const struct mf_node *node);
/* The own name of the port a letter came from, for {port}: what the user calls it in `from`,
 * without the node in front. */
const char *mf_letter_port(const struct mf_letter *letter);
/* The source has nothing more to say, ever (end of a file): run --once waits for this. */
void mf_node_ended(struct mf_node *node);

/* Logs with the node's name and place; per node rate-limited. */
void mf_node_log(struct mf_node *node, int level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The node cannot go on: it is stopped, its outputs turn bad, and it is started again with
 * back-off. */
void mf_node_fail(struct mf_node *node, const struct mf_error *err);
/* The same, but it is not started again before the next reload. `reason` is what its outputs show.
 */
void mf_node_disable(struct mf_node *node, const char *reason, const char *why);

/* ---- slow work: files on slow disks, long calculations ---- */

/* run() is called on a pool thread and touches nothing but the job, done() on the loop, also when
 * the node has gone meanwhile: the job is memory of its own, and whoever it belongs to takes itself
 * out of it in stop(). Where there is no loop both are called at once. See link.h. */
struct mf_job;
void mf_node_job(struct mf_node *node, struct mf_job *job);

/* ---- descriptors of its own, for kinds that hang on no link: mf_watch in link.h ---- */

/* From start() to stop(). */
struct mf_watch;
struct mf_watch *mf_node_watch(struct mf_node *node, void (*ready)(void *arg, unsigned events),
                               void *arg);

/* ---- state that outlives a node ---- */

void mf_state_put(struct mf_state_out *out, const char *name, const struct mf_value *value);
void mf_state_put_number(struct mf_state_out *out, const char *name, double number);
void mf_state_put_int(struct mf_state_out *out, const char *name, int64_t value);
void mf_state_put_bool(struct mf_state_out *out, const char *name, bool value);
/* Time of an armed timer, kept as a point in time. */
void mf_state_put_timer(struct mf_state_out *out, const char *name, const struct mf_node *node,
                        unsigned timer);
const struct mf_value *mf_state_get(struct mf_state_in *in,
                                    const char *name); /* borrowed; NULL if absent */
bool mf_state_get_number(struct mf_state_in *in, const char *name, double *ret);
bool mf_state_get_int(struct mf_state_in *in, const char *name, int64_t *ret);
bool mf_state_get_bool(struct mf_state_in *in, const char *name, bool *ret);
/* Arms the timer for the time it had left; in the past: at once. False if there was none. To be
 * called in restore(). */
bool mf_state_get_timer(struct mf_state_in *in, const char *name, struct mf_node *node,
                        unsigned timer);
/* Handed over by a reload: the nodes behind have heard what was said before. False: kept over a
 * restart, and nobody has. */
bool mf_state_is_handed_over(const struct mf_state_in *in);
