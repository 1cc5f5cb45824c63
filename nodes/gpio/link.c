/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The gpio link: one chip, and the lines that nodes want of it.
 *
 * Chip and lines each have a descriptor; they are watched together through one of epoll, since
 * there may be dozens. The link is down while the chip is away. Nobody tells when it is back, nor
 * (before Linux 6.6) that it has gone: the link tries, and looks.
 */

#include "nodes/gpio/link.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"

#define LOOK_EVERY (2 * MF_SEC) /* at the chip, whether it is still there */
enum {
    READY = 16,  /* descriptors at a time */
    EVENTS = 16, /* of a line at a time */
    READS = 4,   /* in a row; others want their turn, too */
};

/* A line whose node has gone, for as long as this moment lasts. */
struct parting {
    struct mf_list in;
    struct mf_gpio_wish wish;
    struct mf_gpio_line *line;
    bool rests;
};

struct state {
    struct mf_gpio_place *place;
    struct mf_gpio_chip *chip; /* NULL: away */
    struct mf_list users, partings;
    struct mf_watch *watch;
    int poll_fd;  /* + 1; 0: none */
    bool is_gone; /* found out by a node; it is closed in a moment */
    struct mf_error why;
    unsigned lines;
    uint64_t events, lost, sets;
};

static int64_t mono_of(const void *link)
{
    return mf_link_mono(link);
}

/* ---- lines ---- */

static void watch_line(struct state *s, struct mf_gpio_user *user)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = user};

    if (user->wish.edges)
        epoll_ctl(s->poll_fd - 1, EPOLL_CTL_ADD, mf_gpio_line_fd(user->has), &event);
}

static void close_line(struct state *s, struct mf_gpio_line *line)
{
    if (line)
        s->lines--;
    mf_gpio_line_close(line);
}

static void end_parting(struct state *s, struct parting *parting)
{
    struct mf_error err = {0};

    mf_list_remove(&parting->in);
    if (parting->line && parting->rests)
        mf_gpio_set(parting->line, 1, 0, &err); /* if the chip has gone, so has the level */
    close_line(s, parting->line);
    mf_free(parting);
}

static void end_partings(struct state *s)
{
    while (!mf_list_is_empty(&s->partings))
        end_parting(s, mf_list_entry(s->partings.next, struct parting, in));
}

static bool is_same(const struct mf_gpio_wish *a, const struct mf_gpio_wish *b)
{
    return a->is_output == b->is_output && a->is_active_low == b->is_active_low &&
           a->bias == b->bias && a->drive == b->drive && a->edges == b->edges;
}

/* A line that was let go a moment ago: taken over as it is if it was requested in the same way,
 * closed if not. */
static struct mf_gpio_line *take_over(struct state *s, const struct mf_gpio_wish *wish)
{
    for (struct mf_list *at = s->partings.next; at != &s->partings; at = at->next) {
        struct parting *parting = mf_list_entry(at, struct parting, in);
        struct mf_gpio_line *line = parting->line;

        if (parting->wish.lines[0] != wish->lines[0])
            continue;
        if (is_same(&parting->wish, wish))
            parting->line = NULL;
        else
            line = NULL;
        end_parting(s, parting);
        return line;
    }
    return NULL;
}

static int request(struct mf_link *link, struct mf_gpio_user *user, struct mf_error *err)
{
    struct state *s = mf_link_state(link);
    struct mf_gpio_wish *wish = &user->wish;
    int rc = mf_gpio_find(s->chip, user->line, &wish->lines[0], err);

    wish->count = 1;
    if (rc < 0)
        return rc;
    user->has = take_over(s, wish);
    if (user->has) {
        rc = wish->is_output ? mf_gpio_set(user->has, 1, wish->levels, err) : 0;
    } else {
        rc = mf_gpio_request(s->chip, wish, &user->has, err);
        s->lines += rc == 0;
    }
    if (rc < 0)
        return rc;
    watch_line(s, user);
    return 0;
}

/* ---- the chip goes ---- */

static void lose(struct mf_link *link, const struct mf_error *err)
{
    struct state *s = mf_link_state(link);

    if (s->watch)
        mf_watch_set(s->watch, -1, 0);
    end_partings(s);
    for (struct mf_list *at = s->users.next; at != &s->users; at = at->next) {
        struct mf_gpio_user *user = mf_list_entry(at, struct mf_gpio_user, in);

        close_line(s, user->has);
        user->has = NULL;
    }
    mf_gpio_close(s->chip);
    s->chip = NULL;
    s->is_gone = false;
    if (s->poll_fd)
        close(s->poll_fd - 1);
    s->poll_fd = 0;
    for (struct mf_list *at = s->users.next, *next; at != &s->users; at = next) {
        struct mf_gpio_user *user = mf_list_entry(at, struct mf_gpio_user, in);

        next = at->next;
        if (user->ended)
            user->ended(user);
    }
    if (err)
        mf_link_down(link, err);
}

