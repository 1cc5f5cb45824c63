/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The loop on libuv: signals, reload, the end, descriptors and jobs. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/run/loop_priv_uv.h"
#include "tests/support/bench_priv.h"
#include "tests/unit/run/run_kinds.h"

/* What a test does when the loop says something. */
struct script {
    struct mf_loop *loop;
    struct mf_buf events, log;
    int on_ready[4]; /* signals, one per READY */
    unsigned readies;
    int on_stopping;  /* signal, 0: none */
    const char *next; /* flow that a reload reads; NULL: one with errors */
};

static void take_log(void *arg, enum mf_log_level level, const char *line)
{
    mf_buf_printf(&((struct script *)arg)->log, "%s\n", line);
}

static void event(void *arg, enum mf_loop_event event, const char *status)
{
    static const char *const names[] = {"ready", "reloading", "stopping", "alive"};
    struct script *script = arg;

    mf_buf_printf(&script->events, "%s; ", names[event]);
    if (event == MF_LOOP_READY && script->on_ready[script->readies++])
        kill(getpid(), script->on_ready[script->readies - 1]);
    if (event == MF_LOOP_STOPPING && script->on_stopping)
        kill(getpid(), script->on_stopping);
}

static struct mf_graph *compile(const char *yaml)
{
    struct bench_flow flow;

    bench_compile(&flow, yaml, NULL);
    assert_non_null(flow.graph);
    return bench_flow_end(&flow);
}

static struct mf_graph *read_next(void *arg, uint64_t generation)
{
    struct script *script = arg;

    return script->next ? compile(script->next) : NULL;
}

static int run_loop(struct script *script, const char *yaml, struct mf_loop_options options)
{
    struct mf_error err = {0};
    int rc;

    mf_loop_block_signals();
    mf_log_setup(MF_LOG_INFO, MF_LOG_TEXT, false);
    mf_log_divert(take_log, script);
    options.event = event;
    options.event_arg = script;
    options.read = read_next;
    options.arg = script;
    script->loop = mf_loop_new(options);
    rc = mf_loop_run(script->loop, compile(yaml), &err);
    mf_log_divert(NULL, NULL);
    return rc;
}

static void finish(struct script *script, const char *events)
{
    assert_false(mf_loop_has_jobs(script->loop));
    mf_loop_free(script->loop);
    assert_string_equal(mf_buf_text(&script->events), events);
    mf_buf_done(&script->events);
    mf_buf_done(&script->log);
    mf_buf_done(&run_trace);
}

/* A file is read to its end, everything is delivered, and that is the end. */
static void once(void **state)
{
    struct script script = {0};

    assert_int_equal(run_loop(&script,
                              "p: {test.pull: 3000}\n"
                              "s: {test.sink: , from: p, queue: 100}\n",
                              (struct mf_loop_options){.engine.once = true, .drain = MF_HOUR}),
                     0);
    assert_int_equal(run_sink.count, 3000);
    finish(&script, "ready; stopping; ");
}

/* What nobody takes in time is lost, which is said, and is no success. */
static void once_undelivered(void **state)
{
    struct script script = {0};

    run_sink.room = 2;
    assert_int_equal(run_loop(&script,
                              "p: {test.pull: 5}\n"
                              "s: {test.sink: , from: p}\n",
                              (struct mf_loop_options){.engine.once = true, .drain = MF_MS}),
                     MF_ETIMEOUT);
    assert_non_null(strstr(script.log.data, "3 messages were not delivered in time and are lost"));
    finish(&script, "stopping; ");
}

/* SIGTERM ends with 0 once the queues are empty. */
static void terminated(void **state)
{
    struct script script = {.on_ready = {SIGTERM}};

    assert_int_equal(run_loop(&script,
                              "b: {test.beat: 1ms}\n"
                              "s: {test.sink: , from: b}\n",
                              (struct mf_loop_options){.drain = MF_HOUR}),
                     0);
    finish(&script, "ready; stopping; ");
}

