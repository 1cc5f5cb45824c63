/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The w1 link: the kernel's own 1-wire buses, through their files in sysfs.
 *
 * A read of a thermometer takes as long as it measures, up to 750 ms, and a bus that is stuck may
 * never answer. So each bus master has a thread of its own (engine/base/worker.h) that does one
 * thing at a time; what else is wished waits here, in order. Where a device is the directory says:
 * its entry is a symbolic link into its master's. Looking at links does not touch the bus.
 *
 * A common measurement (`therm_bulk_read`) has a trap: the driver keeps its result for each
 * thermometer until somebody reads it, however long that takes. A read that does not belong to
 * the measurement therefore reads twice when there has been one since, and forgets the first.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "nodes/net/poller.h"
#include "nodes/onewire/link.h"
#include "nodes/onewire/w1_job.h"

enum { BUSES = 64 };
#define MEASURING (1 * MF_SEC) /* 750 ms at 12 bits, and time to store the result */

struct config {
    const char *directory;
    int64_t timeout;
};

struct state {
    struct mf_list waiting; /* wishes whose bus is not looked up yet */
    struct mf_list buses, pollers;
    unsigned bus_count;
    struct mf_watch *watch;
    int wake; /* + 1: eventfd that the threads write to; 0: none */
    uint64_t reads, writes, checksums;
};

struct bus {
    struct mf_list in; /* of the link's */
    struct mf_link *link;
    char *name; /* "w1_bus_master1" */
    struct mf_worker *worker;
    struct mf_list waiting; /* wishes */
    struct mf_w1_job *job;  /* NULL: it has nothing to do */
    bool is_stuck;          /* the job takes longer than it may */
    int64_t deadline;       /* mono, of the job */
    struct mf_ow_wish measure;
    bool cannot_measure;
    int64_t measured_until; /* mono */
    uint64_t measured;      /* common measurements so far */
};

static void wake_loop(void *arg)
{
    uint64_t one = 1;
    int fd = (int)(intptr_t)arg;

    if (write(fd, &one, sizeof(one)) < 0)
        return; /* it is full: the loop will look */
}

/* ---- buses ---- */

/* Name of the master that the device hangs on, out of "../../../devices/w1_bus_master1/28-…".
 * False: the device is not there. */
static bool master_of(const struct mf_link *link, const struct mf_ow_device *device,
                      char ret[NAME_MAX + 1])
{
    const struct config *c = mf_link_config(link);
    char path[PATH_MAX], name[MF_OW_KERNEL_NAME], target[PATH_MAX];
    const char *end, *begin;
    ssize_t len;

    mf_ow_device_kernel_name(device, name);
    snprintf(path, sizeof(path), "%s/%s", c->directory, name);
    len = readlink(path, target, sizeof(target) - 1);
    if (len < 0)
        return false;
    target[len] = 0;
    end = strrchr(target, '/');
    if (!end)
        return false;
    begin = end;
    while (begin > target && begin[-1] != '/')
        begin--;
    snprintf(ret, NAME_MAX + 1, "%.*s", (int)(end - begin), begin);
    return true;
}

static void measured(struct mf_ow_wish *wish, const struct mf_ow_answer *answer)
{
    struct bus *bus = wish->owner;

    if (!answer || answer->code >= 0)
        return;
    bus->cannot_measure = true;
    mf_link_log(bus->link, MF_LOG_NOTICE,
                "the thermometers of %s cannot measure together: %s; each is asked for itself",
                bus->name, mf_ow_reason(answer->code));
}

static struct bus *new_bus(struct mf_link *link, const char *name)
{
    struct state *s = mf_link_state(link);
    struct bus *bus = mf_zalloc(sizeof(*bus));