/* From within a node: the rest follows from a clean stack. */
static int note_trouble(struct mf_link *link, int rc, const struct mf_error *err)
{
    struct state *s = mf_link_state(link);

    if (rc != MF_ELINK || s->is_gone)
        return rc;
    s->is_gone = true;
    s->why = *err;
    mf_link_arm(link, 0);
    return rc;
}

/* ---- what nodes ask ---- */

int mf_gpio_join(struct mf_link *link, struct mf_gpio_user *user, struct mf_error *err)
{
    struct state *s = mf_link_state(link);
    int rc = 0;

    if (user->has)
        return 0;
    if (s->chip && !s->is_gone)
        rc = note_trouble(link, request(link, user, err), err);
    if (rc < 0 && rc != MF_ELINK) {
        close_line(s, user->has);
        user->has = NULL;
        mf_gpio_leave(link, user);
        return rc;
    }
    if (!user->in.next)
        mf_list_append(&s->users, &user->in);
    if (user->has)
        user->begun(user);
    return 0;
}

void mf_gpio_leave(struct mf_link *link, struct mf_gpio_user *user)
{
    struct state *s = mf_link_state(link);
    struct parting *parting;

    if (!user->in.next)
        return;
    mf_list_remove(&user->in);
    user->in = (struct mf_list){0};
    if (!user->has)
        return;
    if (user->wish.edges)
        epoll_ctl(s->poll_fd - 1, EPOLL_CTL_DEL, mf_gpio_line_fd(user->has), NULL);
    parting = mf_zalloc(sizeof(*parting));
    parting->wish = user->wish;
    parting->line = user->has;
    parting->rests = user->rests && user->wish.levels;
    user->has = NULL;
    mf_list_append(&s->partings, &parting->in);
    mf_link_arm(link, 0);
}

int mf_gpio_user_get(struct mf_link *link, struct mf_gpio_user *user, bool *ret,
                     struct mf_error *err)
{
    uint64_t levels = 0;
    int rc = note_trouble(link, mf_gpio_get(user->has, &levels, err), err);

    if (rc == 0)
        *ret = levels & 1;
    return rc;
}

int mf_gpio_user_set(struct mf_link *link, struct mf_gpio_user *user, bool level,
                     struct mf_error *err)
{
    struct state *s = mf_link_state(link);

    s->sets++;
    return note_trouble(link, mf_gpio_set(user->has, 1, level, err), err);
}

/* ---- what comes ---- */

static void read_line(struct mf_link *link, struct mf_gpio_user *user)
{
    struct state *s = mf_link_state(link);
    struct mf_gpio_event events[EVENTS];
    struct mf_error err = {0};
    int count = EVENTS;

    for (unsigned i = 0; i < READS && count == EVENTS && user->has; i++) {
        count = mf_gpio_read(user->has, events, EVENTS, &err);
        if (count < 0)
            note_trouble(link, count == MF_ELINK ? count : MF_ELINK, &err);
        if (count <= 0)
            return;
        s->events += (unsigned)count;
        for (int k = 0; k < count; k++)
            s->lost += events[k].lost;
        user->events(user, events, (unsigned)count);
    }
}

void mf_gpio_user_fetch(struct mf_link *link, struct mf_gpio_user *user)
{
    if (user->has && user->wish.edges)
        read_line(link, user);
}

/* False: it has gone. */
static bool look(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    struct mf_error err = {0};

    if (!s->is_gone && mf_gpio_check(s->chip, &err) < 0) {
        s->is_gone = true;
        s->why = err;
    }
    if (!s->is_gone)
        return true;
    err = s->why;
    lose(link, &err);
    return false;
}

static void ready(struct mf_link *link, unsigned events)
{
    struct state *s = mf_link_state(link);
    struct epoll_event which[READY];
    int count = epoll_wait(s->poll_fd - 1, which, READY, 0);
    bool must_look = false;

    for (int i = 0; i < count && !s->is_gone; i++) {
        if (which[i].data.ptr)
            read_line(link, which[i].data.ptr);
        else
            must_look = true;
    }
    if (must_look || s->is_gone)
        look(link);
}

static void gpio_timeout(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    end_partings(s);
    if (s->chip && look(link))
        mf_link_arm(link, LOOK_EVERY);
}

/* ---- life ---- */

static int gpio_create(struct mf_link *link, struct mf_error *err)
{
    const struct mf_gpio_link_config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);

    mf_list_init(&s->users);
    mf_list_init(&s->partings);
    s->place = mf_gpio_place_new(c->chip, (struct mf_gpio_clock){mono_of, link});
    return 0;
}