/* The second SIGTERM does not wait for anybody. */
static void terminated_twice(void **state)
{
    struct script script = {.on_ready = {SIGINT}, .on_stopping = SIGTERM};

    run_sink.room = 0;
    assert_int_equal(run_loop(&script,
                              "p: {test.pull: 1}\n"
                              "s: {test.sink: , from: p}\n",
                              (struct mf_loop_options){.drain = MF_HOUR}),
                     0);
    assert_non_null(strstr(script.log.data, "1 messages were not delivered"));
    finish(&script, "ready; stopping; ");
}

/* SIGHUP: a good flow takes over and unchanged nodes stay; one with errors changes nothing. */
static void reloaded(void **state)
{
    static const char first[] = "b: {test.beat: 1h}\n";
    struct script script = {.on_ready = {SIGHUP, SIGTERM}};

    script.next = "b: {test.beat: 1h}\nc: {test.beat: 2h}\n";
    assert_int_equal(run_loop(&script, first, (struct mf_loop_options){0}), 0);
    assert_int_equal(mf_loop_engine(script.loop)->generation, 2);
    assert_non_null(strstr(script.log.data, "done, generation 2: 1 nodes kept, 0 changed"));
    finish(&script, "ready; reloading; ready; stopping; ");

    script = (struct script){.on_ready = {SIGHUP, SIGTERM}};
    assert_int_equal(run_loop(&script, first, (struct mf_loop_options){0}), 0);
    assert_int_equal(mf_loop_engine(script.loop)->generation, 1);
    assert_non_null(strstr(script.log.data, "refused, the flow has errors"));
    finish(&script, "ready; reloading; ready; stopping; ");

    script = (struct script){.on_ready = {SIGHUP, SIGHUP, SIGTERM}};
    script.next = "b: {test.beat: 1h}\nr: {test.rotten: , from: b}\n";
    assert_int_equal(run_loop(&script, first, (struct mf_loop_options){0}), 0);
    assert_int_equal(mf_loop_engine(script.loop)->generation, 1);
    assert_non_null(strstr(script.log.data, "refused: it is rotten"));
    finish(&script, "ready; reloading; ready; reloading; ready; stopping; ");
}

/* SIGUSR1 writes the status to the log. */
static void status_on_request(void **state)
{
    struct script script = {.on_ready = {SIGUSR1}};

    /* A beat ends it: the signal is handled first, for it came first. */
    assert_int_equal(run_loop(&script,
                              "p: {test.pull: 1}\n"
                              "b: {test.beat: 1ms}\n",
                              (struct mf_loop_options){.engine.once = true, .drain = MF_HOUR}),
                     0);
    assert_non_null(strstr(script.log.data, "status: generation 1 (start at "));
    finish(&script, "ready; stopping; ");
}

/* A flow that cannot be started says why and leaves nothing behind. */
static void not_started(void **state)
{
    struct script script = {0};

    assert_int_equal(run_loop(&script, "r: {test.rotten: , from: b}\nb: {test.beat: 1h}\n",
                              (struct mf_loop_options){0}),
                     MF_EIO);
    finish(&script, "");
}

static void count_round(uv_prepare_t *prepare)
{
    ++*(unsigned *)prepare->data;
}

static void beats_end(void *arg, struct mf_node *node, unsigned output, const struct mf_msg *msg)
{
    if (msg->value.integer == 5)
        mf_loop_end(arg);
}

