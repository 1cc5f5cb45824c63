/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* See playback.h. */

#include "engine/cli/playback.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/cli/flow_load.h"
#include "engine/run/loop_uv.h"
#include "engine/value/codec.h"

enum {
    SEED = 1,          /* of the jitter in retries: each run is the same */
    CHUNK = 64 * 1024, /* bytes printed at once */
    LOOK_EVERY = 256,  /* moments between two looks for signals, at full speed */
};

#define SPEED_LEAST 1e-3
#define SPEED_MOST 1e9
#define SHOW_EVERY (500 * MF_MS) /* progress */

/* ---- printing ---- */

static void put_text(struct mf_buf *out, const char *name, const char *text)
{
    mf_buf_printf(out, ", \"%s\": ", name);
    mf_text_quote_json(out, text, strlen(text));
}

static void put_message(struct mf_buf *out, const struct mf_msg *msg, const struct mf_unit *unit)
{
    mf_buf_puts(out, ", \"value\": ");
    mf_json_write(&msg->value, out);
    if (unit && (MF_T(msg->value.type) & MF_T_NUMERIC))
        put_text(out, "unit", unit->name);
    if (msg->quality != MF_GOOD) {
        put_text(out, "quality", mf_quality_names[msg->quality]);
        if (msg->reason)
            put_text(out, "reason", msg->reason);
    }
    mf_buf_puts(out, msg->is_again ? ", \"again\": true}\n" : "}\n");
}

static void flush(struct mf_playback *playback)
{
    if (playback->can_write && playback->out.len)
        playback->can_write = mf_cli_write(1, &playback->out);
    mf_buf_clear(&playback->out);
}

static void begin_line(struct mf_playback *playback, const char *node)
{
    char now[MF_TIME_TEXT];

    mf_time_print(mf_clock_wall(&playback->engine.sched.clock), now);
    mf_buf_printf(&playback->out, "{\"time\": \"%s\"", now);
    put_text(&playback->out, "node", node);
}

static void end_line(struct mf_playback *playback, const struct mf_msg *msg,
                     const struct mf_unit *unit)
{
    put_message(&playback->out, msg, unit);
    if (playback->out.len >= CHUNK)
        flush(playback);
}

static void print_said(struct mf_playback *playback, const struct mf_def *def, unsigned output,
                       const struct mf_msg *msg)
{
    begin_line(playback, def->name);
    if (strcmp(def->outs[output].name, "out") != 0)
        put_text(&playback->out, "port", def->outs[output].name);
    end_line(playback, msg, def->outs[output].unit);
}

/* In the unit of the reader. */
static void print_given(struct mf_playback *playback, const struct mf_def *def,
                        const struct mf_in_def *in, const struct mf_msg *msg)
{
    const struct mf_out_def *out = &in->from->outs[in->from_port];
    struct mf_msg given = *msg;
    char source[256];

    if (in->is_converted && (MF_T(msg->value.type) & MF_T_NUMERIC))
        given.value =
            mf_value_number(in->convert.mul * mf_value_as_number(&msg->value) + in->convert.add);
    snprintf(source, sizeof source, "%s%s%s", in->from->name,
             strcmp(out->name, "out") != 0 ? "." : "",
             strcmp(out->name, "out") != 0 ? out->name : "");
    begin_line(playback, def->name);
    put_text(&playback->out, "from", source);
    end_line(playback, &given, in->unit);
}

static void saw(void *arg, struct mf_node *node, unsigned output, const struct mf_msg *msg)
{
    struct mf_playback *playback = arg;
    const struct mf_out_def *out = &node->def->outs[output];

    if (playback->show) {
        if (mf_text_glob(playback->show, node->def->name))
            print_said(playback, node->def, output, msg);
        return;
    }
    for (unsigned i = 0; i < out->reader_count; i++) {
        const struct mf_def *reader = out->readers[i].to;

        if (reader->out_count == 0)
            print_given(playback, reader, &reader->ins[out->readers[i].input], msg);
    }
}

/* ---- pace ---- */

static int64_t real_mono(void)
{
    struct mf_clock clock;

    mf_clock_init_real(&clock);
    return mf_clock_mono(&clock);
}

/* Waits, at most until `until`, for SIGINT and SIGTERM, which are blocked. */
static void wait_until(struct mf_playback *playback, int64_t until)
{
    struct timespec rest = {0};
    sigset_t set;
    int64_t left;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    do {
        left = until - real_mono();
        rest.tv_sec = left > 0 ? left / MF_SEC : 0;
        rest.tv_nsec = left > 0 ? left % MF_SEC : 0;
        if (sigtimedwait(&set, NULL, &rest) > 0)
            playback->is_interrupted = true;
    } while (left > 0 && !playback->is_interrupted);
}