    bus->link = link;
    bus->name = mf_strdup(name);
    bus->worker = mf_worker_new("mf-w1");
    mf_worker_set_wake(bus->worker, wake_loop, (void *)(intptr_t)(s->wake - 1));
    mf_list_init(&bus->waiting);
    mf_ow_wish_init(&bus->measure);
    bus->measure.type = MF_OW_WRITE;
    bus->measure.data = "trigger";
    bus->measure.done = measured;
    bus->measure.owner = bus;
    mf_list_append(&s->buses, &bus->in);
    s->bus_count++;
    return bus;
}

/* What is under way there is nobody's business any more. */
static void free_bus(struct bus *bus)
{
    if (bus->job)
        bus->job->bus = NULL;
    mf_worker_leave(bus->worker);
    ((struct state *)mf_link_state(bus->link))->bus_count--;
    mf_list_remove(&bus->in);
    mf_free(bus->name);
    mf_free(bus);
}

/* Forgets buses whose adapter was unplugged. */
static void sweep(struct mf_link *link)
{
    const struct config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);
    struct mf_list *next;

    for (struct mf_list *at = s->buses.next; at != &s->buses; at = next) {
        struct bus *bus = mf_list_entry(at, struct bus, in);
        char path[PATH_MAX];

        next = at->next;
        snprintf(path, sizeof(path), "%s/%s", c->directory, bus->name);
        if (!bus->job && mf_list_is_empty(&bus->waiting) && access(path, F_OK) < 0)
            free_bus(bus);
    }
}

/* NULL: the device is not there. */
static struct bus *bus_of(struct mf_link *link, const struct mf_ow_device *device)
{
    struct state *s = mf_link_state(link);
    char name[NAME_MAX + 1];

    if (!master_of(link, device, name))
        return NULL;
    for (struct mf_list *at = s->buses.next; at != &s->buses; at = at->next) {
        struct bus *bus = mf_list_entry(at, struct bus, in);

        if (strcmp(bus->name, name) == 0)
            return bus;
    }
    sweep(link);
    return s->bus_count < BUSES ? new_bus(link, name) : NULL;
}

static struct bus *first_bus(const struct state *s)
{
    return mf_list_is_empty(&s->buses) ? NULL : mf_list_entry(s->buses.next, struct bus, in);
}

/* ---- jobs ---- */

static void answer(struct mf_ow_wish *wish, int code, const char *text)
{
    struct mf_ow_answer answer = {.code = code, .data = text, .len = strlen(text)};

    wish->done(wish, &answer);
}

static void submit_next(struct bus *bus);

static void job_done(struct mf_worker_job *worker_job)
{
    struct mf_w1_job *job = (struct mf_w1_job *)worker_job;
    struct bus *bus = job->bus;
    struct mf_ow_wish *wish = job->wish;
    struct state *s;

    if (!bus) {
        mf_free(job);
        return;
    }
    s = mf_link_state(bus->link);
    s->checksums += job->code == MF_OW_CHECKSUM;
    bus->job = NULL;
    if (bus->is_stuck)
        mf_link_log(bus->link, MF_LOG_NOTICE, "%s answers again", bus->name);
    bus->is_stuck = false;
    if (wish)
        answer(wish, job->code, job->is_write ? "" : job->value);
    mf_free(job);
    submit_next(bus);
}

/* NULL: answered already, that cannot be done. */
static struct mf_w1_job *new_job(struct bus *bus, struct mf_ow_wish *wish)
{
    const struct config *c = mf_link_config(bus->link);
    struct mf_w1_job *job = mf_zalloc(sizeof(*job));
    const struct mf_ow_attribute *attribute;
    char name[MF_OW_KERNEL_NAME];
    struct mf_w1_why why;

