/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * GPIO lines through the kernel's character devices, uAPI version 2 (Linux 5.10 and later).
 *
 * The events of a line wait in the kernel, 16 per line; when they are not fetched in time the
 * oldest are dropped, which shows as a gap in the numbers that each event carries. Debouncing is
 * left to us: it is then the same with every chip, and a test can see it.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/text.h"
#include "nodes/gpio/line_priv.h"

enum { PATH_BYTES = 300, READ_EVENTS = 16, NAMES_BYTES = 200, GROUP_BYTES = 1024 };

static const char devices[] = "/dev", chip_prefix[] = "gpiochip";

struct kernel_line {
    struct mf_gpio_line line;       /* first */
    uint32_t seqs[MF_GPIO_REQUEST]; /* of the last event of each */
};

/* A chip that was looked at. */
struct candidate {
    int fd;
    struct gpiochip_info info;
};

/* ---- errors ---- */

/* The name of the group that may use the device; false: nobody but root. */
static bool group_of(const char *path, char *ret, size_t size)
{
    char room[GROUP_BYTES];
    struct group group, *found = NULL;
    struct stat is;

    if (stat(path, &is) < 0 || !(is.st_mode & S_IWGRP) || is.st_gid == 0 ||
        getgrgid_r(is.st_gid, &group, room, sizeof(room), &found) != 0 || !found)
        return false;
    snprintf(ret, size, "%s", found->gr_name);
    return true;
}

static int fail_open(const char *path, int sys, struct mf_error *err)
{
    char group[MF_GPIO_NAME];

    if (sys == ENOENT || sys == ENODEV || sys == ENXIO)
        return mf_fail(err, MF_ELINK, "there is no chip `%s`", path);
    if (sys != EACCES && sys != EPERM)
        return mf_fail_sys(err, MF_EIO, sys, "cannot open `%s`", path);
    if (group_of(path, group, sizeof(group)))
        return mf_fail(err, MF_EDENIED,
                       "cannot open `%s`: permission denied; is the user in group `%s`?", path,
                       group);
    return mf_fail(err, MF_EDENIED,
                   "cannot open `%s`: permission denied; only root may, until a udev rule gives "
                   "it to a group such as `gpio`",
                   path);
}

static int fail_line(struct mf_gpio_chip *chip, const struct mf_gpio_line *line, int sys,
                     struct mf_error *err)
{
    if (sys == ENODEV)
        return mf_gpio_fail_gone(chip, err);
    return mf_fail_sys(err, MF_EIO, sys, "line %u of %s", line->lines[0], chip->name);
}

/* ---- finding the chip ---- */

static int look_at(const char *path, struct candidate *ret, struct mf_error *err)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return fail_open(path, errno, err);
    memset(&ret->info, 0, sizeof(ret->info));
    if (ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &ret->info) < 0) {
        int sys = errno;

        close(fd);
        if (sys == ENODEV)
            return mf_fail(err, MF_ELINK, "the chip `%s` has gone", path);
        return mf_fail(err, MF_EINVAL, "`%s` is not a GPIO chip", path);
    }
    ret->info.name[sizeof(ret->info.name) - 1] = 0;
    ret->info.label[sizeof(ret->info.label) - 1] = 0;
    ret->fd = fd;
    return 0;
}

/* By its label, among all there are. */
static int look_for(const char *label, struct candidate *ret, struct mf_error *err)
{
    DIR *dir = opendir(devices);
    struct mf_error last = {0};
    struct mf_buf names = {.limit = NAMES_BYTES};
    unsigned found = 0;

    for (const struct dirent *at; dir && (at = readdir(dir));) {
        char path[PATH_BYTES];
        struct candidate chip;

        if (!mf_text_starts(at->d_name, chip_prefix) ||
            (size_t)snprintf(path, sizeof(path), "%s/%s", devices, at->d_name) >= sizeof(path) ||
            look_at(path, &chip, &last) < 0)
            continue;
        if (strcmp(chip.info.label, label) != 0) {
            close(chip.fd);
            continue;
        }
        mf_buf_printf(&names, "%s%s", found ? ", " : "", at->d_name);
        if (found++)
            close(chip.fd);
        else
            *ret = chip;
    }
    if (dir)
        closedir(dir);
    if (found > 1) {
        close(ret->fd);
        mf_fail(err, MF_EINVAL, "several chips have the label `%s`: %s; name one of them", label,
                mf_buf_text(&names));
    } else if (!found && last.code == MF_EDENIED) {
        *err = last;
    } else if (!found) {
        mf_fail(err, MF_ELINK, "there is no chip with the label `%s`; `gpiodetect` lists them",
                label);
    }
    mf_buf_done(&names);
    return found == 1 ? 0 : err->code;
}

static bool is_numbered(const char *text)
{
    size_t len = strlen(chip_prefix);

    return mf_text_starts(text, chip_prefix) && text[len] &&
           strspn(text + len, "0123456789") == strlen(text + len);
}