static void request_all(struct mf_link *link, bool outputs)
{
    struct state *s = mf_link_state(link);

    for (struct mf_list *at = s->users.next, *next; at != &s->users; at = next) {
        struct mf_gpio_user *user = mf_list_entry(at, struct mf_gpio_user, in);
        struct mf_error err = {0};
        int rc;

        next = at->next;
        if (user->has || user->wish.is_output != outputs || s->is_gone)
            continue;
        rc = note_trouble(link, request(link, user, &err), &err);
        if (rc == 0) {
            user->begun(user);
        } else if (rc != MF_ELINK) {
            mf_gpio_leave(link, user);
            user->failed(user, &err);
        }
    }
}

static void gpio_start(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    struct epoll_event event = {.events = EPOLLIN};
    struct mf_error err = {0};

    if (mf_gpio_open(s->place, &s->chip, &err) < 0) {
        mf_link_down(link, &err);
        return;
    }
    s->poll_fd = epoll_create1(EPOLL_CLOEXEC) + 1;
    if (!s->poll_fd ||
        epoll_ctl(s->poll_fd - 1, EPOLL_CTL_ADD, mf_gpio_chip_fd(s->chip), &event) < 0) {
        mf_fail_sys(&err, MF_EIO, errno, "the chip cannot be watched");
        lose(link, &err);
        return;
    }
    if (!s->watch)
        s->watch = mf_watch_new(link, ready);
    mf_watch_set(s->watch, s->poll_fd - 1, MF_WATCH_READ);
    /* Inputs first, so that they say how it is now before the link says that what they said holds.
     * What waits for an output is what its line is requested with. */
    request_all(link, false);
    mf_link_up(link);
    request_all(link, true);
    mf_link_arm(link, s->is_gone ? 0 : LOOK_EVERY);
}

static void gpio_stats(const struct mf_link *link, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_link_state(link);

    put(arg, "lines", s->lines, false);
    put(arg, "edges", (double)s->events, true);
    put(arg, "lost_edges", (double)s->lost, true);
    put(arg, "writes", (double)s->sets, true);
}

static void gpio_stop(struct mf_link *link)
{
    lose(link, NULL);
    mf_link_stopped(link);
}

static void gpio_destroy(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    mf_watch_free(s->watch);
    mf_gpio_place_free(s->place);
}

/* ---- options ---- */

#define MF_CONFIG struct mf_gpio_link_config
static const struct mf_option options[] = {
    {"chip", MF_STRING(chip), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Name (`gpiochip0`), path (`/dev/gpiochip0`) or label of the chip, as `gpiodetect` "
                "shows them; or a fake one."},
    {0},
};

const char *mf_gpio_link_chip(const struct mf_gpio_link_config *config)
{
    size_t dev = strlen("/dev/");

    return mf_text_starts(config->chip, "/dev/") ? config->chip + dev : config->chip;
}

static const char *gpio_leads_to(const void *config, struct mf_arena *arena)
{
    return mf_gpio_link_chip(config);
}

const struct mf_link_kind mf_link_kind_gpio = {
    .name = "gpio",
    .summary = "A GPIO chip: lines that are read and switched.",
    .doc =
        "The chip is found by its name, its path or its label. Names may change when something is "
        "plugged in; labels stay. A chip that is plugged out makes its nodes stale, and is found "
        "again by its label, by whatever name it comes back; another chip that has taken its name "
        "is not touched.\n"
        "\n"
        "Lines are requested one by one when a node needs them, from the kernel (Linux 5.10 or "
        "later) without a library. Edges carry the time at which the kernel saw them. Up to 16 of "
        "a line wait in the kernel; `lost_edges` counts those that were dropped there because "
        "more came at once.\n"
        "\n"
        "`fake:/PATH` is a chip in memory, for trying flows without one: 64 lines called GPIO0 to "
        "GPIO63, and a socket at that path that tells what happens to them and takes what happens "
        "outside. `socat - UNIX-CONNECT:/PATH` shows `27 output 1 TIME` when a line is requested, "
        "`27 0 TIME` when it is set, `27 released TIME`, and takes `17 1` and `17 0` (something "
        "drives the line), `17 free` (nothing does: it is where its bias pulls it), `5 taken NAME` "
        "and `5 left` (another program has it), `unplug` and `plug`. After connecting it tells "
        "which lines are requested, then `ready`. Times are seconds of the monotonic clock. At "
        "most 8 programs may be connected. `fake:NAME` is the same without a socket.",
    .example = "moat-flow: 1\n"
               "links:\n"
               "  header: {gpio: pinctrl-bcm2711}\n"
               "nodes:\n"
               "  dry: {sim.wave: square, every: 1min, min: 0, max: 1}\n"
               "  pump: {gpio.out: header/27, from: dry, failsafe: 0 after 5min, limit: 0..1}\n",
    .options = options,
    .config_size = sizeof(struct mf_gpio_link_config),
    .state_size = sizeof(struct state),
    .leads_to = gpio_leads_to,
    .is_implied = mf_gpio_is_chip,
    .create = gpio_create,
    .start = gpio_start,
    .timeout = gpio_timeout,
    .stats = gpio_stats,
    .stop = gpio_stop,
    .destroy = gpio_destroy,
};