/* Between two timers the process sleeps: there are few rounds, however long they take. */
static void sleeps_when_idle(void **state)
{
    struct mf_observer observer;
    struct mf_loop *loop;
    uv_prepare_t prepare;
    struct mf_error err;
    unsigned rounds = 0;

    mf_loop_block_signals();
    loop = mf_loop_new((struct mf_loop_options){0});
    observer = (struct mf_observer){.saw = beats_end, .arg = loop};
    mf_engine_observe(&loop->engine, &observer);
    uv_prepare_init(&loop->uv, &prepare);
    prepare.data = &rounds;
    uv_prepare_start(&prepare, count_round);
    assert_int_equal(mf_loop_run(loop, compile("b: {test.beat: 20ms}\n"), &err), 0);
    assert_in_range(rounds, 5, 40);
    mf_loop_free(loop);
}

/* ---- a link with a pipe and a job ---- */

struct pipe_state {
    struct mf_job job;
    struct mf_link *link;
    struct mf_watch *watch;
    int fds[2];
    unsigned rounds;
};

static void job_run(struct mf_job *job)
{
    struct pipe_state *s = (struct pipe_state *)job;

    assert_int_equal(pipe2(s->fds, O_CLOEXEC | O_NONBLOCK), 0);
}

static void pipe_ready(struct mf_link *link, unsigned events);

static void job_done(struct mf_job *job)
{
    struct pipe_state *s = (struct pipe_state *)job;

    mf_link_up(s->link);
    s->watch = mf_watch_new(s->link, pipe_ready);
    mf_watch_set(s->watch, s->fds[0], MF_WATCH_READ);
    assert_int_equal(write(s->fds[1], "x", 1), 1);
}

static void pipe_start(struct mf_link *link)
{
    struct pipe_state *s = mf_link_state(link);

    s->link = link;
    s->job.run = job_run;
    s->job.done = job_done;
    mf_link_job(link, &s->job);
}

/* Each round is one way for a library to surprise its watcher. */
static void pipe_ready(struct mf_link *link, unsigned events)
{
    struct pipe_state *s = mf_link_state(link);
    char c;

    assert_true(events & MF_WATCH_READ);
    assert_int_equal(read(s->fds[0], &c, 1), 1);
    switch (s->rounds++) {
    case 0: /* stops reading, goes on */
        mf_watch_set(s->watch, s->fds[0], 0);
        mf_watch_set(s->watch, s->fds[0], MF_WATCH_READ);
        break;
    case 1: /* closes and says so; the next one has the same number */
        close(s->fds[0]);
        close(s->fds[1]);
        mf_watch_set(s->watch, -1, 0);
        job_run(&s->job);
        mf_watch_set(s->watch, s->fds[0], MF_WATCH_READ);
        break;
    case 2: /* closes and wants other events of what is no more */
        close(s->fds[0]);
        close(s->fds[1]);
        mf_watch_set(s->watch, s->fds[0], MF_WATCH_READ | MF_WATCH_WRITE);
        job_run(&s->job);
        mf_watch_set(s->watch, s->fds[0], MF_WATCH_READ);
        break;
    default:
        mf_loop_end(link->engine->host->self);
        return;
    }
    assert_int_equal(write(s->fds[1], "x", 1), 1);
}

static void pipe_stop(struct mf_link *link)
{
    struct pipe_state *s = mf_link_state(link);

    close(s->fds[0]);
    close(s->fds[1]);
    mf_watch_set(s->watch, -1, 0);
    mf_link_stopped(link);
}

static void pipe_destroy(struct mf_link *link)
{
    mf_watch_free(((struct pipe_state *)mf_link_state(link))->watch);
}

static const struct mf_link_kind link_pipe = {
    .name = "test.pipe",
    .state_size = sizeof(struct pipe_state),
    .start = pipe_start,
    .stop = pipe_stop,
    .destroy = pipe_destroy,
};

static const struct mf_link_kind *const pipe_links[] = {&link_pipe, NULL};

