/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A GPIO chip in memory: see fake.h. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "nodes/gpio/fake_priv.h"

enum { HISTORY_BYTES = 1 << 20, WORDS = 4 };

struct fake_line {
    struct mf_gpio_line line; /* first */
    struct mf_gpio_event events[MF_GPIO_FAKE_EVENTS];
    uint32_t seqs[MF_GPIO_FAKE_EVENTS];
    unsigned first, count;
    uint32_t seen[MF_GPIO_REQUEST]; /* sequence number of the last event taken */
};

static struct mf_list fakes = {&fakes, &fakes};

/* ---- all of them ---- */

static struct mf_gpio_fake *find_fake(const char *name)
{
    for (struct mf_list *at = fakes.next; at != &fakes; at = at->next) {
        struct mf_gpio_fake *fake = mf_list_entry(at, struct mf_gpio_fake, in);

        if (strcmp(fake->name, name) == 0)
            return fake;
    }
    return NULL;
}

static struct mf_gpio_fake *make_fake(const char *name)
{
    struct mf_gpio_fake *fake = mf_zalloc(sizeof(*fake));
    struct epoll_event event = {.events = EPOLLIN};

    fake->name = mf_strdup(name);
    fake->history.limit = HISTORY_BYTES;
    fake->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    fake->gone_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fake->poll_fd < 0 || fake->gone_fd < 0 ||
        epoll_ctl(fake->poll_fd, EPOLL_CTL_ADD, fake->gone_fd, &event) < 0)
        mf_out_of_memory();
    for (unsigned i = 0; i < MF_GPIO_FAKE_LINES; i++)
        fake->lines[i].driven = -1;
    mf_list_append(&fakes, &fake->in);
    return fake;
}

static struct mf_gpio_fake *hold(const char *name)
{
    struct mf_gpio_fake *fake = find_fake(name);

    if (!fake)
        fake = make_fake(name);
    fake->holds++;
    return fake;
}

struct mf_gpio_fake *mf_gpio_fake_hold(const char *name)
{
    struct mf_gpio_fake *fake = hold(name);

    fake->is_recorded = true;
    return fake;
}

void mf_gpio_fake_let_go(struct mf_gpio_fake *fake)
{
    if (--fake->holds)
        return;
    mf_list_remove(&fake->in);
    mf_gpio_fake_shut(fake);
    for (unsigned i = 0; i < MF_GPIO_FAKE_LINES; i++)
        mf_gpio_fake_occupy(fake, i, NULL);
    close(fake->poll_fd);
    close(fake->gone_fd);
    mf_buf_done(&fake->history);
    mf_buf_done(&fake->shown);
    mf_free(fake->name);
    mf_free(fake);
}

/* ---- what happens on a line ---- */

static int64_t now(const struct mf_gpio_fake *fake)
{
    return fake->clock.mono ? fake->clock.mono(fake->clock.of) : 0;
}

bool mf_gpio_fake_wire(const struct mf_gpio_fake *fake, unsigned line)
{
    const struct mf_gpio_wish *wish = &fake->lines[line].wish;
    bool level = fake->lines[line].output != wish->is_active_low;

    if (fake->lines[line].owner && wish->is_output &&
        !(level ? wish->drive == MF_GPIO_OPEN_DRAIN : wish->drive == MF_GPIO_OPEN_SOURCE))
        return level;
    if (fake->lines[line].driven >= 0)
        return fake->lines[line].driven;
    return fake->lines[line].owner && wish->bias == MF_GPIO_BIAS_UP;
}

static bool level_of(const struct mf_gpio_fake *fake, unsigned line)
{
    return mf_gpio_fake_wire(fake, line) != fake->lines[line].wish.is_active_low;
}

static void print_time(int64_t time, struct mf_buf *buf)
{
    mf_buf_printf(buf, " %lld.%09lld\n", (long long)(time / MF_SEC), (long long)(time % MF_SEC));
}

bool mf_gpio_fake_describe(const struct mf_gpio_fake *fake, unsigned line, struct mf_buf *buf)
{
    if (!fake->lines[line].owner)
        return false;
    mf_buf_printf(buf, "%u %s %d", line, fake->lines[line].wish.is_output ? "output" : "input",
                  mf_gpio_fake_wire(fake, line));
    print_time(now(fake), buf);
    return true;
}

static void tell(struct mf_gpio_fake *fake, struct mf_buf *take_line)
{
    if (fake->is_recorded)
        mf_buf_puts(&fake->history, mf_buf_text(take_line));
    mf_gpio_fake_tell(fake, mf_buf_text(take_line));
    mf_buf_done(take_line);
}