static int find_chip(const struct mf_gpio_place *place, struct candidate *ret, struct mf_error *err)
{
    char path[PATH_BYTES];
    int rc;

    if (*place->text != '/' && !is_numbered(place->text))
        return look_for(place->text, ret, err);
    snprintf(path, sizeof(path), "%s%s%s", *place->text == '/' ? "" : devices,
             *place->text == '/' ? "" : "/", place->text);
    rc = look_at(path, ret, err);
    if (!*place->label)
        return rc;
    if (rc == 0 && strcmp(ret->info.label, place->label) == 0)
        return 0;
    if (rc == 0)
        close(ret->fd);
    else if (rc != MF_ELINK)
        return rc;
    return look_for(place->label, ret, err);
}

/* Kernels before 5.10 only know the first version of the interface. */
static bool is_too_old(const struct candidate *chip)
{
    struct gpio_v2_line_info info = {.offset = 0};

    return chip->info.lines && ioctl(chip->fd, GPIO_V2_GET_LINEINFO_IOCTL, &info) < 0 &&
           (errno == EINVAL || errno == ENOTTY);
}

static int kernel_open(struct mf_gpio_place *place, struct mf_gpio_chip **ret, struct mf_error *err)
{
    struct candidate found;
    struct mf_gpio_chip *chip;
    int rc = find_chip(place, &found, err);

    if (rc < 0)
        return rc;
    if (is_too_old(&found)) {
        close(found.fd);
        return mf_fail(err, MF_EINVAL,
                       "the kernel does not know the GPIO interface that is needed: Linux 5.10 or "
                       "later has it");
    }
    chip = mf_zalloc(sizeof(*chip));
    chip->place = place;
    chip->fd = found.fd;
    chip->line_count =
        found.info.lines < MF_GPIO_CHIP_LINES ? found.info.lines : MF_GPIO_CHIP_LINES;
    snprintf(chip->name, sizeof(chip->name), "%s", found.info.name);
    snprintf(chip->label, sizeof(chip->label), "%s", found.info.label);
    *ret = chip;
    return 0;
}

static void kernel_close(struct mf_gpio_chip *chip)
{
    close(chip->fd);
    mf_free(chip);
}

static int kernel_check(struct mf_gpio_chip *chip, struct mf_error *err)
{
    struct gpiochip_info info = {0};

    return ioctl(chip->fd, GPIO_GET_CHIPINFO_IOCTL, &info) < 0 ? mf_gpio_fail_gone(chip, err) : 0;
}

static int kernel_info(struct mf_gpio_chip *chip, unsigned line, struct mf_gpio_info *ret,
                       struct mf_error *err)
{
    struct gpio_v2_line_info info = {.offset = line};

    if (ioctl(chip->fd, GPIO_V2_GET_LINEINFO_IOCTL, &info) < 0) {
        if (errno == ENODEV)
            return mf_gpio_fail_gone(chip, err);
        return mf_fail_sys(err, MF_EIO, errno, "line %u of %s", line, chip->name);
    }
    memset(ret, 0, sizeof(*ret));
    snprintf(ret->name, sizeof(ret->name), "%.31s", info.name);
    snprintf(ret->consumer, sizeof(ret->consumer), "%.31s", info.consumer);
    ret->is_used = info.flags & GPIO_V2_LINE_FLAG_USED;
    ret->is_output = info.flags & GPIO_V2_LINE_FLAG_OUTPUT;
    ret->is_active_low = info.flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW;
    return 0;
}

/* ---- requests ---- */

static uint64_t flags_of(const struct mf_gpio_wish *wish)
{
    static const uint64_t biases[] = {
        [MF_GPIO_BIAS_OFF] = GPIO_V2_LINE_FLAG_BIAS_DISABLED,
        [MF_GPIO_BIAS_UP] = GPIO_V2_LINE_FLAG_BIAS_PULL_UP,
        [MF_GPIO_BIAS_DOWN] = GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN,
    };
    static const uint64_t drives[] = {
        [MF_GPIO_OPEN_DRAIN] = GPIO_V2_LINE_FLAG_OPEN_DRAIN,
        [MF_GPIO_OPEN_SOURCE] = GPIO_V2_LINE_FLAG_OPEN_SOURCE,
    };
    uint64_t flags = biases[wish->bias];

    if (wish->is_active_low)
        flags |= GPIO_V2_LINE_FLAG_ACTIVE_LOW;
    if (wish->is_output)
        return flags | GPIO_V2_LINE_FLAG_OUTPUT | drives[wish->drive];
    flags |= GPIO_V2_LINE_FLAG_INPUT;
    if (wish->edges & MF_GPIO_RISING)
        flags |= GPIO_V2_LINE_FLAG_EDGE_RISING;
    if (wish->edges & MF_GPIO_FALLING)
        flags |= GPIO_V2_LINE_FLAG_EDGE_FALLING;
    return flags;
}

static int fail_request(struct mf_gpio_chip *chip, const struct mf_gpio_wish *wish, int sys,
                        struct mf_error *err)
{
    struct mf_gpio_info info;