static void show_progress(struct mf_playback *playback)
{
    char now[MF_TIME_TEXT];
    int64_t real;

    if (playback->args->talk < 0 || !isatty(2) || isatty(1))
        return;
    real = real_mono();
    if (real - playback->shown < SHOW_EVERY)
        return;
    playback->shown = real;
    mf_time_print(mf_clock_wall(&playback->engine.sched.clock), now);
    fprintf(stderr, "\r%.10s ", now);
}

/* To a moment of virtual time, when it has come; `before`: not into it. */
static void pass_to(struct mf_playback *playback, int64_t at, bool before)
{
    if (playback->speed != MF_SPEED_MAX) {
        flush(playback);
        wait_until(playback, playback->began + (int64_t)((double)at / playback->speed));
    } else if (playback->moments++ % LOOK_EVERY == 0) {
        wait_until(playback, 0);
        show_progress(playback);
    }
    if (playback->is_interrupted)
        return;
    if (before)
        mf_engine_advance_before(&playback->engine, at);
    else
        mf_engine_advance(&playback->engine, at);
}

static bool pass(struct mf_playback *playback, int64_t at, bool before)
{
    bool is_there;

    do {
        int64_t next = mf_sched_next(&playback->engine.sched);

        is_there = next >= at;
        pass_to(playback, is_there ? at : next, is_there && before);
    } while (!is_there && !playback->is_interrupted && playback->can_write);
    return !playback->is_interrupted && playback->can_write;
}

bool mf_playback_until(struct mf_playback *playback, int64_t at)
{
    return pass(playback, at, false);
}

bool mf_playback_before(struct mf_playback *playback, int64_t at)
{
    return pass(playback, at, true);
}

/* ---- life ---- */

static bool read_speed(const struct mf_args *args, double *ret)
{
    const char *text = mf_args_get(args, "speed");
    size_t len = text ? strlen(text) : 0;

    *ret = MF_SPEED_MAX;
    if (!text || strcmp(text, "max") == 0)
        return true;
    *ret = 1;
    if (strcmp(text, "real") == 0)
        return true;
    if (text[len - 1] == 'x' && mf_num_read_double(text, len - 1, ret) && *ret >= SPEED_LEAST &&
        *ret <= SPEED_MOST)
        return true;
    mf_usage_error(args->command,
                   "`--speed` takes `max`, `real`, or a factor such as `60x`, not "
                   "`%s`",
                   text);
    return false;
}

static bool is_nothing(const struct mf_kind *kind)
{
    return false;
}

int mf_playback_begin(struct mf_playback *playback, const struct mf_args *args,
                      struct mf_graph *graph, int64_t start,
                      bool (*is_real)(const struct mf_kind *kind))
{
    struct mf_engine_options options = {
        .holds_played = true,
        .is_real = is_real ? is_real : is_nothing,
        .speak = playback->speak,
        .speak_arg = playback->speak_arg,
    };
    struct mf_error err = {0};

    playback->args = args;
    playback->can_write = true;
    playback->show = mf_args_get(args, "show");
    playback->is_quiet = args->talk < 0;
    mf_engine_init(&playback->engine, NULL, options);
    mf_rng_seed(&playback->engine.rng, SEED);
    mf_clock_init_virtual(&playback->engine.sched.clock, start);
    playback->observer = (struct mf_observer){.saw = saw, .arg = playback};
    if (!playback->is_quiet)
        mf_engine_observe(&playback->engine, &playback->observer);
    if (!read_speed(args, &playback->speed)) {
        mf_graph_free(graph);
        return MF_EXIT_USAGE;
    }
    if (mf_args_get(args, "record")) {
        playback->record =
            mf_record_file_open(&playback->engine, mf_args_get(args, "record"), &err);
        if (!playback->record) {
            fprintf(stderr, "moat-flow: %s\n", err.text);
            mf_graph_free(graph);
            return MF_EXIT_WRONG;
        }
    }
    mf_loop_block_signals();
    playback->began = playback->shown = real_mono();
    if (mf_engine_load(&playback->engine, graph, NULL, &err) == 0)
        return MF_EXIT_OK;
    fprintf(stderr, "moat-flow: %s\n", err.text);
    return MF_EXIT_FLOW;
}

int mf_playback_end(struct mf_playback *playback)
{
    bool ok = mf_record_file_close(playback->record);

    if (playback->engine.graph) {
        mf_engine_drain(&playback->engine);
        mf_engine_advance(&playback->engine, mf_clock_mono(&playback->engine.sched.clock));
        mf_engine_stop(&playback->engine);
    }
    flush(playback);
    mf_engine_unobserve(&playback->engine, &playback->observer);
    mf_engine_done(&playback->engine);
    mf_buf_done(&playback->out);
    return ok && playback->can_write ? MF_EXIT_OK : MF_EXIT_WRONG;
}