static void tell_request(struct mf_gpio_fake *fake, unsigned line)
{
    struct mf_buf text = {0};

    mf_gpio_fake_describe(fake, line, &text);
    tell(fake, &text);
}

static void tell_what(struct mf_gpio_fake *fake, unsigned line, const char *what)
{
    struct mf_buf text = {0};

    mf_buf_printf(&text, "%u %s", line, what);
    print_time(now(fake), &text);
    tell(fake, &text);
}

/* The row is full: the oldest goes, as in the kernel. */
static void put_event(struct fake_line *line, const struct mf_gpio_event *event, uint32_t seq)
{
    uint64_t one = 1;
    unsigned place;

    if (line->count == MF_GPIO_FAKE_EVENTS) {
        line->first = (line->first + 1) % MF_GPIO_FAKE_EVENTS;
        line->count--;
    }
    place = (line->first + line->count++) % MF_GPIO_FAKE_EVENTS;
    line->events[place] = *event;
    line->seqs[place] = seq;
    if (write(line->line.fd, &one, sizeof(one)) < 0)
        return; /* it is readable already */
}

static void note_edge(struct mf_gpio_fake *fake, unsigned line, bool is_rising, int64_t time)
{
    struct mf_gpio_event event = {.time = time, .line = (uint16_t)line, .is_rising = is_rising};
    unsigned kind = is_rising ? MF_GPIO_RISING : MF_GPIO_FALLING;

    if (fake->is_out || !fake->lines[line].owner || fake->lines[line].wish.is_output ||
        !(fake->lines[line].wish.edges & kind))
        return;
    put_event((struct fake_line *)(void *)fake->lines[line].owner, &event, ++fake->lines[line].seq);
}

void mf_gpio_fake_drive_at(struct mf_gpio_fake *fake, unsigned line, int level, int64_t time)
{
    bool before = level_of(fake, line), after;

    fake->lines[line].driven = (int8_t)level;
    after = level_of(fake, line);
    if (after != before)
        note_edge(fake, line, after, time);
}

void mf_gpio_fake_drive(struct mf_gpio_fake *fake, unsigned line, int level)
{
    mf_gpio_fake_drive_at(fake, line, level, now(fake));
}

void mf_gpio_fake_plug(struct mf_gpio_fake *fake, bool is_in)
{
    uint64_t count = 1;

    if (fake->is_out == !is_in)
        return;
    fake->is_out = !is_in;
    if (fake->is_out ? write(fake->gone_fd, &count, sizeof(count)) < 0
                     : read(fake->gone_fd, &count, sizeof(count)) < 0)
        return; /* it is as it should be already */
}

void mf_gpio_fake_mute(struct mf_gpio_fake *fake, unsigned line, bool is_mute)
{
    fake->lines[line].is_mute = is_mute;
}

bool mf_gpio_fake_occupy(struct mf_gpio_fake *fake, unsigned line, const char *consumer)
{
    if (consumer && fake->lines[line].owner)
        return false;
    mf_free(fake->lines[line].other);
    fake->lines[line].other = mf_strdup(consumer);
    return true;
}

const char *mf_gpio_fake_history(struct mf_gpio_fake *fake)
{
    struct mf_buf shown = fake->shown;

    fake->shown = fake->history;
    fake->history = shown;
    mf_buf_clear(&fake->history);
    return mf_buf_text(&fake->shown);
}

/* ---- commands ---- */

static size_t split(const char *text, size_t len, const char *words[WORDS], size_t lens[WORDS])
{
    size_t count = 0, at = 0;

    while (at < len && count < WORDS) {
        size_t end;

        while (at < len && text[at] == ' ')
            at++;
        for (end = at; end < len && text[end] != ' '; end++)
            ;
        if (end > at) {
            words[count] = text + at;
            lens[count++] = end - at;
        }
        at = end;
    }
    return count;
}

static int bad_command(struct mf_error *err)
{
    return mf_fail(err, MF_EINVAL,
                   "write `LINE 0`, `LINE 1`, `LINE free`, `LINE taken NAME`, `LINE left`, "
                   "`unplug` or `plug`; LINE is a number from 0 to %d",
                   MF_GPIO_FAKE_LINES - 1);
}

static int take_line_away(struct mf_gpio_fake *fake, unsigned line, const char *name, size_t len,
                          struct mf_error *err)
{
    char *consumer = mf_strndup(name, len);
    bool is_done = mf_gpio_fake_occupy(fake, line, consumer);