    job->job.run = mf_w1_job_run;
    job->job.done = job_done;
    job->bus = bus;
    job->wish = wish;
    job->is_write = wish->type == MF_OW_WRITE;
    if (job->is_write)
        snprintf(job->value, sizeof(job->value), "%s", wish->data);
    if (wish == &bus->measure) {
        job->place = (struct mf_w1_place){.write = "therm_bulk_read", .form = MF_W1_WORD};
        snprintf(job->directory, sizeof(job->directory), "%s/%s", c->directory, bus->name);
        bus->measured++;
        return job;
    }
    attribute = mf_ow_wish_attribute(wish);
    mf_ow_device_kernel_name(&attribute->device, name);
    snprintf(job->directory, sizeof(job->directory), "%s/%s", c->directory, name);
    if (!mf_w1_find(attribute, &job->place, &why))
        job->code = MF_OW_NO_DRIVER;
    else if (job->is_write && !job->place.write)
        job->code = -65;
    else if (!job->is_write && !job->place.read && job->place.form != MF_W1_NAME)
        job->code = -60;
    else if (job->is_write && strlen(wish->data) >= sizeof(job->value))
        job->code = -61;
    if (job->code == 0) {
        job->is_twice =
            job->place.form == MF_W1_SLAVE && !wish->is_latest && wish->measured != bus->measured;
        wish->measured = bus->measured;
        return job;
    }
    answer(wish, job->code, "");
    mf_free(job);
    return NULL;
}

static void submit(struct bus *bus, struct mf_w1_job *job)
{
    const struct config *c = mf_link_config(bus->link);
    struct state *s = mf_link_state(bus->link);

    bus->job = job;
    bus->deadline = mf_link_mono(bus->link) + c->timeout;
    if (job->is_write)
        s->writes++;
    else
        s->reads++;
    mf_worker_submit(bus->worker, &job->job); /* has room: it is the only one */
}

/* When all are to wait no longer, their owner hears the code. */
static void answer_all(struct mf_list *waiting, int code)
{
    struct mf_list all;

    mf_list_init(&all);
    while (!mf_list_is_empty(waiting)) {
        struct mf_list *at = waiting->next;

        mf_list_remove(at);
        mf_list_append(&all, at);
    }
    while (!mf_list_is_empty(&all)) {
        struct mf_ow_wish *wish = mf_list_entry(all.next, struct mf_ow_wish, in);

        mf_list_remove(&wish->in);
        if (code)
            answer(wish, code, "");
        else
            wish->done(wish, NULL);
    }
}

static void submit_next(struct bus *bus)
{
    if (bus->is_stuck) {
        answer_all(&bus->waiting, MF_OW_SILENT);
        return;
    }
    while (!bus->job && !mf_list_is_empty(&bus->waiting)) {
        struct mf_ow_wish *wish = mf_list_entry(bus->waiting.next, struct mf_ow_wish, in);
        struct mf_w1_job *job;

        mf_list_remove(&wish->in);
        job = new_job(bus, wish);
        if (job)
            submit(bus, job);
    }
}

/* ---- what nodes ask ---- */

static struct bus *bus_with(const struct state *s, const struct mf_ow_wish *wish)
{
    for (struct mf_list *at = s->buses.next; at != &s->buses; at = at->next) {
        struct bus *bus = mf_list_entry(at, struct bus, in);

        if (bus->job && bus->job->wish == wish)
            return bus;
    }
    return NULL;
}

static bool want(struct mf_link *link, struct mf_ow_wish *wish)
{
    struct state *s = mf_link_state(link);

    if (!s->watch)
        return false;
    if (!mf_list_is_empty(&wish->in) || bus_with(s, wish))
        return true;
    mf_list_append(&s->waiting, &wish->in);
    mf_link_arm(link, 0);
    return true;
}

static void forget(struct mf_link *link, struct mf_ow_wish *wish)
{
    struct bus *bus = bus_with(mf_link_state(link), wish);

    mf_list_remove(&wish->in);
    if (bus)
        bus->job->wish = NULL;
}

static struct mf_list *pollers(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    return &s->pollers;
}