    if (sys == EBUSY) {
        for (unsigned i = 0; i < wish->count; i++)
            if (kernel_info(chip, wish->lines[i], &info, NULL) == 0 && info.is_used)
                return mf_gpio_fail_busy(chip, wish->lines[i], &info, err);
        return mf_gpio_fail_busy(chip, wish->lines[0], NULL, err);
    }
    if (sys == ENODEV && kernel_check(chip, err) < 0)
        return MF_ELINK;
    if ((sys == ENODEV || sys == ENXIO) && wish->edges)
        return mf_fail(err, MF_EINVAL, "line %u of %s cannot report edges: it has no interrupt",
                       wish->lines[0], chip->name);
    if (sys == EPERM)
        return mf_fail(err, MF_EDENIED, "line %u of %s may not be used: the kernel keeps it",
                       wish->lines[0], chip->name);
    return mf_fail_sys(err, sys == EINVAL || sys == EOPNOTSUPP ? MF_EINVAL : MF_EIO, sys,
                       "line %u of %s cannot be had in this way", wish->lines[0], chip->name);
}

static int kernel_request(struct mf_gpio_chip *chip, const struct mf_gpio_wish *wish,
                          struct mf_gpio_line **ret, struct mf_error *err)
{
    struct gpio_v2_line_request request = {.num_lines = wish->count};
    struct kernel_line *made;
    int flags;

    for (unsigned i = 0; i < wish->count; i++)
        request.offsets[i] = wish->lines[i];
    snprintf(request.consumer, sizeof(request.consumer), "%s",
             wish->consumer ? wish->consumer : "moat-flow");
    request.config.flags = flags_of(wish);
    if (wish->is_output) {
        request.config.num_attrs = 1;
        request.config.attrs[0].attr.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES;
        request.config.attrs[0].attr.values = wish->levels;
        request.config.attrs[0].mask =
            wish->count == MF_GPIO_REQUEST ? UINT64_MAX : (UINT64_C(1) << wish->count) - 1;
    }
    if (ioctl(chip->fd, GPIO_V2_GET_LINE_IOCTL, &request) < 0)
        return fail_request(chip, wish, errno, err);
    flags = fcntl(request.fd, F_GETFL);
    if (flags >= 0)
        fcntl(request.fd, F_SETFL, flags | O_NONBLOCK);
    made = mf_zalloc(sizeof(*made));
    made->line.chip = chip;
    made->line.fd = request.fd;
    made->line.count = wish->count;
    memcpy(made->line.lines, wish->lines, sizeof(made->line.lines));
    *ret = &made->line;
    return 0;
}

static void kernel_line_close(struct mf_gpio_line *line)
{
    close(line->fd);
    mf_free(line);
}

static int kernel_get(struct mf_gpio_line *line, uint64_t *ret_levels, struct mf_error *err)
{
    struct gpio_v2_line_values values = {
        .mask = line->count == MF_GPIO_REQUEST ? UINT64_MAX : (UINT64_C(1) << line->count) - 1,
    };

    if (ioctl(line->fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) < 0)
        return fail_line(line->chip, line, errno, err);
    *ret_levels = values.bits;
    return 0;
}

static int kernel_set(struct mf_gpio_line *line, uint64_t mask, uint64_t levels,
                      struct mf_error *err)
{
    struct gpio_v2_line_values values = {.mask = mask, .bits = levels & mask};

    if (ioctl(line->fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &values) < 0)
        return fail_line(line->chip, line, errno, err);
    return 0;
}

/* ---- events ---- */

static uint32_t *seq_of(struct kernel_line *line, uint32_t offset)
{
    for (unsigned i = 0; i < line->line.count; i++)
        if (line->line.lines[i] == offset)
            return &line->seqs[i];
    return NULL;
}

static int kernel_read(struct mf_gpio_line *line, struct mf_gpio_event *events, unsigned max,
                       struct mf_error *err)
{
    struct gpio_v2_line_event raw[READ_EVENTS];
    unsigned count = 0;
    ssize_t got;

    if (max > READ_EVENTS)
        max = READ_EVENTS;
    do
        got = read(line->fd, raw, max * sizeof(*raw));
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got < 0)
        return fail_line(line->chip, line, errno, err);
    if (got == 0 || (size_t)got % sizeof(*raw))
        return mf_gpio_fail_gone(line->chip, err);
    for (size_t i = 0; i < (size_t)got / sizeof(*raw); i++) {
        uint32_t *seq = seq_of((struct kernel_line *)(void *)line, raw[i].offset);

        if (!seq)
            continue;
        events[count++] = (struct mf_gpio_event){
            .time = (int64_t)raw[i].timestamp_ns,
            .line = (uint16_t)raw[i].offset,
            .is_rising = raw[i].id == GPIO_V2_LINE_EVENT_RISING_EDGE,
            .lost = raw[i].line_seqno - *seq - 1,
        };
        *seq = raw[i].line_seqno;
    }
    return (int)count;
}

const struct mf_gpio_backend mf_gpio_kernel = {
    .open = kernel_open,
    .close = kernel_close,
    .info = kernel_info,
    .check = kernel_check,
    .request = kernel_request,
    .line_close = kernel_line_close,
    .get = kernel_get,
    .set = kernel_set,
    .read = kernel_read,
};