    mf_free(consumer);
    return is_done ? 0 : mf_fail(err, MF_EDENIED, "line %u is in use by moat-flow", line);
}

int mf_gpio_fake_command(struct mf_gpio_fake *fake, const char *text, size_t len,
                         struct mf_error *err)
{
    const char *words[WORDS];
    size_t lens[WORDS], count = split(text, len, words, lens);
    int64_t line;

#define IS(i, word) mf_text_eq(words[i], lens[i], word)
    if (count == 1 && (IS(0, "plug") || IS(0, "unplug"))) {
        mf_gpio_fake_plug(fake, IS(0, "plug"));
        return 0;
    }
    if (count < 2 || !mf_num_read_int(words[0], lens[0], &line) || line < 0 ||
        line >= MF_GPIO_FAKE_LINES)
        return bad_command(err);
    if (count == 3 && IS(1, "taken"))
        return take_line_away(fake, (unsigned)line, words[2], lens[2], err);
    if (count == 2 && IS(1, "left"))
        mf_gpio_fake_occupy(fake, (unsigned)line, NULL);
    else if (count == 2 && IS(1, "free"))
        mf_gpio_fake_drive(fake, (unsigned)line, -1);
    else if (count == 2 && (IS(1, "0") || IS(1, "1")))
        mf_gpio_fake_drive(fake, (unsigned)line, IS(1, "1"));
    else
        return bad_command(err);
#undef IS
    return 0;
}

/* ---- the backend ---- */

static struct mf_gpio_fake *fake_of(const struct mf_gpio_chip *chip)
{
    return chip->place->own;
}

static int fake_open(struct mf_gpio_place *place, struct mf_gpio_chip **ret, struct mf_error *err)
{
    struct mf_gpio_fake *fake = place->own;
    struct mf_gpio_chip *chip;

    if (!fake)
        fake = place->own = hold(place->text + strlen(MF_GPIO_FAKE_PREFIX));
    fake->clock = place->clock;
    if (*fake->name == '/' && !fake->ends) {
        int rc = mf_gpio_fake_listen(fake, err);

        if (rc < 0)
            return rc;
    }
    mf_gpio_fake_serve(fake);
    if (fake->is_out)
        return mf_fail(err, MF_ELINK, "the fake chip `%s` is plugged out", fake->name);
    chip = mf_zalloc(sizeof(*chip));
    chip->place = place;
    snprintf(chip->name, sizeof(chip->name), "%s", place->text);
    snprintf(chip->label, sizeof(chip->label), "%s", place->text);
    chip->line_count = MF_GPIO_FAKE_LINES;
    chip->fd = fake->poll_fd;
    *ret = chip;
    return 0;
}

static void fake_close(struct mf_gpio_chip *chip)
{
    mf_free(chip);
}

static void fake_forget(struct mf_gpio_place *place)
{
    struct mf_gpio_fake *fake = place->own;

    if (!fake)
        return;
    if (fake->clock.of == place->clock.of)
        fake->clock = (struct mf_gpio_clock){0};
    mf_gpio_fake_let_go(fake);
}

static int fake_check(struct mf_gpio_chip *chip, struct mf_error *err)
{
    struct mf_gpio_fake *fake = fake_of(chip);

    mf_gpio_fake_serve(fake);
    return fake->is_out ? mf_gpio_fail_gone(chip, err) : 0;
}

static int fake_info(struct mf_gpio_chip *chip, unsigned line, struct mf_gpio_info *ret,
                     struct mf_error *err)
{
    const struct mf_gpio_fake *fake = fake_of(chip);

    if (fake->is_out)
        return mf_gpio_fail_gone(chip, err);
    memset(ret, 0, sizeof(*ret));
    snprintf(ret->name, sizeof(ret->name), "GPIO%u", line);
    ret->is_used = fake->lines[line].owner || fake->lines[line].other;
    if (fake->lines[line].other)
        snprintf(ret->consumer, sizeof(ret->consumer), "%s", fake->lines[line].other);
    if (!fake->lines[line].owner)
        return 0;
    snprintf(ret->consumer, sizeof(ret->consumer), "%s", fake->lines[line].consumer);
    ret->is_output = fake->lines[line].wish.is_output;
    ret->is_active_low = fake->lines[line].wish.is_active_low;
    return 0;
}