static int64_t measure(struct mf_link *link, const struct mf_ow_attribute *attribute)
{
    struct state *s = mf_link_state(link);
    struct bus *bus = s->watch ? bus_of(link, &attribute->device) : NULL;
    int64_t now = mf_link_mono(link);

    if (!bus || bus->cannot_measure)
        return 0;
    if (bus->measured_until <= now) {
        bus->measured_until = now + MEASURING;
        if (mf_list_is_empty(&bus->measure.in) && bus_with(s, &bus->measure) == NULL)
            mf_list_append(&bus->waiting, &bus->measure.in);
        mf_link_arm(link, 0);
    }
    return bus->measured_until;
}

static bool can_measure(struct mf_link *link, const struct mf_ow_attribute *attribute)
{
    struct bus *bus = bus_of(link, &attribute->device);

    return bus && !bus->cannot_measure;
}

/* ---- the link ---- */

/* Buses first: a thread whose bus has been left does not write to `wake` any more. */
static void end_all(struct state *s)
{
    struct bus *bus;

    mf_watch_free(s->watch);
    s->watch = NULL; /* whoever wishes anew is refused */
    while ((bus = first_bus(s))) {
        /* Nobody waits for the bus's own wish, which goes with it. */
        if (bus->job && bus->job->wish && bus->job->wish != &bus->measure)
            mf_list_append(&s->waiting, &bus->job->wish->in);
        if (bus->job)
            bus->job->wish = NULL;
        answer_all(&bus->waiting, 0);
        free_bus(bus);
    }
    answer_all(&s->waiting, 0);
    if (s->wake)
        close(s->wake - 1);
    s->wake = 0;
}

static void go_down(struct mf_link *link, int code)
{
    const struct config *c = mf_link_config(link);
    struct mf_error err = {0};

    if (code == ENOENT)
        mf_fail(&err, MF_ELINK,
                "there is no `%s`: is a driver for the bus loaded (`w1-gpio`, `ds2490` …)?",
                c->directory);
    else
        mf_fail_sys(&err, MF_ELINK, code, "cannot look into `%s`", c->directory);
    end_all(mf_link_state(link));
    mf_link_down(link, &err);
}

/* Sends each wish to its bus. False: the link is down. */
static bool dispatch(struct mf_link *link)
{
    const struct config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);
    struct mf_list absent;

    mf_list_init(&absent);
    while (!mf_list_is_empty(&s->waiting)) {
        struct mf_ow_wish *wish = mf_list_entry(s->waiting.next, struct mf_ow_wish, in);
        const struct mf_ow_attribute *attribute = mf_ow_wish_attribute(wish);
        struct bus *bus = attribute->has_device ? bus_of(link, &attribute->device) : NULL;

        mf_list_remove(&wish->in);
        mf_list_append(bus ? &bus->waiting : &absent, &wish->in);
    }
    if (!mf_list_is_empty(&absent) && access(c->directory, X_OK) < 0) {
        int code = errno;

        answer_all(&absent, 0);
        go_down(link, code);
        return false;
    }
    answer_all(&absent, s->bus_count < BUSES ? MF_OW_ABSENT : -45);
    return true;
}

static void give_up(struct bus *bus)
{
    struct mf_ow_wish *wish = bus->job->wish;

    bus->is_stuck = true;
    bus->job->wish = NULL;
    mf_link_log(bus->link, MF_LOG_WARNING,
                "%s does not answer; its devices are stale until it does, other buses go on",
                bus->name);
    if (wish)
        answer(wish, MF_OW_SILENT, "");
}

static void w1_timeout(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    int64_t now = mf_link_mono(link), next = INT64_MAX;

    if (!s->watch || !dispatch(link))
        return;
    for (struct mf_list *at = s->buses.next; at != &s->buses; at = at->next) {
        struct bus *bus = mf_list_entry(at, struct bus, in);

        if (bus->job && !bus->is_stuck && now >= bus->deadline)
            give_up(bus);
        submit_next(bus);
        if (bus->job && !bus->is_stuck && bus->deadline < next)
            next = bus->deadline;
    }
    if (!mf_list_is_empty(&s->waiting))
        mf_link_arm(link, 0);
    else if (next != INT64_MAX)
        mf_link_arm(link, next - now);
}

