/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Workers: the order of jobs, the bound of their number, and an end that does not wait. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "engine/base/worker.h"

struct job {
    struct mf_worker_job job; /* first */
    int gate[2];              /* a byte comes: run() goes on */
    int said[2];              /* "r" for run(), "d" for done() */
};

static void say(struct job *job, char what)
{
    assert_int_equal(write(job->said[1], &what, 1), 1);
}

static void hear(struct job *job, char what)
{
    char got;

    assert_int_equal(read(job->said[0], &got, 1), 1);
    assert_int_equal(got, what);
}

static void blocked_run(struct mf_worker_job *job)
{
    struct job *own = (struct job *)job;
    char byte;

    say(own, 'r');
    assert_int_equal(read(own->gate[0], &byte, 1), 1);
}

static void told_done(struct mf_worker_job *job)
{
    say((struct job *)job, 'd');
}

static void job_init(struct job *job)
{
    *job = (struct job){.job = {.run = blocked_run, .done = told_done}};
    assert_int_equal(pipe(job->gate), 0);
    assert_int_equal(pipe(job->said), 0);
}

static void job_done(struct job *job)
{
    for (int i = 0; i < 2; i++) {
        close(job->gate[i]);
        close(job->said[i]);
    }
}

static void open_gate(struct job *job)
{
    assert_int_equal(write(job->gate[1], "", 1), 1);
}

static char order[8];

static void note_run(struct mf_worker_job *job)
{
}

static void note_done_a(struct mf_worker_job *job)
{
    order[strlen(order)] = 'a';
}

static void note_done_b(struct mf_worker_job *job)
{
    order[strlen(order)] = 'b';
}

/* Jobs end in order of submission, on the thread that collects. */
static void jobs_keep_order(void **state)
{
    struct mf_worker_job a = {.run = note_run, .done = note_done_a};
    struct mf_worker_job b = {.run = note_run, .done = note_done_b};
    struct mf_worker *worker = mf_worker_new("test");

    assert_true(mf_worker_submit(worker, &a));
    assert_true(mf_worker_submit(worker, &b));
    mf_worker_wait(worker);
    assert_string_equal(order, "ab");
    mf_worker_free(worker);
}

/* More than the bound are refused, and those that were taken all run. */
static void queue_is_bounded(void **state)
{
    static struct mf_worker_job many[MF_WORKER_JOBS];
    struct mf_worker *worker = mf_worker_new("test");
    struct job first;

    job_init(&first);
    assert_true(mf_worker_submit(worker, &first.job));
    for (int i = 1; i < MF_WORKER_JOBS; i++) {
        many[i] = (struct mf_worker_job){.run = note_run, .done = note_run};
        assert_true(mf_worker_submit(worker, &many[i]));
    }
    assert_false(mf_worker_submit(worker, &many[0]));
    open_gate(&first);
    mf_worker_free(worker);
    hear(&first, 'r');
    hear(&first, 'd');
    job_done(&first);
}

/* A worker that hangs is left at once; what it ran and what waited end when it comes back. */
static void hanging_worker_is_left(void **state)
{
    struct mf_worker *worker = mf_worker_new("test");
    struct job running, waiting;

    job_init(&running);
    job_init(&waiting);
    assert_true(mf_worker_submit(worker, &running.job));
    assert_true(mf_worker_submit(worker, &waiting.job));
    hear(&running, 'r');
    mf_worker_leave(worker);
    open_gate(&running);
    hear(&running, 'd');
    hear(&waiting, 'd'); /* and no `r` */
    job_done(&running);
    job_done(&waiting);
}

/* One that has nothing to do is left, too. */
static void idle_worker_is_left(void **state)
{
    mf_worker_leave(mf_worker_new("test"));
    mf_worker_leave(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_keep_order),
        cmocka_unit_test(queue_is_bounded),
        cmocka_unit_test(hanging_worker_is_left),
        cmocka_unit_test(idle_worker_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