static int fake_request(struct mf_gpio_chip *chip, const struct mf_gpio_wish *wish,
                        struct mf_gpio_line **ret, struct mf_error *err)
{
    struct mf_gpio_fake *fake = fake_of(chip);
    struct mf_gpio_info info;
    struct fake_line *made;

    for (unsigned i = 0; i < wish->count; i++) {
        int rc = fake_info(chip, wish->lines[i], &info, err);

        if (rc < 0)
            return rc;
        if (info.is_used)
            return mf_gpio_fail_busy(chip, wish->lines[i], &info, err);
        if (wish->edges && fake->lines[wish->lines[i]].is_mute)
            return mf_fail(err, MF_EINVAL, "line %u of %s cannot report edges: it has no interrupt",
                           wish->lines[i], chip->name);
    }
    made = mf_zalloc(sizeof(*made));
    made->line.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (made->line.fd < 0) {
        mf_free(made);
        return mf_fail_sys(err, MF_EIO, errno, "a line of %s", chip->name);
    }
    made->line.chip = chip;
    made->line.count = wish->count;
    for (unsigned i = 0; i < wish->count; i++) {
        unsigned line = made->line.lines[i] = wish->lines[i];

        fake->lines[line].owner = &made->line;
        fake->lines[line].wish = *wish;
        fake->lines[line].output = wish->levels >> i & 1;
        fake->lines[line].seq = 0;
        snprintf(fake->lines[line].consumer, sizeof(fake->lines[line].consumer), "%s",
                 wish->consumer ? wish->consumer : "");
        tell_request(fake, line);
    }
    *ret = &made->line;
    return 0;
}

static void fake_line_close(struct mf_gpio_line *line)
{
    struct mf_gpio_fake *fake = fake_of(line->chip);

    for (unsigned i = 0; i < line->count; i++) {
        fake->lines[line->lines[i]].owner = NULL;
        fake->lines[line->lines[i]].wish = (struct mf_gpio_wish){0};
        tell_what(fake, line->lines[i], "released");
    }
    close(line->fd);
    mf_free(line);
}

static int fake_get(struct mf_gpio_line *line, uint64_t *ret_levels, struct mf_error *err)
{
    const struct mf_gpio_fake *fake = fake_of(line->chip);

    if (fake->is_out)
        return mf_gpio_fail_gone(line->chip, err);
    *ret_levels = 0;
    for (unsigned i = 0; i < line->count; i++)
        *ret_levels |= (uint64_t)level_of(fake, line->lines[i]) << i;
    return 0;
}

static int fake_set(struct mf_gpio_line *line, uint64_t mask, uint64_t levels, struct mf_error *err)
{
    struct mf_gpio_fake *fake = fake_of(line->chip);

    if (fake->is_out)
        return mf_gpio_fail_gone(line->chip, err);
    for (unsigned i = 0; i < line->count; i++) {
        unsigned at = line->lines[i];

        if (!(mask >> i & 1))
            continue;
        fake->lines[at].output = levels >> i & 1;
        tell_what(fake, at, mf_gpio_fake_wire(fake, at) ? "1" : "0");
    }
    return 0;
}

static unsigned index_of(const struct mf_gpio_line *line, unsigned offset)
{
    unsigned i = 0;

    while (line->lines[i] != offset)
        i++;
    return i;
}

static int fake_read(struct mf_gpio_line *line, struct mf_gpio_event *events, unsigned max,
                     struct mf_error *err)
{
    struct fake_line *own = (struct fake_line *)(void *)line;
    unsigned count = 0;
    uint64_t ready;

    if (fake_of(line->chip)->is_out)
        return mf_gpio_fail_gone(line->chip, err);
    while (count < max && own->count) {
        struct mf_gpio_event *event = &events[count++];
        uint32_t *seen;

        *event = own->events[own->first];
        seen = &own->seen[index_of(line, event->line)];
        event->lost = own->seqs[own->first] - *seen - 1;
        *seen = own->seqs[own->first];
        own->first = (own->first + 1) % MF_GPIO_FAKE_EVENTS;
        own->count--;
    }
    if (!own->count && read(line->fd, &ready, sizeof(ready)) < 0 && errno != EAGAIN)
        return mf_fail_sys(err, MF_EIO, errno, "%s", line->chip->name);
    return (int)count;
}

const struct mf_gpio_backend mf_gpio_fake_backend = {
    .open = fake_open,
    .close = fake_close,
    .info = fake_info,
    .check = fake_check,
    .request = fake_request,
    .line_close = fake_line_close,
    .get = fake_get,
    .set = fake_set,
    .read = fake_read,
    .forget = fake_forget,
};