/* Descriptors of a library are watched through all it may do with them, jobs run and come back. */
static void watched_descriptor(void **state)
{
    struct script script = {0};
    struct pipe_state *s;

    bench_use_kinds(run_kinds, pipe_links);
    assert_int_equal(run_loop(&script,
                              "moat-flow: 1\n"
                              "links: {p: {test.pipe: }}\n"
                              "nodes: {b: {test.beat: 1h}}\n",
                              (struct mf_loop_options){.drain = MF_HOUR}),
                     0);
    s = mf_link_state(mf_loop_engine(script.loop)->links[0]);
    assert_int_equal(s->rounds, 4);
    finish(&script, "ready; stopping; ");
}

/* ---- a node with a pipe of its own ---- */

struct own_state {
    struct mf_watch *watch;
    int fds[2];
    unsigned times;
};

/* Outside of a turn: whoever sleeps must learn that it is for a shorter time now. */
static void own_ready(void *arg, unsigned events)
{
    struct own_state *s = mf_node_state(arg);
    char c;

    assert_int_equal(read(s->fds[0], &c, 1), 1);
    mf_node_arm(arg, 0, MF_MS);
}

static int own_start(struct mf_node *node, struct mf_error *err)
{
    struct own_state *s = mf_node_state(node);

    assert_int_equal(pipe2(s->fds, O_CLOEXEC | O_NONBLOCK), 0);
    s->watch = mf_node_watch(node, own_ready, node);
    mf_watch_set(s->watch, s->fds[0], MF_WATCH_READ);
    assert_int_equal(write(s->fds[1], "x", 1), 1);
    return 0;
}

static void own_timeout(struct mf_node *node, unsigned timer)
{
    struct own_state *s = mf_node_state(node);

    s->times++;
    mf_loop_end(node->sched->engine->host->self);
}

static void own_stop(struct mf_node *node)
{
    struct own_state *s = mf_node_state(node);

    mf_watch_free(s->watch);
    close(s->fds[0]);
    close(s->fds[1]);
}

static const struct mf_kind kind_own = {
    .name = "test.own",
    .state_size = sizeof(struct own_state),
    .timers = 1,
    .flags = MF_KIND_SOURCE,
    .start = own_start,
    .timeout = own_timeout,
    .stop = own_stop,
};

/* A node may watch a descriptor, and what it arms when that is ready runs out in time. */
static void descriptor_of_a_node(void **state)
{
    static const struct mf_kind *const kinds[] = {&kind_own, NULL};
    struct script script = {0};
    const struct own_state *s;

    bench_use_kinds(kinds, NULL);
    assert_int_equal(
        run_loop(&script, "o: {test.own: }\n", (struct mf_loop_options){.drain = MF_MS}), 0);
    s = mf_node_state(mf_engine_node(mf_loop_engine(script.loop), "o"));
    assert_int_equal(s->times, 1);
    finish(&script, "ready; stopping; ");
}

/* Nodes that never rest do not keep the loop from its descriptors. */
static void busy_nodes_starve_nobody(void **state)
{
    struct script script = {0};

    bench_use_kinds(run_kinds, pipe_links);
    assert_int_equal(run_loop(&script,
                              "moat-flow: 1\n"
                              "links: {p: {test.pipe: }}\n"
                              "nodes:\n"
                              "  b: {test.pull: 1}\n"
                              "  x: {test.spin: , from: [b, x]}\n",
                              (struct mf_loop_options){.drain = MF_MS}),
                     0);
    finish(&script, "ready; stopping; ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(once, run_setup),
        cmocka_unit_test_setup(once_undelivered, run_setup),
        cmocka_unit_test_setup(terminated, run_setup),
        cmocka_unit_test_setup(terminated_twice, run_setup),
        cmocka_unit_test_setup(reloaded, run_setup),
        cmocka_unit_test_setup(status_on_request, run_setup),
        cmocka_unit_test_setup(not_started, run_setup),
        cmocka_unit_test_setup(sleeps_when_idle, run_setup),
        cmocka_unit_test_setup(watched_descriptor, run_setup),
        cmocka_unit_test_setup(descriptor_of_a_node, run_setup),
        cmocka_unit_test_setup(busy_nodes_starve_nobody, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