static void woken(struct mf_link *link, unsigned events)
{
    struct state *s = mf_link_state(link);
    uint64_t count;

    if (read(s->wake - 1, &count, sizeof(count)) < 0)
        return;
    for (struct mf_list *at = s->buses.next; at != &s->buses; at = at->next)
        mf_worker_collect(mf_list_entry(at, struct bus, in)->worker);
    mf_link_arm(link, 0);
}

static void w1_start(struct mf_link *link)
{
    const struct config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);

    if (access(c->directory, X_OK) < 0) {
        go_down(link, errno);
        return;
    }
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) + 1;
    if (!s->wake) {
        go_down(link, errno);
        return;
    }
    s->watch = mf_watch_new(link, woken);
    mf_watch_set(s->watch, s->wake - 1, MF_WATCH_READ);
    mf_link_up(link);
    mf_pollers_poll(&s->pollers);
}

static int w1_create(struct mf_link *link, struct mf_error *err)
{
    struct state *s = mf_link_state(link);

    mf_list_init(&s->waiting);
    mf_list_init(&s->buses);
    mf_list_init(&s->pollers);
    return 0;
}

static void w1_stop(struct mf_link *link)
{
    end_all(mf_link_state(link));
    mf_link_stopped(link);
}

static void w1_stats(const struct mf_link *link, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_link_state(link);

    put(arg, "reads", (double)s->reads, true);
    put(arg, "writes", (double)s->writes, true);
    put(arg, "wrong_checksums", (double)s->checksums, true);
    put(arg, "buses", (double)s->bus_count, false);
}

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"directory", MF_STRING(directory), .fallback = "/sys/bus/w1/devices", .flags = MF_OPT_PRIMARY,
     .summary = "Where the kernel lists devices and buses."},
    {"timeout", MF_DURATION(timeout), .fallback = "5s", MF_LIMITS(0.1, 60),
     .summary = "How long one read or write may take; a thermometer takes up to 0.75 s."},
    {0},
};

static const struct mf_ow_service service = {
    .want = want,
    .forget = forget,
    .pollers = pollers,
    .measure = measure,
    .can_measure = can_measure,
};

const struct mf_link_kind mf_link_kind_w1 = {
    .name = "w1",
    .summary = "The 1-wire buses of the Linux kernel.",
    .doc = "Nodes name devices and attributes as with a link of kind `owserver`, or devices as the "
           "kernel does (`28-ab8967452301`). Each bus master has a thread of its own, at most 64, "
           "and does one thing at a time; a bus that takes longer than `timeout` makes its own "
           "devices stale until it answers, and no others. A wrong checksum, and a device that "
           "cannot be read, are bad.\n"
           "\n"
           "The drivers offer less than owserver: `temperature`, `temphigh`, `templow`, "
           "`resolution`, `conv_time` and `power` of thermometers, `temperature`, `VAD`, `VDD` and "
           "`vis` of a DS2438, `PIO` and `sensed` of DS2405, DS2408 and DS2413, `PIO` of a DS2406, "
           "`latch` of a DS2408, `counters` of a DS2423. There is no search for alarms. The "
           "kernel looks for new devices itself, every ten seconds unless it was told otherwise "
           "(`w1_master_search`).",
    .example = "moat-flow: 1\n"
               "links: {bus: {w1: }}\n"
               "nodes:\n"
               "  outside: {onewire.read: 28.0123456789AB/temperature, every: 30s}\n"
               "  show: {log: info, from: outside}\n",
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .like = &mf_link_kind_owserver,
    .service = &service,
    .create = w1_create,
    .start = w1_start,
    .timeout = w1_timeout,
    .stats = w1_stats,
    .stop = w1_stop,
};
